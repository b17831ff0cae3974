"""How many files are read, in part or not, by kind; told in one line and not counted twice."""

from dataclasses import replace
from pathlib import Path

import pytest

from semantic_assets.model.document import Document
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.costs.estimate_sources import estimate_sources
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.documents import file_counts as module
from semantic_assets.pipeline.documents.file_counts import FileCounts, file_counts
from semantic_assets.pipeline.documents.ingest import Ingestion
from semantic_assets.pipeline.documents.read import read_documents
from semantic_assets.store import Store

MANUALS = DatasetKey("acme", "manuals")


@pytest.fixture
def folder(store: Store) -> Path:
    found = store.settings.sources / "acme/manuals"
    found.mkdir(parents=True)
    (found / "a.txt").write_text("One two three.")
    (found / "table.csv").write_text("id,text\n1,Alpha\n2\n")
    (found / "broken.pdf").write_text("no pdf")
    for number in range(3):
        (found / f"{number}.zzz").write_text("x")
    (found / "noending").write_text("x")
    return found


def _read(store: Store) -> FileCounts:
    discover(store)
    read_documents(store, ShardKey(MANUALS, 0))
    return file_counts(store)


def test_files_are_counted_by_what_was_read_of_them(store: Store, folder: Path) -> None:
    found = _read(store)
    assert found == FileCounts(
        files=7, read=2, in_part=1, not_read={".zzz": 3, ".pdf": 1, "without an ending": 1}
    )
    assert found.told == (
        "2 of 7 files are read, 1 of them in part; 3 .zzz, 1 .pdf, 1 without an ending are not: "
        "`semantic-assets failures`"
    )
    assert file_counts(store, [DatasetKey("acme", "other")]) == FileCounts()


def test_new_files_are_counted_before_they_are_read(store: Store, folder: Path) -> None:
    discover(store)
    found = file_counts(store)
    assert (found.files, found.read, found.unread) == (7, 0, 3)
    assert found.not_read == {".zzz": 3, "without an ending": 1}
    quote = estimate_sources(store)
    assert quote.files.startswith("0 of 7 files are read; 3 .zzz, 1 without an ending are not")
    assert quote.unread_bytes == 33  # what no reader takes is not quoted


def test_a_picture_waits_for_a_task_and_is_no_failure(store: Store, folder: Path) -> None:
    (folder / "p.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert _read(store).told.startswith("2 of 8 files are read, 1 of them in part; ")
    assert "; 1 without a text wait for a task" in file_counts(store).told


def test_each_document_that_was_handed_over_counts_as_a_file(store: Store) -> None:
    with Ingestion(store, MANUALS) as ingestion:
        ingestion.put([Document(text=f"Text {name}.", name=name) for name in ("one", "two")])
    assert _read(store) == FileCounts(files=2, read=2)


def test_a_table_is_read_once_while_it_is_the_same(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _read(store)
    monkeypatch.setattr(module.Lake, "read", None)
    assert file_counts(store) == before


def test_many_kinds_are_told_in_one_line() -> None:
    found = FileCounts(files=9, read=2, not_read={f".{kind}": 1 for kind in "abcdefg"})
    assert found.told == (
        "2 of 9 files are read; 1 .a, 1 .b, 1 .c, 1 .d, 3 others are not: `semantic-assets failures`"
    )
    assert replace(found, not_read={}, read=9).told == "9 of 9 files are read"
