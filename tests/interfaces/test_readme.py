"""Every block of the README runs; settings and commands are documented where it sends the reader."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from semantic_assets.cli import main
from semantic_assets.settings.settings import known_variables
from tests.interfaces.warm_command import warm_command
from tests.thrift import one_authority

PROJECT = Path(__file__).resolve().parents[2]
README = (PROJECT / "README.md").read_text()
SETTINGS = (PROJECT / "docs" / "settings.md").read_text()
#: What is written by hand: below it every command is listed by the code.
COMMANDS = (PROJECT / "docs" / "cli.md").read_text().partition("<!-- begin: generated -->")[0]
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)
#: Running the suite inside the suite would never end; it is running now.
NOT_AGAIN = "make test"


@pytest.fixture
def binaries(tmp_path: Path) -> Iterator[Path]:
    """A folder with `semantic-assets`; what `make demo` calls is the installed one."""
    with warm_command(tmp_path) as command:
        yield command.parent


def _environ(tmp_path: Path, binaries: Path) -> dict[str, str]:
    return {
        "PATH": f"{binaries}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONWARNINGS": "ignore",
        **one_authority(),
        "SEMANTIC_ASSETS_ROOT": str(tmp_path / "lake"),
        # A copy: one block takes documents in, and this checkout is not to keep them.
        "SEMANTIC_ASSETS_SOURCES": str(tmp_path / "sources"),
        "SEMANTIC_ASSETS_EMULATOR_LATENCY_SECONDS": "0.5",
    }


def _run(command: list[str], environ: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=PROJECT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.dear
def test_every_block_runs_in_order(tmp_path: Path, binaries: Path) -> None:
    environ = _environ(tmp_path, binaries)
    shutil.copytree(PROJECT / "data" / "sources", tmp_path / "sources")
    ran = 0
    for language, text in BLOCKS:
        if language == "python":
            assert "PENDING" not in _run([sys.executable, "-c", text], environ)
            ran += 1
        for line in text.strip().split("\n") if language == "bash" else ():
            if line.split("#")[0].strip() != NOT_AGAIN:
                _run(["bash", "-c", line], environ)
                ran += 1
    assert ran >= 9


def test_the_two_commands_come_first() -> None:
    language, text = BLOCKS[0]
    assert language == "bash"
    assert [line.split("#")[0].strip() for line in text.strip().split("\n")] == [
        "make demo",
        "make test",
    ]


@pytest.mark.parametrize("name", sorted(n for n, c in main.commands.items() if not c.hidden))
def test_every_command_is_documented_and_has_help(name: str) -> None:
    command = main.commands[name]
    assert isinstance(command, click.Command)
    assert command.help
    assert re.search(rf"(`|semantic-assets ){name}\b", COMMANDS)


@pytest.mark.parametrize("variable", [*sorted(known_variables()), "GEMINI_API_KEY"])
def test_every_setting_is_documented_in_both_places(variable: str) -> None:
    assert f"`{variable}`" in SETTINGS
    assert variable in (PROJECT / ".env.example").read_text()


def test_it_is_short_enough_to_be_read() -> None:
    assert len(README.splitlines()) <= 150
