"""A person reads one line: what, where, what was not lost, and the command."""

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from semantic_assets.cli import main
from tests.trial import Trial


def run(*arguments: str) -> tuple[int, str]:
    found = CliRunner().invoke(main, arguments)
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found.exit_code, found.stderr.strip()


def require_one_line(said: str, *words: str) -> None:
    assert said.startswith("error: ")
    assert len(said.splitlines()) == 1
    for word in words:
        assert word in said


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system; skipped where none can be mounted."""
    place = tmp_path / "full"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_loses_nothing_and_is_one_line(
    full_disk: Path, trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEMANTIC_ASSETS_EMULATOR_URL", trial.url)
    monkeypatch.setenv("SEMANTIC_ASSETS_SOURCES", str(trial.settings.sources))
    monkeypatch.setenv("SEMANTIC_ASSETS_DIMENSIONS", "128")
    root = str(full_disk / "lake")
    assert run("init", "--root", root)[0] == 0
    refresh = ["refresh", "--root", root, "--wait-minutes", "0", "-y"]
    trial.write("acme/manuals/a.txt", "A valve is opened by hand.")
    assert run(*refresh)[0] == 4
    filler = full_disk / "filler"
    with pytest.raises(OSError, match="No space"):
        filler.write_bytes(bytes(8 << 20))
    trial.write("acme/manuals/b.txt", "A pump is primed before its first start.")
    code, said = run(*refresh)
    assert code in (1, 2)
    require_one_line(said)
    assert run("status", "--root", root)[0] == 0  # what reads needs no room
    filler.unlink()
    assert run(*refresh)[0] == 4
    assert trial.sent().total() == 2


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        for command in (
            ["serve", "--root", str(tmp_path)],
            ["emulator", "--state-dir", str(tmp_path)],
        ):
            code, said = run(*command, "--port", port)
            assert code == 2
            require_one_line(said, port)


def test_a_ledger_that_stays_locked_is_one_line(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semantic_assets.system.sqlite._PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr("semantic_assets.ledger.database.on_sqlite._PATIENCE_SECONDS", 0.1)
    ledger = trial.settings.root / "ledger.sqlite3"
    with closing(sqlite3.connect(ledger, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        code, said = run("advance", "--root", str(trial.settings.root), "-y")
    assert code in (1, 2)
    require_one_line(said, "locked")


def test_a_reader_that_has_read_enough_gets_no_traceback(trial: Trial) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    environment = os.environ | {"SEMANTIC_ASSETS_SOURCES": str(trial.settings.sources)}
    command = [
        sys.executable,
        "-m",
        "semantic_assets",
        "status",
        "--root",
        str(trial.settings.root),
    ]
    found = subprocess.run(
        command, stdout=writer, stderr=subprocess.PIPE, text=True, env=environment, timeout=60
    )
    os.close(writer)
    assert "Traceback" not in found.stderr
    assert found.stderr.strip() == ""
