"""A whole session of the SDK's client with a server that it has started, for docs/agents.md.

python -m tests.mcp.transcript --write
"""

import json
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mcp import Client

from tests.interfaces import generated
from tests.mcp.agent_world import World, opened_world, text_of

MODULE = "tests.mcp.transcript"
_TEXT_LINES = 24


def transcript(world: World) -> str:
    """What was asked and answered, in its order."""
    return world.by_stdio(_session, "--project", "acme")


async def _session(client: Client) -> str:
    said = [f"connected: {_named(client)}", f"instructions: {client.instructions}", ""]
    for tool in (await client.list_tools()).tools:
        said.append(f"tool {tool.name}({', '.join(tool.input_schema['properties'])})")
    first: dict[str, Any] = {}

    async def call(tool: str, **arguments: Any) -> None:
        answer = await client.call_tool(tool, arguments)
        said.extend(["", f"--> {tool} {json.dumps(arguments)}"])
        said.extend(["error:"] if answer.is_error else [])
        lines = text_of(answer).splitlines()
        said.extend(lines[:_TEXT_LINES])
        said.extend([f"({len(lines) - _TEXT_LINES} more lines)"] * (len(lines) > _TEXT_LINES))
        for hit in (answer.structured_content or {}).get("hits", ())[:1]:
            first.update(hit)

    await call("list_datasets")
    await call("search", question="At what temperature is the pump P-17 stopped?", k=1)
    await call("search", question="P-17", mode="words", where={"year": {">=": 2020}})
    await call("read_passage", dataset=first["dataset"], chunk_id=first["chunk_id"], around=100)
    await call("search", question="When is the valve of the boiler tested?", k=1)
    await call("read_document", dataset=first["dataset"], document_id=first["document_id"])
    await call("search", question="the plan", datasets=["other"])
    await call("estimate")
    return "\n".join(said)


def _named(client: Client) -> str:
    assert client.server_info is not None
    return f"{client.server_info.title}, version {client.server_info.version}"


def _fenced(text: str) -> str:
    return f"```text\n{text}\n```"


def settled(page: str) -> str:
    """A page without the numbers that a better ranking changes."""
    return re.sub(r"score .+", "score N", page)


def written(page: str, world: World) -> str:
    return generated.written(page, MODULE, lambda: _fenced(transcript(world)))


def _made() -> Iterator[World]:
    with (
        TemporaryDirectory() as folder,
        ThreadPoolExecutor() as background,
        opened_world(Path(folder), background) as world,
    ):
        yield world


if __name__ == "__main__":
    for made in _made():
        generated.rewrite("agents.md", sys.argv[1:], lambda page, made=made: written(page, made))
