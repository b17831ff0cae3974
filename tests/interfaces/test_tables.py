"""Every table fits 80 columns, and no name or id that somebody has to copy is cut in it."""

import json
import re
import shlex
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from semantic_assets.cli import main
from semantic_assets.cli.cells import add_row, show, table
from semantic_assets.emulator.server import serve_in_thread
from semantic_assets.model.wording import counted
from tests.interfaces.read_only_commands import READS

COLUMNS = 80
LONG = "a-project-with-a-rather-long-name-of-its-own"
DATASET = "minutes-of-the-board-of-the-upper-canal"
CHINESE = "閘門在暴風雨中關閉，直到風停為止的詳細說明書與操作指南第二卷.txt"
BROKEN = "a-scan-of-the-protocol-that-nobody-was-able-to-read-in-any-way.pdf"
MORE = (
    "estimate --articles 12000 --chars 1500",
    "estimate --articles 1000000 --chars 9000 --services",
    "ls --pending",
    f"ls {LONG}/{DATASET}",
    "sql 'SELECT * FROM batch_jobs'",
    "sql 'SELECT * FROM documents'",
    "sql 'SELECT chunk_id, uri, text FROM chunks'",
    "capacity",
    "quality",
    "jobs",
    "failures",
)
_LINES = re.compile(r"[│┃┏└┌├┡╇]")


def run(line: str) -> str:
    found = CliRunner().invoke(main, shlex.split(line))
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found.output


@pytest.mark.dear
def test_every_table_fits_a_terminal_and_every_id_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, background: ThreadPoolExecutor
) -> None:
    docs = tmp_path / "sources" / LONG / DATASET
    docs.mkdir(parents=True)
    (docs / CHINESE).write_text("The heron stands in the reeds. 閘門在暴風雨中關閉。")
    (docs / BROKEN).write_bytes(b"%PDF-1.4 cut off")
    server = serve_in_thread(tmp_path / "emulator", tier=1, latency_seconds=0.1)
    for name, value in {
        "SEMANTIC_ASSETS_ROOT": tmp_path / "lake",
        "SEMANTIC_ASSETS_SOURCES": tmp_path / "sources",
        "SEMANTIC_ASSETS_EMULATOR_URL": server.base_url,
        "SEMANTIC_ASSETS_DIMENSIONS": 128,
        "COLUMNS": COLUMNS,
    }.items():
        monkeypatch.setenv(name, str(value))
    run("refresh --yes")
    run(f"keys create --project {LONG} --role read")
    run(f"spend add 1.25 --note '{CHINESE} {BROKEN}'")
    run(f"generate submit --dataset {LONG}/{DATASET} -t summary-en --yes")
    [job] = [one for one in json.loads(run("jobs --json")) if one["stage"] == "COMPLETED"][:1]
    names = {"JOB": job["job_id"], "TASK": f"{LONG}/{DATASET}"}
    shown = {}
    for typed in (*READS, *MORE):
        line = typed
        for name, value in names.items():
            line = line.replace(name, value)
        shown[typed] = run(line)
        wide = [one for one in _drawn(shown[typed]) if cell_len(one) > COLUMNS]
        assert wide == [], typed
        assert "True" not in shown[typed], typed
        assert "False" not in shown[typed], typed
    server.stop()
    assert job["job_id"] in shown["jobs"]
    assert job["job_id"] in shown["status JOB"]
    for typed in ("ls", "index list", "ls --pending", "status TASK"):
        assert DATASET in shown[typed], typed
    assert BROKEN in shown["failures"]
    key = json.loads(run("keys list --json"))[0]
    assert all(one in shown["keys list"] for one in key.values() if isinstance(one, str))


def _drawn(printed: str) -> list[str]:
    return [line for line in printed.splitlines() if _LINES.search(line)]


@pytest.mark.parametrize("columns", [40, 60, 80, 140])
def test_a_row_that_does_not_fit_is_a_record(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    made = table("job_id", "stage", "remote", "is_done", "error", title="jobs of a day")
    job, remote = "01KB8D2Q4Y8ZJ0N6V5T3R1P9XM", "batches/q1w2e3r4t5y6u7i8o9p0"
    add_row(made, job, "FAILED", remote, True, "the service said no, and gave a reason for it")
    add_row(made, "01KB8D2Q4Y8ZJ0N6V5T3R1P9XN", "COMPLETED", None, False, None)
    show(made)
    shown = capsys.readouterr().out
    assert all(cell_len(line) <= columns for line in _drawn(shown))
    assert job in shown
    assert "yes" in shown
    assert "True" not in shown
    assert remote in shown
    assert shown.count("error") == 1 if columns < 100 else "error" in shown


@pytest.mark.parametrize("columns", [40, 80, 140])
def test_a_row_alone_shows_what_was_looked_for_in_vain(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    made = table("temporary_files", "manifests_of_jobs", "remote_jobs", "remote_files", "deleted")
    add_row(made, "", "", "", "", False)
    show(made)
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("temporary_files", "remote_jobs", "deleted"))


@pytest.mark.parametrize(
    ("number", "noun", "told"),
    [
        (1, "dataset", "1 dataset"),
        (0, "dataset", "0 datasets"),
        (2, "index", "2 indexes"),
        (2, "batch job", "2 batch jobs"),
        (12_000, "entry", "12,000 entries"),
        (2, "key", "2 keys"),
    ],
)
def test_one_of_a_thing_is_no_plural(number: int, noun: str, told: str) -> None:
    assert counted(number, noun) == told
