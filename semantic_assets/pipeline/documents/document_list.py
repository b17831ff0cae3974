"""List a dataset's documents as read, return their text, count their chunks, or remove one."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from semantic_assets.errors import Conflict, NotFound
from semantic_assets.intake.inbox import Inbox
from semantic_assets.intake.names import FOLDER, is_segment, shown_uri
from semantic_assets.lake import layout
from semantic_assets.lake.table_rows import row_group_starts
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.statuses import ParseStatus
from semantic_assets.pipeline.documents.ingest import Ingestion
from semantic_assets.pipeline.generation.descriptions import descriptions
from semantic_assets.store import Store

_COLUMNS = [
    "document_id",
    "uri",
    "record_id",
    "title",
    "bytes",
    "parse_status",
    "parse_error",
    "content_hash",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """One document as read; `chunks` is None until it is split."""

    document_id: str
    name: str
    uri: str
    title: str | None
    bytes: int
    status: str
    error: str | None
    chunks: int | None
    #: Ingested by a call, so that a call can remove it.
    is_ingested: bool


def document_list(
    store: Store, dataset: DatasetKey, *, limit: int, after: str | None = None
) -> list[DocumentRow]:
    """List at most `limit` documents as read, in a stable order, after the id `after`.

    Raises:
        NotFound: the dataset is not there, or holds no document `after`.
    """
    require_dataset(store, dataset)
    found = _documents(store, dataset)
    if after is not None and not any(row.document_id == after for row in found):
        raise NotFound(f"dataset {dataset} holds no document {after}")
    return list(islice(found, limit))


def document_text(store: Store, dataset: DatasetKey, document: str) -> dict[str, Any]:
    """Return a document as read: document_id, uri, title, text, metadata, pages.

    Raises:
        NotFound: the dataset holds no such document.
    """
    for shard in store.ledger.sources.shards(dataset):
        if not store.lake.exists(layout.documents(shard.key)):
            continue
        with store.lake.open(layout.documents(shard.key)) as file:
            ids = file.read(["document_id"], use_threads=False)["document_id"]
            row = pc.index(ids, document).as_py()
            if row >= 0:
                return _text_of(file, row)
    raise NotFound(f"dataset {dataset} holds no document {document!r}")


def _text_of(file: pq.ParquetFile, row: int) -> dict[str, Any]:
    starts = row_group_starts(file)
    group = int(np.searchsorted(starts, row, side="right")) - 1
    columns = ["document_id", "uri", "record_id", "title", "text", "metadata", "pages"]
    table = file.read_row_group(group, columns, use_threads=False)
    found: dict[str, Any] = table.slice(row - int(starts[group]), 1).to_pylist()[0]
    found["metadata"] = dict(found["metadata"] or ())
    found["uri"] = shown_uri(found["uri"], found.pop("record_id"))
    return found


def remove_document(store: Store, dataset: DatasetKey, document: str) -> str:
    """Remove an ingested document by name or id; return its name.

    Raises:
        NotFound: there is no such document.
        Conflict: it is in a file of the source folder, or in a file of several records.
    """
    require_dataset(store, dataset)
    with Ingestion(store, dataset) as ingestion:
        name = ingestion.name_of(unicodedata.normalize("NFC", document))
        name = name or _name_of(store, dataset, document)
        ingestion.remove(name)
    return name


def require_dataset(store: Store, dataset: DatasetKey) -> None:
    """Check that a dataset is there, placed or waiting in the inbox.

    Raises:
        NotFound: nothing was ever put there, or it was removed.
    """
    row = store.ledger.datasets.find(dataset)
    if row is not None and row.is_kept_out:
        raise NotFound(f"dataset {dataset} was removed")
    is_known = row is not None and not row.is_removed
    if not is_known and dataset not in Inbox.all(store.lake.root):
        raise NotFound(f"there is no dataset {dataset}")


def chunk_counts(store: Store, dataset: DatasetKey, uris: set[str]) -> dict[tuple[str, str], int]:
    """Map (uri of the source file, document_id) to the chunk count, for these files' documents."""
    shards = {shard for uri in uris for shard, _ in store.ledger.sources.file_slices(dataset, uri)}
    found: dict[tuple[str, str], int] = {}
    for shard in sorted(shards):
        counts = _chunks(store, shard)
        rows = store.lake.read(layout.documents(shard), ["uri", "document_id"])
        rows = rows.filter(pc.is_in(rows["uri"], pa.array(sorted(uris))))
        for row in rows.to_pylist():
            found[row["uri"], row["document_id"]] = counts.get(row["document_id"], 0)
    return found


def _name_of(store: Store, dataset: DatasetKey, document: str) -> str:
    row = next((row for row in _documents(store, dataset) if row.document_id == document), None)
    if row is None:
        raise NotFound(f"dataset {dataset} holds no document {document!r}")
    if not row.is_ingested:
        raise Conflict(
            f"document {document} is of {row.uri}, which was not handed over by a call: change or "
            "delete that file"
        )
    return row.name


def _documents(store: Store, dataset: DatasetKey) -> Iterator[DocumentRow]:
    for shard in store.ledger.sources.shards(dataset):
        if store.lake.exists(layout.documents(shard.key)):
            counts, outcomes = _chunks(store, shard.key), descriptions(store, shard.key)
            table = store.lake.read(layout.documents(shard.key), _COLUMNS)
            for batch in table.to_batches(max_chunksize=1_000):
                for row in batch.to_pylist():
                    outcome = outcomes.get(row["document_id"])
                    if row["parse_status"] == ParseStatus.PENDING_DESCRIPTION and outcome:
                        row |= outcome.shown(row["content_hash"])
                    yield _row(dataset, row, counts.get(row["document_id"]))


def _row(dataset: DatasetKey, row: dict[str, Any], chunks: int | None) -> DocumentRow:
    uri = shown_uri(row["uri"], row["record_id"])
    own_file = row["uri"].startswith(f"{dataset}/{FOLDER}/files/") and row["record_id"] is None
    return DocumentRow(
        document_id=row["document_id"],
        name=uri.rpartition("/")[2],
        uri=uri,
        title=row["title"],
        bytes=row["bytes"],
        status=row["parse_status"],
        error=row["parse_error"],
        chunks=chunks,
        is_ingested=is_segment(row["uri"]) or own_file,
    )


def _chunks(store: Store, shard: ShardKey) -> dict[str, int]:
    if not store.lake.exists(layout.chunks(shard)):
        return {}
    ids = store.lake.read(layout.chunks(shard), ["document_id"])["document_id"]
    return {found["values"]: found["counts"] for found in pc.value_counts(ids).to_pylist()}
