"""What is called status, list, show, check or estimate, or is a GET, changes no file of a lake.

It runs over a read-only mount, where a write fails, and over a writable lake, whose files are
compared before and after.
"""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import click
import pytest

from semantic_assets.api.functions import opened
from semantic_assets.cli import main
from semantic_assets.emulator.server import serve_in_thread
from semantic_assets.pipeline.generation_jobs.generate import generation_status
from tests.interfaces.read_only_commands import READS, WRITES

PROJECT = Path(__file__).resolve().parents[2]
_TASK = """\
model = "gemini-3.5-flash-lite"
prompt = "Sum up:\\n\\n{text}"
"""


@dataclass(frozen=True)
class Lake:
    root: Path
    environ: dict[str, str]
    names: dict[str, str]

    def snapshot(self) -> dict[str, tuple[int, str]]:
        """Each file with its time of change and its content."""
        return {
            str(path.relative_to(self.root)): (
                path.stat().st_mtime_ns,
                blake2b(path.read_bytes()).hexdigest(),
            )
            for path in sorted(self.root.rglob("*"))
            # What a server remembers of its callers is made when it starts, not by a GET.
            if path.is_file() and path.parent.name != "rest"
        }

    def asked(self, *before: str) -> dict[str, dict[str, tuple[int, str]]]:
        """Run all reads in a process of their own, behind a command that prepares it."""
        shown = subprocess.run(
            [
                *before,
                sys.executable,
                "-m",
                "tests.interfaces.read_only_commands",
                str(self.root),
                json.dumps(self.names),
            ],
            check=True,
            capture_output=True,
            text=True,
            cwd=PROJECT,
            env=os.environ | self.environ,
            timeout=180,
        )
        found: dict[str, dict[str, tuple[int, str]]] = json.loads(shown.stdout.splitlines()[-1])
        return found


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake with vectors, an index, a FAILED document, and answers of a task."""
    folder = tmp_path_factory.mktemp("reads")
    server = serve_in_thread(folder / "emulator", tier=1, latency_seconds=0.1)
    environ = {
        "SEMANTIC_ASSETS_ROOT": str(folder / "lake"),
        "SEMANTIC_ASSETS_SOURCES": str(folder / "sources"),
        "SEMANTIC_ASSETS_TASKS": str(folder / "tasks"),
        "SEMANTIC_ASSETS_EMULATOR_URL": server.base_url,
        "SEMANTIC_ASSETS_DIMENSIONS": "128",
    }
    for uri, content in (
        ("sources/acme/birds/heron.txt", "The heron stands in the reeds."),
        ("sources/acme/birds/broken.pdf", "%PDF-1.7 and no more"),
        ("sources/acme/birds/kite.txt", "The red kite circles above the ridge."),
        ("tasks/summary.toml", _TASK),
    ):
        path = folder / uri
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)

    def typed(*words: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "semantic_assets", *words],
            check=True,
            capture_output=True,
            text=True,
            cwd=PROJECT,
            env=os.environ | environ,
        ).stdout

    typed("refresh", "--yes")
    typed("generate", "submit", "--dataset", "acme/birds", "-t", "summary", "--realtime", "--yes")
    (job, *_) = json.loads(typed("jobs", "--json"))
    yield Lake(folder / "lake", environ, {"JOB": job["job_id"], "TASK": "acme/birds"})
    server.stop()


def _leaves(command: click.Command, name: str = "") -> Iterator[str]:
    if not isinstance(command, click.Group):
        yield name
        return
    for child, found in command.commands.items():
        if not found.hidden:
            yield from _leaves(found, f"{name} {child}".strip())


def test_every_command_is_known_to_read_or_to_write() -> None:
    reads = {name for name in _leaves(main) if any(f"{r} ".startswith(f"{name} ") for r in READS)}
    assert set(_leaves(main)) == reads | WRITES
    assert reads & WRITES == set()


def _can_mount() -> bool:
    probe = ["unshare", "-m", "sh", "-c", "mount --bind /mnt /mnt && mount -o remount,bind,ro /mnt"]
    try:
        return subprocess.run(probe, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def _require_answers(found: dict[str, dict[str, tuple[int, str]]]) -> None:
    wrong = {
        name: answer
        for name, answer in found["commands"].items()
        # 1: `verify` and `doctor` found something to say.
        if answer[0] not in (0, 1) or "Traceback" in answer[1] or "read-only" in answer[1]
    }
    wrong |= {name: answer for name, answer in found["routes"].items() if answer[0] >= 500}
    assert wrong == {}


def _rows(lake: Lake) -> list[str]:
    """All of the ledger, but what was spent: `verify` embeds a few texts, and that is booked."""
    with closing(sqlite3.connect(lake.root / "ledger.sqlite3")) as connection:
        return [
            line
            for line in connection.iterdump()
            if not line.startswith(('INSERT INTO "spend"', 'INSERT INTO "sqlite_sequence"'))
        ]


@pytest.mark.skipif(not _can_mount(), reason="this machine does not let us mount")
def test_every_read_answers_over_a_read_only_mount(lake: Lake) -> None:
    script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
    before = lake.snapshot()
    _require_answers(lake.asked("unshare", "-m", "sh", "-c", script, str(lake.root)))
    assert lake.snapshot() == before


def test_no_read_changes_a_file_of_a_writable_lake(lake: Lake) -> None:
    before, rows = lake.snapshot(), _rows(lake)
    _require_answers(lake.asked())
    after = lake.snapshot()
    assert before.pop("ledger.sqlite3")
    assert after.pop("ledger.sqlite3")
    assert (after, _rows(lake)) == (before, rows)


@pytest.mark.skipif(not _can_mount(), reason="this machine does not let us mount")
def test_what_writes_says_in_one_line_that_the_lake_is_read_only(lake: Lake) -> None:
    script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
    for words in (["rm", "acme/birds", "--yes"], ["advance", "--yes"], ["refresh", "--yes"]):
        command = [sys.executable, "-m", "semantic_assets", *words]
        shown = subprocess.run(
            ["unshare", "-m", "sh", "-c", script, str(lake.root), *command],
            capture_output=True,
            text=True,
            cwd=PROJECT,
            env=os.environ | lake.environ,
        )
        assert shown.returncode == 2, shown.stderr
        assert "is read-only: nothing was changed" in shown.stderr
        assert len(shown.stderr.strip().splitlines()) == 1


def test_a_table_of_answers_that_is_gone_is_not_made_by_a_status(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in lake.environ.items():
        monkeypatch.setenv(name, value)
    (table,) = lake.root.glob("generations/**/*.parquet")
    kept = table.read_bytes()
    table.unlink()
    with opened() as (store, _):
        from semantic_assets.model.keys import DatasetKey

        found = generation_status(store, DatasetKey("acme", "birds"), "summary")
    assert not table.exists()
    assert (found.ready, found.unapplied > 0, found.is_done) == (0, True, False)
    table.write_bytes(kept)
