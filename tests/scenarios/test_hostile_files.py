"""A shard of everything that can be wrong with a file: all of it is accounted for, nothing stops."""

import json
import os
import re
import time
from pathlib import Path

import pytest

from semantic_assets.lake import layout
from semantic_assets.pipeline.chunks.chunk_shard import chunk_documents
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.documents.read import read_documents
from semantic_assets.store import Store
from tests.parsing.conftest import _make_pdf
from tests.parsing.hostile import hostile_files

_SENTENCE = "The pump sends water number {} to the cooling system of the hall. "


@pytest.fixture
def folder(store: Store) -> Path:
    path = store.settings.sources / "acme/hostile"
    path.mkdir(parents=True)
    return path


def _prepare(store: Store) -> tuple[list[dict], list[dict]]:
    """Discover, read and cut; return all rows of `documents` and of `chunks`."""
    discover(store)
    documents: list[dict] = []
    chunks: list[dict] = []
    for shard in store.ledger.sources.shards():
        read_documents(store, shard.key)
        chunk_documents(store, shard.key)
        documents += store.lake.read(layout.documents(shard.key)).to_pylist()
        chunks += store.lake.read(layout.chunks(shard.key)).to_pylist()
    return documents, chunks


def _rows_of(documents: list[dict], name: str) -> list[dict]:
    return [row for row in documents if row["uri"] == f"acme/hostile/{name}"]


def test_every_hostile_file_is_accounted_for_beside_good_ones(store: Store, folder: Path) -> None:
    files = hostile_files()
    for file in files:
        (folder / file.name).write_bytes(file.content)
    (folder / "zz-good.txt").write_text("A good file that is read after all of them.")
    documents, chunks = _prepare(store)
    assert len(documents) == sum(file.ok + file.failed for file in files) + 1
    for file in files:
        rows = _rows_of(documents, file.name)
        reasons = [row["parse_error"] for row in rows if row["parse_status"] == "failed"]
        assert (len(rows) - len(reasons), len(reasons)) == (file.ok, file.failed), file.name
        assert all(re.search(file.reason, reason) for reason in reasons)
    ok = {row["document_id"] for row in documents if row["parse_status"] == "ok"}
    assert {row["document_id"] for row in chunks} == ok


def test_a_line_of_20_mb_is_read_and_cut_whole(store: Store, folder: Path) -> None:
    text = "".join(_SENTENCE.format(number) for number in range(300_000))[: 20 << 20].rstrip()
    (folder / "line.txt").write_text(text)
    started = time.process_time()
    [document], chunks = _prepare(store)
    assert document["text"] == text
    assert len(chunks) > 20_000
    position = 0
    for chunk in chunks:
        assert not text[position : chunk["start_char"]].strip()
        position = chunk["end_char"]
    assert position == len(text)
    assert time.process_time() - started < 60


def test_a_pdf_of_2000_pages_is_cut_with_the_page_of_each_chunk(store: Store, folder: Path) -> None:
    pages = [[f"Page {n}"] + [_SENTENCE.format(n)] * 8 for n in range(1, 2001)]
    (folder / "book.pdf").write_bytes(_make_pdf(pages, title="Book"))
    [document], chunks = _prepare(store)
    assert (document["title"], len(document["pages"])) == ("Book", 2000)
    starts = document["pages"]
    # "Page 2" and its like are the pages' own numbers, which are left out.
    assert all(
        document["text"].startswith(_SENTENCE.format(n + 1).strip(), start)
        for n, start in enumerate(starts[1:], 1)
    )
    assert {chunk["page"] for chunk in chunks} <= set(range(1, 2001))
    assert chunks[-1]["page"] > 1980


def test_a_record_of_100_000_columns_keeps_them(store: Store, folder: Path) -> None:
    row = {"text": "The text.", **{f"key{number}": number for number in range(100_000)}}
    (folder / "keys.json").write_text(json.dumps(row))
    [document], chunks = _prepare(store)
    assert len(document["metadata"]) == 100_000
    assert len(chunks) == 1


def test_what_the_disk_does_to_a_file_is_a_row(store: Store, folder: Path) -> None:
    (folder / "nowhere.txt").symlink_to("gone.txt")
    (folder / "endless.csv").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.jsonl")
    (folder / os.fsdecode(b"caf\xe9.txt")).write_text("Named in Latin-1.")
    (folder / "removed.pdf").write_text("soon gone")
    (folder / "good.txt").write_text("A good file beside them.")
    assert not discover(store).skipped
    (folder / "removed.pdf").unlink()
    [shard] = store.ledger.sources.shards()
    read_documents(store, shard.key)
    rows = store.lake.read(layout.documents(shard.key)).to_pylist()
    found = {Path(row["uri"]).name: row["parse_error"] or row["text"] for row in rows}
    reasons = {
        "nowhere.txt": "link leads nowhere",
        "endless.csv": "link leads out of the source folder",
        "pipe.jsonl": "it is no file but",
        "removed.pdf": "file was removed after it was listed",
        "good.txt": "A good file beside them.",
        r"caf\xe9.txt": "Named in Latin-1.",
    }
    assert found.keys() == reasons.keys()
    assert all(found[name].startswith(reason) for name, reason in reasons.items())


@pytest.mark.parametrize("place", ["acme/hostile/a.txt", "acme/hostile/sub/a.txt", "acme/linked"])
def test_a_link_out_of_the_source_folder_is_refused(
    store: Store, folder: Path, tmp_path: Path, place: str
) -> None:
    private, link = tmp_path / "private", store.settings.sources / place
    private.mkdir()
    (private / "a.txt").write_text("root:x:0:0")
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(private if place == "acme/linked" else private / "a.txt")
    (folder / "good.txt").write_text("A good file beside it.")
    (folder / "inner.txt").symlink_to("good.txt")
    documents, chunks = _prepare(store)
    found = {row["uri"]: row["parse_error"] or row["text"] for row in documents}
    refused = found.pop(place if place.endswith(".txt") else f"{place}/a.txt")
    assert refused.startswith("link leads out of the source folder: put the file itself here")
    assert set(found.values()) == {"A good file beside it."}
    assert not any("root:x" in str(row) for row in [*documents, *chunks])


def test_a_linked_source_folder_is_read(store: Store, folder: Path, tmp_path: Path) -> None:
    (folder / "good.txt").write_text("A good file.")
    store.settings.sources.rename(tmp_path / "elsewhere")
    store.settings.sources.symlink_to(tmp_path / "elsewhere")
    [document], _ = _prepare(store)
    assert document["text"] == "A good file."


def test_rings_of_links_stop_nothing_and_are_reported(store: Store, folder: Path) -> None:
    (folder / "good.txt").write_text("A good file beside them.")
    (folder / "ring.md").symlink_to("ring.md")
    (folder / "loop").symlink_to(folder)
    assert discover(store).troubles == []
    documents, _ = _prepare(store)
    [ring] = _rows_of(documents, "ring.md")
    assert ring["parse_error"].startswith("link leads back to itself")
    [loop] = _rows_of(documents, "loop")
    assert loop["parse_error"].startswith("it is a link to a folder")
    assert len(documents) == 3
