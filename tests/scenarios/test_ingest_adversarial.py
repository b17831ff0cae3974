"""ingest, attacked: kills between two writes, others at the same names, edited segments."""

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from semantic_assets.errors import Conflict, DatasetRemoved
from semantic_assets.intake import segments
from semantic_assets.intake.inbox import Inbox, Text, catalogue_file
from semantic_assets.model.batch_job import JobState
from semantic_assets.model.document import Document
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.batch_jobs.job_status import job_results
from semantic_assets.pipeline.discovery.dataset_removal import remove
from semantic_assets.pipeline.documents.document_list import document_list, remove_document
from semantic_assets.pipeline.documents.ingest import Ingestion, clear_incoming
from tests.trial import Trial

NOTES = DatasetKey("acme", "notes")


def _put(trial: Trial, *documents: Document, overwrite: bool = False) -> list[tuple[str, str]]:
    with Ingestion(trial.store, NOTES) as ingestion:
        put = ingestion.put(documents, overwrite=overwrite)
    return [(done.name, done.status or f"error: {done.error}") for done in put]


def _note(name: str, text: str) -> Text:
    return Text(name=name, title=name, text=text, metadata={})


def _segment(trial: Trial) -> Path:
    return trial.settings.sources / "acme/notes/_ingested/00000.segment.jsonl"


def _in_segments(folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.segment.jsonl")):
        rows = [json.loads(line) for line in path.read_bytes().splitlines() if line.strip()]
        found |= {row["id"]: row["text"] for row in rows}
    return found


def test_a_kill_between_a_segment_and_its_catalogue_leaves_no_false_unchanged(
    trial: Trial,
) -> None:
    _put(trial, Document(text="One.", name="a"))
    # What a process did that was killed before its catalogue was written: the size is the same.
    segments.rewrite(_segment(trial), {"a": _note("a", "Two.").line()})
    assert _put(trial, Document(text="One.", name="a"), overwrite=True) == [("a", "replaced")]
    assert _in_segments(_segment(trial).parent) == {"a": "One."}


def test_a_kill_beside_an_open_inbox_is_seen_by_it(trial: Trial) -> None:
    long = "x" * (3 << 20)
    with Inbox(
        trial.settings.sources, trial.store.lake.path(catalogue_file(NOTES)), NOTES
    ) as inbox:
        inbox.put_texts([_note("a", "One." + long), _note("b", long)], overwrite=False)
        inbox.put_texts([_note("c", "Three.")], overwrite=False)
        segments.rewrite(_segment(trial), {"a": _note("a", "Two." + long).line()})
        (put,) = inbox.put_texts([_note("a", "One." + long)], overwrite=True)
    assert put.status == "replaced"
    assert _in_segments(_segment(trial).parent)["a"] == "One." + long


@pytest.mark.parametrize("lost_end", [True, False])
def test_a_segment_that_was_edited_keeps_its_documents(trial: Trial, lost_end: bool) -> None:
    _put(trial, Document(text="One.", name="a"), Document(text="Two.", name="b"))
    written = _segment(trial).read_bytes()
    edited = written.rstrip(b"\n") if lost_end else written.replace(b"\n", b"\n\n\n", 1)
    _segment(trial).write_bytes(edited)
    _put(trial, Document(text="Three.", name="c"))
    assert set(_in_segments(_segment(trial).parent)) == {"a", "b", "c"}


def test_a_line_that_is_being_written_is_no_document(trial: Trial) -> None:
    _put(trial, Document(text="One.", name="a"))
    with _segment(trial).open("ab") as file:
        file.write(b'{"id":"b","title":"b","te')
    trial.refresh()
    assert [row.name for row in document_list(trial.store, NOTES, limit=9)] == ["a"]
    _put(trial, Document(text="Two.", name="b"))
    trial.refresh()
    assert [row.status for row in document_list(trial.store, NOTES, limit=9)] == ["ok", "ok"]


def test_the_last_file_goes_while_the_first_text_comes(tmp_path: Path) -> None:
    for number in range(40):
        dataset = DatasetKey("acme", f"d{number}")
        with Inbox(tmp_path, tmp_path / "lake", dataset) as one:
            page = one.incoming()
            page.write_text("<p>The well is dry.</p>")
            one.put_file("a.html", page, overwrite=False)
            thread = threading.Thread(target=one.remove, args=("a.html",))
            thread.start()
            time.sleep((number % 10) * 0.0005)
            with Inbox(tmp_path, tmp_path / "lake", dataset) as other:
                other.put_texts([_note("a", "One.")], overwrite=False)
            thread.join()
        assert _in_segments(tmp_path / f"acme/d{number}/_ingested") == {"a": "One."}


_OF_ONE_LAKE = """
import sys
from pathlib import Path
from semantic_assets.intake.inbox import Inbox, catalogue_file, Text
from semantic_assets.model.batch_job import JobState
from semantic_assets.model.keys import DatasetKey
sources, lake = map(Path, sys.argv[1:])
for number in range(100):
    with Inbox(sources, lake, DatasetKey("acme", "notes")) as inbox:
        name = f"{lake.name}{number}"
        text = Text(name=name, title=name, text=name * 50, metadata={})
        assert inbox.put_texts([text], overwrite=False)[0].status == "uploaded"
"""


def test_two_lakes_over_the_same_sources_lose_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _OF_ONE_LAKE, str(tmp_path / "sources")]
    lakes = [subprocess.Popen([*command, str(tmp_path / name)]) for name in ("x", "y")]
    assert [process.wait(timeout=120) for process in lakes] == [0, 0]
    assert len(_in_segments(tmp_path / "sources/acme/notes/_ingested")) == 200


