"""MCP over standard input and output: a real process, of which each line of output is checked."""

import json
import os
import subprocess
from typing import Any

from tests.mcp.agent_world import PROJECT, World


def _lines(world: World, *messages: dict[str, Any], words: tuple[str, ...] = ()) -> Any:
    """What a server has written when it was sent these messages, and then nothing more."""
    sent = "".join(json.dumps({"jsonrpc": "2.0", **one}) + "\n" for one in messages)
    done = subprocess.run(
        [*world.command("mcp", *words)],
        input=sent,
        env=os.environ | world.environ,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done


_BEGIN: tuple[dict[str, Any], ...] = (
    {
        "id": 0,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    },
    {"method": "notifications/initialized"},
)
