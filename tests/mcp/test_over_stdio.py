"""MCP over standard input and output: a real process, of which each line of output is checked."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from mcp import Client

from tests.mcp.agent_world import PROJECT, World, failed, found

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


def _call(number: int, tool: str, **arguments: Any) -> dict[str, Any]:
    return {
        "id": number,
        "method": "tools/call",
        "params": {"name": tool, "arguments": arguments},
    }


def test_nothing_but_the_protocol_is_on_standard_output(world: World, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "semantic_assets", "--log-level", "debug", "mcp"]
    log = tmp_path / "log.txt"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [*command, "--root", str(world.root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=os.environ | world.environ,
            cwd=PROJECT,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        calls = [_call(1, "search", question="pump"), _call(2, "estimate"), _call(3, "none")]
        for message in (*_BEGIN, *calls):
            process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        process.stdin.flush()
        answers = [json.loads(process.stdout.readline()) for _ in range(4)]
        # What is printed meanwhile, by libraries and child processes too, goes with the errors.
        assert Path(f"/proc/{process.pid}/fd/1").readlink() == log
        assert Path(f"/proc/{process.pid}/fd/0").readlink() == Path(os.devnull)
        process.stdin.close()
        assert process.stdout.read() == ""
    assert process.returncode == 0
    assert {one["id"] for one in answers} == {0, 1, 2, 3}
    assert all(one["jsonrpc"] == "2.0" and "result" in one for one in answers)
    assert "Traceback" not in log.read_text()


def test_a_client_of_the_sdk_works_over_a_process_that_it_starts(
    world: World, tmp_path: Path
) -> None:
    async def work(client: Client) -> Any:
        hits = found(await client.call_tool("search", {"question": "When is P-17 stopped?"}))
        named = {name: hits["hits"][0][name] for name in ("dataset", "chunk_id")}
        passage = found(await client.call_tool("read_passage", named))
        other = await client.call_tool("search", {"question": "plan", "datasets": ["other"]})
        return passage["text"], failed(other), found(await client.call_tool("list_datasets", {}))

    before, log = world.snapshot(), tmp_path / "log.txt"
    text, refused, listed = world.by_stdio(work, "--project", "acme", log=log)
    assert "80 degrees" in text
    assert "project other is not read here" in refused
    assert [one["dataset"] for one in listed["datasets"]] == ["acme/docs", "acme/logs"]
    assert log.read_text() == ""
    assert world.snapshot() == before


def test_a_lake_that_is_not_there_is_told_and_not_made(world: World, tmp_path: Path) -> None:
    nowhere = World(tmp_path / "nowhere", world.environ)
    nowhere.root.mkdir()  # at a root that is not there the server does not start

    async def work(client: Client) -> Any:
        searched = await client.call_tool("search", {"question": "anything"})
        return failed(searched), found(await client.call_tool("list_datasets", {}))

    said, listed = nowhere.by_stdio(work)
    assert "run `semantic-assets refresh`" in said
    assert listed == {"datasets": [], "total": 0}
    assert list(nowhere.root.iterdir()) == []
