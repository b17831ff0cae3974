"""The rows a shard's part of an index should have now, by the tables of the lake, without vectors."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from semantic_assets.index.ranking import Numbers, Vectors
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.statuses import RowStatus
from semantic_assets.model.tables import PART_ROWS
from semantic_assets.pipeline.vector_index.document_columns import DOCUMENT_COLUMNS, documents_of
from semantic_assets.store import Store

_ROWS_AT_ONCE = 2_048
_OF_EMBEDDINGS = ("text_hash", "batch_job_id")
_OF_CHUNKS = [
    name for name in PART_ROWS.names if name not in (*DOCUMENT_COLUMNS, *_OF_EMBEDDINGS, "text")
]
#: All columns of PART_ROWS but the text, which `chunk_id` and `text_hash` are made of.
LIGHT = [name for name in PART_ROWS.names if name != "text"]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class WantedRows:
    """The READY rows, in the order of the chunks table."""

    #: LIGHT columns.
    rows: pa.Table
    #: For each row its row in the chunks table, and in the embeddings table.
    chunk: Numbers
    embedding: Numbers
    #: Documents that have a chunk without an outcome.
    pending: pa.Array

    def filter(self, mask: Mask) -> "WantedRows":
        rows = self.rows.filter(pa.array(mask))
        return WantedRows(rows, self.chunk[mask], self.embedding[mask], self.pending)

    def without(self, documents: pa.Array) -> "WantedRows":
        if not len(documents):
            return self
        return self.filter(~pc.is_in(self.rows["document_id"], documents).to_numpy())


def wanted_rows(
    store: Store, shard: ShardKey, embeddings: pq.ParquetFile, chunks: pq.ParquetFile
) -> WantedRows:
    """Read the rows a shard's part should have; only narrow columns are read."""
    outcomes = embeddings.read(["chunk_id", "status", *_OF_EMBEDDINGS])
    cut = chunks.read(_OF_CHUNKS)
    place = pc.index_in(cut["chunk_id"], _one(outcomes["chunk_id"]))
    pending = pc.unique(cut["document_id"].filter(pc.is_null(place)))
    of_outcome = place.fill_null(-1).to_numpy()
    is_ready = pc.equal(outcomes["status"], RowStatus.READY).to_numpy()
    # An empty table of outcomes has no row -1.
    chunk = np.flatnonzero((of_outcome >= 0) & np.append(is_ready, False)[of_outcome])
    held, vectors = cut.take(pa.array(chunk)), of_outcome[chunk].astype(np.int64)
    documents = documents_of(store, shard)
    of_document = pc.index_in(held["document_id"], _one(documents["document_id"]))
    beside = {
        **{name: documents[name].take(of_document) for name in DOCUMENT_COLUMNS},
        **{name: outcomes[name].take(pa.array(vectors)) for name in _OF_EMBEDDINGS},
    }
    columns = [beside[name] if name in beside else held[name] for name in LIGHT]
    rows = pa.table(columns, names=LIGHT).cast(pa.schema([PART_ROWS.field(n) for n in LIGHT]))
    return WantedRows(rows, chunk, vectors, pending)


def with_texts(wanted: WantedRows, chunks: pq.ParquetFile) -> Iterator[pa.Table]:
    """Yield the rows with their texts, as PART_ROWS."""
    first = 0
    for _, batch in column_blocks(chunks, "text", wanted.chunk):
        rows = wanted.rows.slice(first, len(batch))
        yield rows.append_column("text", [batch.column(0)]).select(PART_ROWS.names)
        first += len(batch)


def vectors_of(wanted: WantedRows, embeddings: pq.ParquetFile) -> Iterator[tuple[Numbers, Vectors]]:
    """Yield blocks of vectors with the numbers of the rows they belong to."""
    order = np.argsort(wanted.embedding)
    for first, batch in column_blocks(embeddings, "vector", wanted.embedding[order]):
        vectors: Any = batch.column(0).flatten().to_numpy().reshape(len(batch), -1)
        yield order[first : first + len(batch)], vectors


def column_blocks(
    file: pq.ParquetFile, column: str, rows: Numbers
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield these ascending rows of a column in blocks, each with how many came before it.

    Row groups that hold none of them are not read.
    """
    start = 0
    for group in range(file.metadata.num_row_groups):
        size = file.metadata.row_group(group).num_rows
        low, high = np.searchsorted(rows, [start, start + size])
        if low < high:
            batches = file.iter_batches(
                _ROWS_AT_ONCE, row_groups=[group], columns=[column], use_threads=False
            )
            yield from _chosen(batches, rows, start)
        start += size


def _chosen(
    batches: Iterator[pa.RecordBatch], rows: Numbers, start: int
) -> Iterator[tuple[int, pa.RecordBatch]]:
    for batch in batches:
        low, high = np.searchsorted(rows, [start, start + len(batch)])
        if high - low == len(batch):
            yield int(low), batch
        elif low < high:
            yield int(low), batch.take(pa.array(rows[low:high] - start))
        start += len(batch)


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks()
