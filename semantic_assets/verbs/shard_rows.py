"""What a shard brings to an index: rows and vectors of its READY chunks, and what is carried over.

No delete before the replacement: a document with a pending chunk comes whole from the generation
that serves, if that has it. One batch of vectors is in memory at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from semantic_assets.index.parts import Part, write_part
from semantic_assets.index.ranking import Numbers, Vectors
from semantic_assets.lake import layout
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.tables import INDEX_ROWS
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import fingerprint

_VECTORS_AT_ONCE = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenRows:
    rows: int
    #: Of them kept from the generation before.
    carried: int


def part_name(shard: ShardKey) -> str:
    return f"{shard.number:05d}"


def rows_fingerprint(store: Store, space: EmbeddingSpace, shard: ShardKey) -> str:
    """What a part is built from, by the files as they are."""
    paths = (
        layout.embeddings(space.space_id, shard),
        layout.chunks(shard),
        layout.documents(shard),
    )
    return fingerprint("rows", *(store.lake.fingerprint(path) or "" for path in paths))


def write_rows(
    store: Store, space: EmbeddingSpace, shard: ShardKey, folder: Path, old: Part | None
) -> WrittenRows:
    """Write the shard's part; `old` is its part in the serving generation."""
    path = store.lake.path(layout.embeddings(space.space_id, shard))
    with pq.ParquetFile(path) as embeddings:
        outcomes = embeddings.read(["chunk_id", "status"])
        chosen = _choose(store, shard, outcomes, old)
        rows = pa.concat_tables([_with_documents(store, shard, chosen.chunks), chosen.carried])
        blocks = _blocks(embeddings, chosen, old)
        write_part(folder, rows, blocks, dimensions=space.dimensions)
    return WrittenRows(rows=rows.num_rows, carried=chosen.carried.num_rows)


@dataclass(frozen=True, slots=True)
class _Choice:
    #: One for each row of the embeddings file: whether it is in.
    is_in: pa.BooleanArray
    #: The chunks of those that are, in their order.
    chunks: pa.Table
    #: Rows of the old part that are kept, and their numbers there.
    carried: pa.Table
    numbers: Numbers


def _choose(store: Store, shard: ShardKey, outcomes: pa.Table, old: Part | None) -> _Choice:
    columns = [name for name in INDEX_ROWS.names if name not in ("uri", "title")]
    chunks = store.lake.read(layout.chunks(shard), columns)
    known = pc.is_in(chunks["chunk_id"], _one(outcomes["chunk_id"]))
    pending = pc.unique(chunks["document_id"].filter(pc.invert(known)))
    numbers = _rows_of(old, pending)
    carried = old.rows.take(numbers) if old is not None else INDEX_ROWS.empty_table()
    place = _one(pc.index_in(outcomes["chunk_id"], _one(chunks["chunk_id"])))
    is_carried = pc.is_in(chunks["document_id"], pc.unique(carried["document_id"]))
    is_in = pc.and_(_one(pc.equal(outcomes["status"], "READY")), pc.is_valid(place))
    if carried.num_rows:
        is_left = _one(pc.invert(is_carried)).take(place)
        is_in = pc.and_(is_in, pc.fill_null(is_left, False))
    return _Choice(is_in, _taken(chunks, place.filter(is_in)), carried, numbers)


def _taken(chunks: pa.Table, places: pa.Array) -> pa.Table:
    """As a rule all of them in their order: then nothing is copied."""
    everything = len(places) == chunks.num_rows
    if everything and np.array_equal(places.to_numpy(), np.arange(len(places))):
        return chunks
    return chunks.take(places)


def _rows_of(old: Part | None, documents: pa.Array) -> Numbers:
    if old is None or not len(documents):
        return np.zeros(0, np.int64)
    found = pc.is_in(old.rows["document_id"], documents)
    return np.flatnonzero(found.to_numpy())


def _with_documents(store: Store, shard: ShardKey, chunks: pa.Table) -> pa.Table:
    documents = store.lake.read(layout.documents(shard), ["document_id", "uri", "title"])
    found = documents.take(pc.index_in(chunks["document_id"], _one(documents["document_id"])))
    table = chunks.append_column("uri", found["uri"]).append_column("title", found["title"])
    return table.select(INDEX_ROWS.names).cast(INDEX_ROWS)


def _blocks(embeddings: pq.ParquetFile, chosen: _Choice, old: Part | None) -> Iterator[Vectors]:
    """The vectors of the rows, a batch at a time."""
    start = 0
    for batch in embeddings.iter_batches(_VECTORS_AT_ONCE, columns=["vector"]):
        is_in = chosen.is_in.slice(start, len(batch))
        start += len(batch)
        vectors = batch.column(0) if is_in.false_count == 0 else batch.column(0).filter(is_in)
        yield vectors.flatten().to_numpy().reshape(len(vectors), -1)
    if old is not None and len(chosen.numbers):
        yield old.vectors[chosen.numbers]


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks()
