"""The MCP server: it reads arguments, calls one function and writes the answer. It decides nothing."""
