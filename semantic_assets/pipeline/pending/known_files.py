"""Tables that are as they were when they were last read, told by their stamps: none is opened.

A note is of one stamp and one fingerprint. A file that was replaced, cut off or altered has another
stamp, one whose inputs changed another fingerprint in the ledger: for both there is no note, and
the file is read.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.errors import BrokenFile
from semantic_assets.lake import layout
from semantic_assets.lake.table_rows import fingerprint_of
from semantic_assets.ledger.lake_files.file_notes import FileNote
from semantic_assets.ledger.lake_files.table_fingerprints import TableRecord
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.statuses import ParseStatus, RowStatus
from semantic_assets.pipeline.pending.broken_files import require_readable
from semantic_assets.pipeline.pending.pending import WAITING
from semantic_assets.store import Store

Counts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class KnownTable:
    """A table that is in place and as it was, and what it holds."""

    record: TableRecord
    counts: Counts

    @property
    def fingerprint(self) -> str:
        return self.record.fingerprint


def known_tables(store: Store, paths: Collection[str]) -> dict[str, KnownTable]:
    """Map those of these tables that are as they were when they were noted to what they hold."""
    wanted = frozenset(paths)
    records, notes = store.ledger.files.records(wanted), store.ledger.notes.find(wanted)
    same = {
        path
        for path, note in notes.items()
        if path in records and records[path].fingerprint == note.fingerprint
    }
    stamps = store.lake.stamps(same)
    return {
        path: KnownTable(records[path], notes[path].counts)
        for path, stamp in stamps.items()
        if notes[path].stamp == stamp
    }


def require_touched_readable(store: Store, paths: Collection[str]) -> None:
    """Read the tables that have another stamp than they were noted with, and the same fingerprint.

    Such a file was copied, or altered where it is: only its pages tell.

    Raises:
        BrokenFile: a page is not as it was written.
    """
    wanted = frozenset(paths)
    records, notes = store.ledger.files.records(wanted), store.ledger.notes.find(wanted)
    for path, stamp in store.lake.stamps(notes.keys() & records.keys()).items():
        note = notes[path]
        if note.stamp != stamp and note.fingerprint == records[path].fingerprint:
            require_readable(store, path)


def note_tables(store: Store, paths: Collection[str]) -> None:
    """Note what these tables hold, for all that are as the ledger has them; in one transaction."""
    left = frozenset(paths) - (known_tables(store, paths).keys() if paths else set())
    records = store.ledger.files.records(left) if left else {}
    notes = (_note(store, record) for record in records.values())
    store.ledger.notes.record([note for note in notes if note is not None])


def _note(store: Store, record: TableRecord) -> FileNote | None:
    """Return the note of a table; None: it is being replaced, or is not what the ledger has."""
    path = record.path
    before = store.lake.stamps([path])
    try:
        fingerprint, counts = _COUNTED[path.partition("/")[0]](store, path)
    except (BrokenFile, FileNotFoundError):
        return None  # whoever needs it makes it again
    if fingerprint != record.fingerprint or store.lake.stamps([path]) != before or not before:
        return None
    return FileNote(path, before[path], fingerprint, counts)


def _documents(store: Store, path: str) -> tuple[str, Counts]:
    rows, fingerprint = store.lake.read_marked(path, ["parse_status"])
    failed = pc.sum(pc.equal(rows["parse_status"], ParseStatus.FAILED)).as_py()
    return fingerprint, {"rows": rows.num_rows, "failed": failed or 0}


def _chunks(store: Store, path: str) -> tuple[str, Counts]:
    with store.lake.open(path) as file:
        rows = file.read(["text_hash", "token_estimate"], use_threads=False)
        waiting = (file.metadata.metadata or {}).get(WAITING.encode(), b"0")
        fingerprint = fingerprint_of(file)
    return fingerprint, {
        "rows": rows.num_rows,
        "distinct": pc.count_distinct(rows["text_hash"]).as_py(),
        "tokens": pc.sum(rows["token_estimate"]).as_py() or 0,
        "waiting": int(waiting),
    }


def _embeddings(store: Store, path: str) -> tuple[str, Counts]:
    """Count a settled shard's rows, which are those of its chunks in the same order."""
    rows, fingerprint = store.lake.read_marked(path, ["status", "token_count"])
    chunks = layout.chunks(ShardKey.of_path(path))
    estimates, of_chunks = store.lake.read_marked(chunks, ["token_estimate"])
    is_ready = pc.equal(rows["status"], RowStatus.READY)
    is_whole = estimates.num_rows == rows.num_rows
    estimated = pc.sum(estimates["token_estimate"].filter(is_ready)) if is_whole else pa.scalar(0)
    return fingerprint, {
        "rows": rows.num_rows,
        "ready": pc.sum(is_ready).as_py() or 0,
        "tokens": pc.sum(rows["token_count"]).as_py() or 0,
        "estimated": estimated.as_py() or 0,
        "chunks": of_chunks,
    }


_COUNTED: dict[str, Callable[[Store, str], tuple[str, Counts]]] = {
    "documents": _documents,
    "chunks": _chunks,
    "embeddings": _embeddings,
}
