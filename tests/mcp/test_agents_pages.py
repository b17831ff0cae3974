"""AGENTS.md and docs/agents.md: what they show runs, and was run."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from semantic_assets.mcp.tools import TOOLS
from tests.factories import BLANK
from tests.interfaces.warm_command import warm_command
from tests.mcp.agent_world import PROJECT, World
from tests.mcp.transcript import settled, written
from tests.thrift import one_authority

GUIDE = (PROJECT / "AGENTS.md").read_text()
PAGE = (PROJECT / "docs" / "agents.md").read_text()
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)


@pytest.fixture
def binaries(tmp_path: Path) -> Iterator[Path]:
    with warm_command(tmp_path) as command:
        yield command.parent


def test_it_is_read_at_a_glance() -> None:
    assert len(GUIDE.splitlines()) <= 60


@pytest.mark.dear
def test_every_command_for_agents_runs(tmp_path: Path, binaries: Path) -> None:
    shutil.copytree(PROJECT / "data" / "sources", tmp_path / "sources")
    environ = {
        "PATH": f"{binaries}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONWARNINGS": "ignore",
        **BLANK,
        **one_authority(),
        "SEMANTIC_ASSETS_ROOT": str(tmp_path / "lake"),
        "SEMANTIC_ASSETS_SOURCES": str(tmp_path / "sources"),
        "SEMANTIC_ASSETS_EMULATOR_LATENCY_SECONDS": "0.2",
    }
    ran = 0
    for language, text in _BLOCK.findall(GUIDE):
        commands = (
            [[sys.executable, "-c", text]]
            if language == "python"
            else [["bash", "-c", line] for line in text.strip().split("\n")]
        )
        for command in commands:
            done = subprocess.run(
                command, cwd=PROJECT, env=environ, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
            assert done.stdout
            ran += 1
    assert ran == 10


def test_each_tool_is_in_both_pages() -> None:
    for name in TOOLS:
        assert f"`{name}`" in GUIDE
        assert f"| `{name}` |" in PAGE


def test_the_session_of_the_page_is_one_that_was_held(world: World) -> None:
    # Else: python -m tests.mcp.transcript --write
    assert settled(written(PAGE, world)) == settled(PAGE)
