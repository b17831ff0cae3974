"""ingest: what was handed over is a source of its dataset, durable when the call returned."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from semantic_assets.errors import ConfigError, DatasetRemoved, NotFound
from semantic_assets.intake.inbox import Inbox
from semantic_assets.intake.names import checked_name
from semantic_assets.model.document import Document
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.discovery.dataset_removal import remove
from semantic_assets.pipeline.documents.ingest import Ingestion
from semantic_assets.pipeline.search.search import search
from tests.trial import Trial

NOTES = DatasetKey("acme", "notes")


def _put(trial: Trial, *documents: Document, overwrite: bool = False) -> list[tuple[str, str]]:
    with Ingestion(trial.store, NOTES) as ingestion:
        put = ingestion.put(documents, overwrite=overwrite)
    return [(done.name, done.status or f"error: {done.error}") for done in put]


def _texts(trial: Trial) -> dict[str, str]:
    rows = trial.store.lake.read("documents/project=acme/dataset=notes/shard=00000.parquet")
    return dict(zip(rows["document_id"].to_pylist(), rows["text"].to_pylist(), strict=True))


def _hits(trial: Trial, question: str) -> list[tuple[str, str]]:
    found = search(trial.store, trial.gemini, question, datasets=[NOTES], k=3)
    return [(hit.uri, hit.text) for hit in found]


def test_a_text_is_found_under_its_own_name_and_has_the_id_it_was_told(trial: Trial) -> None:
    with Ingestion(trial.store, NOTES) as ingestion:
        (put,) = ingestion.put([Document(text="The heron stands in the reeds.", name="heron")])
    trial.refresh()
    assert list(_texts(trial)) == [put.document_id]
    assert _hits(trial, "The heron stands in the reeds.") == [
        ("acme/notes/_ingested/heron", "The heron stands in the reeds.")
    ]


def test_small_texts_share_a_segment_and_keep_their_title_and_metadata(trial: Trial) -> None:
    documents = [
        Document(text=f"Text {n}.", name=f"n{n}", title=f"T{n}", metadata={"author": "Ada"})
        for n in range(50)
    ]
    _put(trial, *documents)
    files = [path.name for path in (trial.settings.sources / "acme/notes/_ingested").iterdir()]
    assert files == ["00000.segment.jsonl"]
    trial.refresh()
    rows = trial.store.lake.read("documents/project=acme/dataset=notes/shard=00000.parquet")
    assert rows["title"].to_pylist() == [f"T{n}" for n in range(50)]
    assert rows["metadata"].to_pylist()[7] == [("author", "Ada")]


def test_the_same_again_changes_nothing_and_other_content_needs_consent(trial: Trial) -> None:
    first = Document(text="One.", name="a")
    assert _put(trial, first) == [("a", "uploaded")]
    assert _put(trial, first) == [("a", "unchanged")]
    ((_, refused),) = _put(trial, Document(text="Two.", name="a"))
    assert "overwrite" in refused
    assert _put(trial, Document(text="Two.", name="a"), overwrite=True) == [("a", "replaced")]


def test_a_replaced_document_keeps_its_id_and_only_its_text_is_sent(trial: Trial) -> None:
    _put(trial, *(Document(text=f"Number {n}.", name=f"n{n}") for n in range(20)))
    trial.refresh()
    before = _texts(trial)
    _put(trial, Document(text="Number seven, anew.", name="n7"), overwrite=True)
    sent = trial.refresh().advanced.submitted_texts
    after = _texts(trial)
    assert sent == 1
    assert before.keys() == after.keys()
    assert sum(before[key] != after[key] for key in after) == 1
    assert not trial.paid_twice()


def test_appending_reads_only_what_is_new(trial: Trial) -> None:
    _put(trial, Document(text="First.", name="a"))
    trial.refresh()
    _put(trial, Document(text="Second.", name="b"))
    assert trial.refresh().advanced.submitted_texts == 1
    assert sorted(_texts(trial).values()) == ["First.", "Second."]


def test_what_was_taken_out_leaves_tables_and_search_also_the_last(trial: Trial) -> None:
    _put(trial, Document(text="The heron.", name="a"), Document(text="The crane.", name="b"))
    trial.refresh()
    for name in ("a", "b"):
        with Ingestion(trial.store, NOTES) as ingestion:
            ingestion.remove(name)
    report = trial.refresh()
    assert report.discovery.missing == {}
    assert _texts(trial) == {}
    assert _hits(trial, "heron") == []
    with Ingestion(trial.store, NOTES) as ingestion, pytest.raises(NotFound):
        ingestion.remove("a")


def test_files_are_kept_as_they_are_and_records_are_documents(trial: Trial, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<html><title>Tides</title><body><p>High water at noon.</p></body></html>")
    lines = "".join(json.dumps({"id": f"r{n}", "text": f"Record {n}."}) + "\n" for n in range(3))
    put = _put(trial, Document(page), Document(data=lines.encode(), name="many.jsonl"))
    assert put == [("page.html", "uploaded"), ("many.jsonl", "uploaded")]
    trial.refresh()
    assert sorted(_texts(trial).values()) == [
        "High water at noon.",
        "Record 0.",
        "Record 1.",
        "Record 2.",
    ]
    assert page.exists()


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (Document(data=b"", name="empty.txt"), "file is empty"),
        (Document(text="  \n ", name="blank"), "no text"),
        (Document(data=b"%PDF-1.7 broken", name="broken.pdf"), "PDF"),
        (Document(data=b"x", name="picture.bmp"), "no reader"),
        (Document(text="x", name="../up.txt"), "slash"),
        (Document(text="x", name=".hidden"), "dot"),
        (Document(text="x", name="a\u202etxt.exe"), "invisible"),
        (Document(text="x", name="00000.segment.jsonl"), "segment"),
        (Document(text="x", name="sheet.csv"), ".txt or .md"),
        (Document(text="x", name="n", metadata={"text": "y"}), "metadata"),
        (Document(data=b"<p>x</p>", name="a.html", title="T"), "title"),
        (Document("/no/such/file.txt"), "/no/such/file.txt"),
    ],
)
def test_what_cannot_be_taken_is_refused_by_name_and_the_others_are_stored(
    trial: Trial, document: Document, reason: str
) -> None:
    (_, refused), (_, stored) = _put(trial, document, Document(text="Fine.", name="fine"))
    assert refused.startswith("error: ")
    assert reason in refused
    assert stored == "uploaded"
    with Ingestion(trial.store, NOTES) as ingestion:
        assert [held.name for held in ingestion.held()] == ["fine"]


@pytest.mark.parametrize("given", [{}, {"text": "x", "data": b"y", "name": "n"}, {"text": "x"}])
def test_a_document_has_one_content_and_a_name(given: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Document(**given)  # type: ignore[arg-type]


def test_two_of_one_name_in_a_call_are_told_apart(trial: Trial) -> None:
    (_, first), (_, second) = _put(
        trial, Document(text="One.", name="a"), Document(text="Two.", name="a")
    )
    assert (first, "other content" in second) == ("uploaded", True)


def test_a_removed_dataset_takes_nothing_in_until_it_is_brought_back(trial: Trial) -> None:
    _put(trial, Document(text="One.", name="a"))
    trial.refresh()
    remove(trial.store, NOTES, dry_run=False)
    with pytest.raises(DatasetRemoved, match="refresh -d acme/notes"):
        Ingestion(trial.store, NOTES)


def test_a_catalogue_that_was_lost_is_made_again_from_the_segments(trial: Trial) -> None:
    _put(trial, *(Document(text=f"Number {n}.", name=f"n{n}") for n in range(5)))
    for path in (trial.settings.root / "intake").iterdir():
        path.unlink()
    assert _put(trial, Document(text="Number 3.", name="n3")) == [("n3", "unchanged")]


def test_a_line_that_a_crash_cut_off_is_dropped_and_what_follows_is_whole(trial: Trial) -> None:
    _put(trial, Document(text="One.", name="a"))
    segment = trial.settings.sources / "acme/notes/_ingested/00000.segment.jsonl"
    with segment.open("ab") as file:
        file.write(b'{"id":"b","title":"b","te')
    assert _put(trial, Document(text="Three.", name="c")) == [("c", "uploaded")]
    trial.refresh()
    assert sorted(_texts(trial).values()) == ["One.", "Three."]


def test_segments_are_closed_at_their_size(tmp_path: Path, trial: Trial) -> None:
    _put(trial, *(Document(text=f"{n} " + "x" * 700_000, name=f"n{n}") for n in range(12)))
    sizes = [
        path.stat().st_size for path in (trial.settings.sources / "acme/notes/_ingested").iterdir()
    ]
    assert len(sizes) == 3
    assert max(sizes) <= 4 << 20


def test_names_are_composed_so_that_one_name_is_one_document() -> None:
    assert checked_name("re\u0301sume\u0301.txt") == "r\u00e9sum\u00e9.txt"


_KILLED = """
    import os, sys
    from pathlib import Path
    from semantic_assets.intake.inbox import Inbox, Text
    from semantic_assets.model.keys import DatasetKey

    sources, lake = Path(sys.argv[1]), Path(sys.argv[2])
    with Inbox(sources, lake, DatasetKey("acme", "notes")) as box:
        for number in range(10_000):
            text = Text(name=f"n{number}", title=None, text=f"Number {number}.", metadata={})
            box.put_texts([text], overwrite=False)
            os.write(1, f"{number}\\n".encode())
