"""The children that read: warm, replaced, ended with their parent, the same wherever it runs."""

import io
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from semantic_assets.model.statuses import ParseStatus
from semantic_assets.parsing import readers
from semantic_assets.parsing.records import Columns, KnownRecord, SourceRecord
from semantic_assets.sandbox.isolated import read_records
from semantic_assets.sandbox.pool import MAX_CHILDREN, POOL
from tests.hostile.conftest import ReadApart, ends_within
from tests.hostile.files import many_attributes
from tests.parsing.conftest import _make_pdf
from tests.parsing.hostile import Hostile, hostile_files

_LINES = [{"id": str(n), "text": f"{n} {'water ' * 2_000}"} for n in range(400)]
_PAGE = b"<html><p>The valve closes.</p></html>"


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """Some 5 MB of records: several batches."""
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in _LINES))
    return path


@pytest.mark.sample(6)
@pytest.mark.parametrize("file", hostile_files(), ids=lambda file: file.name)
def test_a_child_gives_what_the_readers_give(tmp_path: Path, file: Hostile):
    path = tmp_path / "file"
    path.write_bytes(file.content)
    with path.open("rb") as stream:
        here = list(readers.read_records(file.name, stream, columns=Columns()))
        apart = list(read_records(file.name, stream, columns=Columns()))
    assert apart == here


def test_skips_known_signatures_and_columns_reach_the_child(lines: Path):
    columns = Columns(record_id="text", text="id")
    with lines.open("rb") as stream:
        here = list(readers.read_records("a.jsonl", stream, columns=columns))
        marks = {record.signature for record in here[10:20]}
        apart = list(read_records("a.jsonl", stream, columns=columns, skip=5, known=marks))
    assert apart[:5] == here[5:10]
    assert apart[5:15] == [KnownRecord(record.signature) for record in here[10:20]]
    assert apart[15:] == here[20:]


def test_a_file_without_a_reader_needs_no_child():
    [record] = read_records("a.exe", io.BytesIO(_PAGE), columns=Columns())
    assert isinstance(record, SourceRecord)
    assert record.parse_status == ParseStatus.FAILED
    assert POOL.pids() == []


def test_a_child_serves_one_file_after_another(read_apart: ReadApart, tmp_path: Path):
    for number in range(5):
        path = tmp_path / f"{number}.html"
        path.write_bytes(_PAGE)
        assert len(read_apart(path)) == 1
    assert len(POOL.pids()) == 1


def test_a_caller_that_stops_early_leaves_the_child_fit_for_the_next(lines: Path, read_apart):
    with lines.open("rb") as stream:
        records = read_records(lines.name, stream, columns=Columns())
        assert next(records).record_id == "0"
        records.close()
    assert len(POOL.pids()) == 1
    assert [record.record_id for record in read_apart(lines)] == [line["id"] for line in _LINES]


def test_a_child_ended_from_outside_is_replaced_and_no_record_lost(lines: Path):
    with lines.open("rb") as stream:
        records = read_records(lines.name, stream, columns=Columns())
        found = [next(records)]
        [child] = _children(os.getpid())
        os.kill(child, signal.SIGKILL)
        found += records
    assert [record.record_id for record in found] == [line["id"] for line in _LINES]


def test_a_file_whose_children_are_all_ended_is_a_failed_record(lines: Path):
    with lines.open("rb") as stream:
        records = read_records(lines.name, stream, columns=Columns())
        last = None
        for record in _killing_its_children(records):
            last = record
    assert last.parse_error.startswith("its reader was ended twice from outside")


def _killing_its_children(records: Iterator[SourceRecord]) -> Iterator[SourceRecord]:
    for record in records:
        for child in _children(os.getpid()):
            os.kill(child, signal.SIGKILL)
        yield record


def test_threads_read_pdfs_at_once(tmp_path: Path, read_apart: ReadApart):
    paths = [tmp_path / f"{number}.pdf" for number in range(3 * MAX_CHILDREN)]
    for number, path in enumerate(paths):
        path.write_bytes(_make_pdf([[f"page {number}"]]))
    with ThreadPoolExecutor(len(paths)) as threads:
        found = list(threads.map(read_apart, paths))
    assert [record.text for [record] in found] == [f"page {n}" for n in range(len(paths))]
    assert len(POOL.pids()) <= MAX_CHILDREN


def test_a_forked_process_starts_children_of_its_own(tmp_path: Path, read_apart: ReadApart):
    path = tmp_path / "a.html"
    path.write_bytes(_PAGE)
    first = read_apart(path)
    fork = os.fork()
    if not fork:
        same = len(POOL.pids()) == 0 and read_apart(path) == first
        POOL.close()
        os._exit(0 if same else 1)
    assert os.waitpid(fork, 0)[1] == 0
    assert (read_apart(path), len(POOL.pids())) == (first, 1)


#: A script as people write them, and cells of a notebook are: nothing guards its main.
_SCRIPT = """
import os, sys
from semantic_assets.parsing.records import Columns
from semantic_assets.sandbox.isolated import read_records
print("begins", flush=True)
with open(sys.argv[1], "rb") as stream:
    print(len(list(read_records(sys.argv[1], stream, columns=Columns()))), flush=True)
"""


def test_the_main_module_of_a_script_runs_once(tmp_path: Path):
    script, page = tmp_path / "script.py", tmp_path / "a.html"
    script.write_text(_SCRIPT)
    page.write_bytes(_PAGE)
    shown = subprocess.run(
        [sys.executable, script, page], capture_output=True, text=True, check=True
    )
    assert (shown.stdout.split(), shown.stderr) == (["begins", "1"], "")


def test_a_killed_parent_leaves_no_child_behind(tmp_path: Path):
    script, page = tmp_path / "script.py", tmp_path / "a.html"
    script.write_text(_SCRIPT)
    page.write_bytes(many_attributes(500_000))
    with subprocess.Popen([sys.executable, script, page], stdout=subprocess.PIPE) as parent:
        assert parent.stdout.readline() == b"begins\n"
        child = _first_child(parent.pid)
        parent.kill()
        assert ends_within(child, 5)


def test_a_child_may_write_no_file_and_leaves_no_core(tmp_path: Path, read_apart: ReadApart):
    path = tmp_path / "a.html"
    path.write_bytes(_PAGE)
    read_apart(path)
    [child] = _children(os.getpid())
    assert resource.prlimit(child, resource.RLIMIT_FSIZE) == (0, 0)
    assert resource.prlimit(child, resource.RLIMIT_CORE) == (0, 0)


def _children(pid: int) -> list[int]:
    found = [
        int(number)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for number in (task / "children").read_text().split()
    ]
    return [child for child in found if b"sandbox.child" in _command(child)]


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def _first_child(pid: int) -> int:
    while not (found := _children(pid)):
        os.sched_yield()
    return found[0]


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="Linux shows it")
def test_a_child_knows_no_key_of_the_settings(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GEMINI_API_KEY", "a-key-that-no-reader-needs")
    POOL.close()
    list(read_records("a.html", io.BytesIO(_PAGE), columns=Columns()))
    [child] = POOL.pids()
    assert b"a-key-that-no-reader-needs" not in Path(f"/proc/{child}/environ").read_bytes()


def test_children_of_a_server_stand_back_for_its_searches(lines: Path, read_apart: ReadApart):
    POOL.niceness = 10
    try:
        read_apart(lines)
        (pid,) = POOL.pids()
        assert os.getpriority(os.PRIO_PROCESS, pid) >= 10
    finally:
        POOL.niceness = 0
