"""Generation tasks: prompts, outputs, and the context they give to chunks."""
