"""chunk_documents: the documents of a shard as rows of `chunks`."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from semantic_assets.errors import Conflict
from semantic_assets.lake import layout
from semantic_assets.ledger.leases import Lease
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.tables import CHUNKS
from semantic_assets.store import Store
from semantic_assets.text import chunking
from semantic_assets.text.chunking import ChunkSizes
from semantic_assets.text.fingerprint import fingerprint, fingerprint_rows

_BATCH_DOCUMENTS = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunksReport:
    shard: ShardKey
    chunks: int
    distinct_texts: int
    tokens_estimated: int
    written: bool


def chunk_documents(store: Store, shard: ShardKey) -> ChunksReport:
    """Cut a shard's documents, unless its `documents` are what they were.

    Raises:
        DatasetRemoved: its dataset was removed.
        Conflict: the shard's documents were not read yet, or are being written.
    """
    path = layout.chunks(shard)
    with store.ledger.leases.holding(store.shard_lease(shard)) as lease:
        store.ledger.datasets.require(shard.dataset)
        documents = store.trusted_fingerprint(layout.documents(shard))
        if documents is None:
            raise Conflict(
                f"shard {shard}: its documents are not there yet; materialize them first"
            )
        settings = store.dataset_settings(shard.dataset)
        inputs = fingerprint(
            "chunks", chunking.CODE_VERSION, settings.chunking_fingerprint, documents
        )
        written = not store.is_current(path, inputs)
        if written:
            _write(store, lease, shard, settings.chunking, inputs)
        report = _report(store, shard, written=written)
        store.ledger.sources.update_shard(shard, chunks=report.chunks)
    return report


def _report(store: Store, shard: ShardKey, *, written: bool) -> ChunksReport:
    columns = store.lake.read(layout.chunks(shard), ["text_hash", "token_estimate"])
    return ChunksReport(
        shard=shard,
        chunks=columns.num_rows,
        distinct_texts=pc.count_distinct(columns["text_hash"]).as_py(),
        tokens_estimated=pc.sum(columns["token_estimate"]).as_py() or 0,
        written=written,
    )


def _write(store: Store, lease: Lease, shard: ShardKey, sizes: ChunkSizes, inputs: str) -> None:
    identities: list[str] = []
    path = layout.chunks(shard)
    with store.replacing_table(lease, path, CHUNKS, input_fingerprint=inputs) as (file, content):
        for rows in _chunk_batches(store, shard, sizes):
            identities.extend(f"{row['chunk_id']}{row['text_hash']}" for row in rows)
            file.write(pa.RecordBatch.from_pylist(rows, schema=CHUNKS))
        content(fingerprint_rows(identities))


def _chunk_batches(
    store: Store, shard: ShardKey, sizes: ChunkSizes
) -> Iterator[list[dict[str, object]]]:
    columns = ["document_id", "title", "text", "pages", "parse_status"]
    with pq.ParquetFile(store.lake.path(layout.documents(shard))) as file:
        for batch in file.iter_batches(batch_size=_BATCH_DOCUMENTS, columns=columns):
            yield [
                row
                for document in batch.to_pylist()
                if document["parse_status"] == "ok"
                for row in _rows(shard, document, sizes)
            ]


def _rows(
    shard: ShardKey, document: dict[str, object], sizes: ChunkSizes
) -> Iterator[dict[str, object]]:
    identity, text = document["document_id"], document["text"]
    title = document["title"] if isinstance(document["title"], str) else None
    pages = document["pages"] or []
    assert isinstance(identity, str)
    assert isinstance(text, str)
    assert isinstance(pages, list)
    for span in chunking.chunk_document(identity, title, text, sizes):
        yield {
            "chunk_id": span.chunk_id,
            "document_id": identity,
            "shard": str(shard),
            "chunk_index": span.chunk_index,
            "start_char": span.start_char,
            "end_char": span.end_char,
            "heading_path": span.heading_path,
            "page": bisect_right(pages, span.start_char) if pages else None,
            "text": span.text,
            "vector_text": span.vector_text,
            "text_hash": span.text_hash,
            "token_estimate": span.token_estimate,
        }