"""


def test_what_a_call_returned_for_survives_kill_9(tmp_path: Path) -> None:
    command = [sys.executable, "-c", textwrap.dedent(_KILLED), tmp_path / "s", tmp_path / "l"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert child.stdout is not None
    told = [child.stdout.readline() for _ in range(200)]
    os.kill(child.pid, signal.SIGKILL)
    told += child.stdout.readlines()
    child.wait()
    child.stdout.close()
    with Inbox(tmp_path / "s", tmp_path / "l", NOTES) as box:
        held = {one.name for one in box.held()}
    assert {f"n{int(line)}" for line in told if line.endswith(b"\n")} <= held


def test_several_processes_put_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    script = textwrap.dedent(_KILLED).replace("10_000", "100").replace('f"n{number}"', "name")
    script = script.replace("text = Text", 'name = f"{os.getpid()}-{number}"; text = Text')
    command = [sys.executable, "-c", script, tmp_path / "s", tmp_path / "l"]
    children = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(4)]
    assert [child.wait() for child in children] == [0, 0, 0, 0]
    with Inbox(tmp_path / "s", tmp_path / "l", NOTES) as box:
        assert len(box.held()) == 400
    lines = (tmp_path / "s/acme/notes/_ingested/00000.segment.jsonl").read_bytes().split(b"\n")
    assert len({json.loads(line)["id"] for line in lines if line}) == 400
