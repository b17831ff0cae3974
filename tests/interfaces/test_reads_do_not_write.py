"""What is called status, list, show, check or estimate, or is a GET, changes no file of a lake.

It runs over a read-only mount, where a write fails, and over a writable lake, whose files are
compared before and after. `status NAME` and `results NAME` follow what is out, in a lake that may be
written: here nothing is (tests/pipeline/generation_jobs/test_follow.py).
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from semantic_assets.api.functions import opened
from semantic_assets.cli import main
from semantic_assets.emulator.server import serve_in_thread
from semantic_assets.errors import ConfigError
from semantic_assets.ledger.ledger import open_ledger
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.generation_jobs.generate import generation_status
from semantic_assets.pipeline.reports.status import status
from semantic_assets.system.sqlite import connect_reading
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
            if path.is_file()
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

    def typed(*words: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "semantic_assets", *words],
            check=False,
            capture_output=True,
            text=True,
            cwd=PROJECT,
            env=os.environ | environ,
        )
        assert done.returncode == code, done.stderr
        return done.stdout

    typed("refresh", "--yes", code=1)  # broken.pdf is not read
    typed("generate", "submit", "acme/birds", "-t", "summary", "--realtime", "--yes", code=1)
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


@pytest.mark.skipif(not _can_mount(), reason="this machine does not let us mount")
def test_every_read_answers_over_a_read_only_mount(lake: Lake) -> None:
    script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
    before = lake.snapshot()
    _require_answers(lake.asked("unshare", "-m", "sh", "-c", script, str(lake.root)))
    assert lake.snapshot() == before


def test_no_read_changes_a_file_of_a_writable_lake(lake: Lake) -> None:
    before = lake.snapshot()
    _require_answers(lake.asked())
    assert lake.snapshot() == before


@pytest.mark.skipif(not _can_mount(), reason="this machine does not let us mount")
def test_what_writes_says_in_one_line_that_the_lake_is_read_only(lake: Lake) -> None:
    script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
    for words in (["rm", "acme/birds", "--yes"], ["collect"], ["refresh", "--yes"]):
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
        found = generation_status(store, DatasetKey("acme", "birds"), "summary")
    assert not table.exists()
    assert (found.ready, found.unapplied > 0, found.is_done) == (0, True, False)
    table.write_bytes(kept)


def test_advance_makes_a_table_of_answers_that_is_gone(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in lake.environ.items():
        monkeypatch.setenv(name, value)
    (table,) = lake.root.glob("generations/**/*.parquet")
    table.unlink()
    with opened() as (store, gemini):
        advance(store, gemini)
        found = generation_status(store, DatasetKey("acme", "birds"), "summary")
    assert table.exists()
    assert (found.ready, found.unapplied, found.is_done) == (2, 0, True)


@pytest.mark.parametrize(
    "typed", ["status", "jobs", "ls", "estimate", "search x", "index list", "keys list", "doctor"]
)
def test_a_lake_that_is_not_there_is_not_made_by_a_read(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, typed: str
) -> None:
    for name, value in lake.environ.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(main, [*typed.split(), "--root", str(tmp_path / "nowhere")])
    assert result.exit_code == 2, result.output
    assert "nowhere: `semantic-assets init --root" in result.output.replace("did you mean", "")
    assert list(tmp_path.iterdir()) == []


def test_key_indexes_that_are_gone_are_read_from_the_results_and_not_made(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in lake.environ.items():
        monkeypatch.setenv(name, value)
    for path in lake.root.glob("keys/*"):
        path.unlink()
    with opened(reading=True) as (store, gemini):
        assert status(store, scope_id=gemini.scope_id).bill.pending_texts == 0
    assert list(lake.root.glob("keys/*")) == []


def test_through_a_lake_opened_for_reading_nothing_can_be_written(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in lake.environ.items():
        monkeypatch.setenv(name, value)
    before = lake.snapshot()
    with opened(reading=True) as (store, _):
        for write in (
            lambda: store.lake.write_text("x", "y"),
            lambda: store.lake.delete("ledger_id"),
            lambda: store.lake.delete_tree("chunks"),
            lambda: store.lake.publish_tree("chunks"),
            lambda: store.ledger.register_beside("other"),
            lambda: store.ledger.leases.acquire("plan"),
        ):
            with pytest.raises(ConfigError, match="opened for reading"):
                write()
    assert lake.snapshot() == before


def test_a_log_that_a_killed_writer_left_is_read_and_left(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    writes = "import os, sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
    writes += "c.execute('PRAGMA journal_mode=WAL')\nc.execute('CREATE TABLE t (n)')\nos._exit(0)"
    subprocess.run([sys.executable, "-c", writes, str(path)], check=True)
    files = (path, path.with_name("a.sqlite3-wal"))
    before = [file.read_bytes() for file in files]
    with closing(connect_reading(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("t",)]
    assert [file.read_bytes() for file in files] == before


def test_an_older_ledger_is_not_brought_up_to_date_by_a_read(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    ledger = open_ledger(url, create=True)
    with ledger.database.write() as connection:
        connection.exec_driver_sql("UPDATE meta SET value = '3' WHERE name = 'schema_version'")
    ledger.close()
    before = (tmp_path / "ledger.sqlite3").read_bytes()
    with pytest.raises(ConfigError, match="run `semantic-assets init` once"):
        open_ledger(url, create=False, reading=True)
    assert (tmp_path / "ledger.sqlite3").read_bytes() == before