def test_what_is_no_text_or_too_long_stops_no_other(trial: Trial) -> None:
    long = 'The "bell".\n' * 5_000_000
    put = _put(
        trial,
        Document(text="One.", name="a"),
        Document(text="Two.", name="b", title="\ud800"),
        Document(text=long, name="c"),
    )
    assert [status[:6] for _, status in put] == ["upload", "error:", "error:"]
    assert "64 MB" in put[2][1]


def test_a_document_is_taken_out_by_the_id_it_was_told_before_it_is_read(trial: Trial) -> None:
    with Ingestion(trial.store, NOTES) as ingestion:
        (put,) = ingestion.put([Document(text="One.", name="naïve")])
    assert put.document_id is not None
    assert remove_document(trial.store, NOTES, put.document_id) == "naïve"


def test_an_open_inbox_sees_that_its_dataset_was_removed(trial: Trial) -> None:
    with Ingestion(trial.store, NOTES) as ingestion:
        ingestion.put([Document(text="One.", name="a")])
        trial.refresh()
        remove(trial.store, NOTES, dry_run=False)
        with pytest.raises(DatasetRemoved, match="refresh -d"):
            ingestion.put([Document(text="Two.", name="b")])


def test_a_job_of_which_every_text_failed_has_no_vectors(trial: Trial) -> None:
    trial.write("acme/notes/a.txt", "The well is dry.")
    trial.arm("error-lines", times=None, fraction=1.0)
    trial.refresh()
    jobs = trial.store.ledger.jobs.recent(9)
    collected = [job.job_id for job in jobs if job.state == JobState.COLLECTED]
    assert collected
    for job in collected:
        with pytest.raises(Conflict, match="brought nothing: 1 of 1 texts were not answered"):
            job_results(trial.store, job)


_HALF_FILLED = """
import os, signal, sys
from pathlib import Path
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.documents.ingest import Ingestion
from semantic_assets.settings.settings import Settings
from semantic_assets.store import open_store
sources, lake = sys.argv[1:]
settings = Settings.load(root=Path(lake), environ={"SEMANTIC_ASSETS_SOURCES": sources})
with open_store(settings) as store, Ingestion(store, DatasetKey("acme", "notes")) as ingestion:
    with ingestion.room() as path:
        path.write_bytes(b"half a page")
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("by", ["start", "upload"])
def test_what_a_killed_upload_left_is_cleared_and_a_running_one_kept(trial: Trial, by: str) -> None:
    folders = [str(trial.settings.sources), str(trial.settings.root)]
    killed = subprocess.run([sys.executable, "-c", _HALF_FILLED, *folders], check=False)
    assert killed.returncode == -signal.SIGKILL
    incoming = trial.settings.sources / "acme/notes/_ingested/.incoming"
    [left] = incoming.iterdir()
    if by == "start":
        clear_incoming(trial.store)
        assert not left.exists()
    with Ingestion(trial.store, NOTES) as ingestion, ingestion.room() as running:
        running.write_bytes(b"half a page")
        if by == "start":
            clear_incoming(trial.store)
        else:
            _put(trial, Document(data=b"<p>The well is dry.</p>", name="a.html"))
        assert list(incoming.iterdir()) == [running]
    assert left != running
