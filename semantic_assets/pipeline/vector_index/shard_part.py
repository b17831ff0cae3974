"""Write a shard's part of an index: rows and vectors of its READY chunks, and carried-over rows.

Nothing is deleted before its replacement: a document with a pending chunk comes whole from the
serving version, if that has it. Only ids are in memory for the whole shard.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from semantic_assets.index.parts import Part, write_part
from semantic_assets.index.ranking import Numbers, Vectors
from semantic_assets.intake.names import is_segment, shown_uri
from semantic_assets.lake import layout
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.statuses import RowStatus
from semantic_assets.model.tables import INDEX_ROWS
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import fingerprint

_ROWS_AT_ONCE = 2_048
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenRows:
    rows: int
    #: Number of these rows kept from the previous version.
    carried: int


def part_name(shard: ShardKey) -> str:
    return f"{shard.number:05d}"


def rows_fingerprint(store: Store, space: EmbeddingSpace, shard: ShardKey) -> str:
    """Return the fingerprint of the tables a part is built from, from the present files."""
    paths = (
        layout.embeddings(space.space_id, shard),
        layout.chunks(shard),
        layout.documents(shard),
    )
    return fingerprint("rows", *(store.lake.fingerprint(path) or "" for path in paths))


def write_rows(
    store: Store, space: EmbeddingSpace, shard: ShardKey, folder: Path, old: Part | None
) -> WrittenRows:
    """Write the shard's part; `old` is its part in the serving version."""
    with (
        store.lake.open(layout.embeddings(space.space_id, shard)) as embeddings,
        store.lake.open(layout.chunks(shard)) as chunks,
    ):
        chosen = _choose(embeddings, chunks, old)
        documents = _documents(store, shard)
        write_part(
            folder,
            _rows(chunks, documents, chosen, old),
            _vectors(embeddings, chosen, old),
            shape=(chosen.count + len(chosen.carried), space.dimensions),
        )
    return WrittenRows(rows=chosen.count + len(chosen.carried), carried=len(chosen.carried))


def _documents(store: Store, shard: ShardKey) -> pa.Table:
    """Read document_id, title, and the uri as shown to users."""
    columns = ["document_id", "uri", "title", "record_id"]
    table = store.lake.read(layout.documents(shard), columns)
    uris = table["uri"].to_pylist()
    if any(map(is_segment, set(uris))):
        shown = map(shown_uri, uris, table["record_id"].to_pylist())
        table = table.set_column(1, "uri", pa.array(shown, pa.string()))
    return table


@dataclass(frozen=True, slots=True)
class _Choice:
    #: For each row of the chunks file, whether it is in the part.
    is_in: Mask
    #: For each row of the embeddings file, the part's row that gets its vector, or -1.
    places: Numbers
    #: Rows of the old part that follow after these.
    carried: Numbers

    @property
    def count(self) -> int:
        return int(self.is_in.sum())


def _choose(embeddings: pq.ParquetFile, chunks: pq.ParquetFile, old: Part | None) -> _Choice:
    outcomes, cut = (
        embeddings.read(["chunk_id", "status"]),
        chunks.read(["chunk_id", "document_id"]),
    )
    known = pc.is_in(cut["chunk_id"], _one(outcomes["chunk_id"]))
    carried = _rows_of(old, pc.unique(cut["document_id"].filter(pc.invert(known))))
    chunk = pc.index_in(outcomes["chunk_id"], _one(cut["chunk_id"])).fill_null(-1).to_numpy()
    is_ready = pc.equal(outcomes["status"], RowStatus.READY).to_numpy() & (chunk >= 0)
    is_in = np.zeros(cut.num_rows, bool)
    is_in[chunk[is_ready]] = True
    if old is not None and len(carried):
        kept = pc.unique(old.rows["document_id"].take(carried))
        is_in &= ~pc.is_in(cut["document_id"], kept).to_numpy()
    rank = np.cumsum(is_in) - 1
    return _Choice(is_in, np.where(is_ready & is_in[chunk], rank[chunk], -1), carried)


def _rows_of(old: Part | None, documents: pa.Array) -> Numbers:
    if old is None or not len(documents):
        return np.zeros(0, np.int64)
    return np.flatnonzero(pc.is_in(old.rows["document_id"], documents).to_numpy())


def _rows(
    chunks: pq.ParquetFile, documents: pa.Table, chosen: _Choice, old: Part | None
) -> Iterator[pa.Table]:
    start = 0
    columns = [name for name in INDEX_ROWS.names if name not in ("uri", "title")]
    for batch in chunks.iter_batches(_ROWS_AT_ONCE, columns=columns, use_threads=False):
        is_in = chosen.is_in[start : start + len(batch)]
        start += len(batch)
        held = batch if is_in.all() else batch.filter(pa.array(is_in))
        yield _with_documents(pa.Table.from_batches([held]), documents)
    if old is not None and len(chosen.carried):
        is_kept = np.zeros(len(old), bool)
        is_kept[chosen.carried] = True
        yield old.rows.filter(pa.array(is_kept))


def _with_documents(chunks: pa.Table, documents: pa.Table) -> pa.Table:
    found = documents.take(pc.index_in(chunks["document_id"], _one(documents["document_id"])))
    table = chunks.append_column("uri", found["uri"]).append_column("title", found["title"])
    return table.select(INDEX_ROWS.names)


def _vectors(
    embeddings: pq.ParquetFile, chosen: _Choice, old: Part | None
) -> Iterator[tuple[Numbers, Vectors]]:
    """Yield blocks of vectors with the rows they belong to."""
    start = 0
    for batch in embeddings.iter_batches(_ROWS_AT_ONCE, columns=["vector"], use_threads=False):
        places = chosen.places[start : start + len(batch)]
        start += len(batch)
        is_in = places >= 0
        vectors = batch.column(0) if is_in.all() else batch.column(0).filter(pa.array(is_in))
        if len(vectors):  # a block whose texts all failed has no width
            yield places[is_in], vectors.flatten().to_numpy().reshape(len(vectors), -1)
    if old is not None and len(chosen.carried):
        yield chosen.count + np.arange(len(chosen.carried)), old.vectors[chosen.carried]


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks()
