"""Serve MCP over standard input and output, for one client that started this process."""

import anyio
from mcp.server.stdio import stdio_server

from semantic_assets.api.core import Root
from semantic_assets.api.semantic_core import SemanticCore
from semantic_assets.mcp.server import make_server
from semantic_assets.mcp.visitor import Visitor


def serve_stdio(root: Root, *, project: str | None) -> None:
    """Serve until the client closes standard input.

    Standard output is the protocol's alone: meanwhile the SDK turns whatever else is printed, by
    child processes too, to standard error.

    Args:
        project: all that may be read; None: every project.
    """
    visitor = Visitor(project)
    with SemanticCore(root) as core:
        core.require_settings()
        server = make_server(core, lambda _: visitor)

        async def serve() -> None:
            async with stdio_server() as (reading, writing):
                await server.run(reading, writing, server.create_initialization_options())

        anyio.run(serve)
