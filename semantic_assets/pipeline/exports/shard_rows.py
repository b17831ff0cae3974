"""The rows of a shard as the serving version has them, read in blocks for an export."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from semantic_assets.errors import NotFound
from semantic_assets.index.description import PartEntry
from semantic_assets.index.parts import Part
from semantic_assets.index.ranking import Numbers, Vectors
from semantic_assets.lake import layout
from semantic_assets.ledger.index_versions import IndexVersion
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.exports.export_columns import export_schema
from semantic_assets.pipeline.vector_index.serving import description_of, parts_of
from semantic_assets.pipeline.vector_index.wanted_rows import column_blocks
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import fingerprint

_ROWS_AT_ONCE = 2_048
_ORIGIN = ["chunk_id", "text_hash", "batch_job_id"]
#: Columns of an index part under the names that an export gives them.
_SHOWN = {
    "id": "chunk_id",
    "heading": "heading_path",
    **{
        name: name
        for name in (
            *("document_id", "record_id", "title", "uri", "page", "chunk_index", "start_char"),
            *("end_char", "metadata", "text"),
        )
    },
}


@dataclass(frozen=True, slots=True)
class _Landed:
    """The embeddings of a shard: narrow columns in memory, vectors to be read in blocks."""

    file: pq.ParquetFile | None
    rows: pa.Table

    def places(self, part: Part) -> Numbers:
        """Return for each row of a part the row of its vector here; -1: it is not here any more."""
        if not len(self.rows):
            return np.full(len(part), -1)
        rows = part.table(_ORIGIN)
        place = pc.index_in(rows["chunk_id"], self.rows["chunk_id"].combine_chunks())
        same = pc.and_(*(pc.equal(self.rows[n].take(place), rows[n]) for n in _ORIGIN[1:]))
        found: Numbers = np.where(
            pc.fill_null(same, False).to_numpy(), place.fill_null(-1).to_numpy(), -1
        )
        return found


@dataclass(frozen=True, slots=True)
class ShardRows:
    """What a version has of a shard."""

    store: Store
    version: IndexVersion
    number: str
    parts: tuple[Part, ...]
    entries: tuple[PartEntry, ...]
    dimensions: int
    #: Numbers of rows whose vectors are rounded to 16 bits, block by block.
    rounded: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(len(part) for part in self.parts)

    @property
    def fingerprint(self) -> str:
        """What tells these rows from any others; equal in versions that share them."""
        told = (f"{one.name} {one.dead} {one.rows} {one.fingerprint}" for one in self.entries)
        return fingerprint("export", *told)

    @property
    def shard(self) -> ShardKey:
        return ShardKey(self.version.dataset, int(self.number))

    def tables(self) -> Iterator[pa.Table]:
        """Yield the rows in blocks, with the vectors as they came from the model where these are.

        Rows come in the order of the embeddings, so vectors are read once and are never all in
        memory.
        """
        with self._landed() as landed:
            for part in self.parts:
                places = landed.places(part)
                for numbers, vectors in self._blocks(part, places, landed):
                    order = np.argsort(numbers)
                    some = numbers[order]
                    tokens = _taken(landed.rows["token_count"], places[some])
                    yield self._table(part, some, vectors[order], tokens)

    def _blocks(
        self, part: Part, places: Numbers, landed: _Landed
    ) -> Iterator[tuple[Numbers, Vectors]]:
        """Yield the numbers of rows with their vectors."""
        left = np.arange(len(part))
        if part.stored.scales is not None and landed.file is not None:
            exact = np.flatnonzero(places >= 0)
            exact = exact[np.argsort(places[exact])]
            for first, batch in column_blocks(landed.file, "vector", places[exact]):
                vectors = batch.column(0).flatten().to_numpy().reshape(len(batch), -1)
                yield exact[first : first + len(batch)], vectors
            left = np.flatnonzero(places < 0)
        if part.stored.scales is not None:
            self.rounded.append(len(left))
        for start in range(0, len(left), _ROWS_AT_ONCE):
            numbers = left[start : start + _ROWS_AT_ONCE]
            yield numbers, part.stored.taken(part.places(numbers))

    def _table(self, part: Part, numbers: Numbers, vectors: Vectors, tokens: pa.Array) -> pa.Table:
        shown = part.taken(numbers, list(_SHOWN.values()))
        flat = pa.array(np.ascontiguousarray(vectors, np.float32).reshape(-1))
        columns = {
            **{name: shown[column] for name, column in _SHOWN.items()},
            "dataset": pa.repeat(str(self.version.dataset), len(numbers)),
            "shard": pa.repeat(self.number, len(numbers)),
            "token_count": tokens,
            "vector": pa.FixedSizeListArray.from_arrays(flat, self.dimensions),
        }
        schema = export_schema(self.dimensions)
        return pa.table({name: columns[name] for name in schema.names}).cast(schema)

    @contextmanager
    def _landed(self) -> Iterator[_Landed]:
        path = layout.embeddings(self.version.space_id, self.shard)
        names = [*_ORIGIN, "token_count"]
        if self.store.lake.exists(path):
            with self.store.lake.open(path) as file:
                yield _Landed(file, file.read(names))
        else:
            types = [pa.string()] * len(_ORIGIN) + [pa.int32()]
            yield _Landed(None, pa.schema(zip(names, types, strict=True)).empty_table())


def _taken(column: pa.ChunkedArray, places: Numbers) -> pa.Array:
    """Return the values at these places; null: the place is -1."""
    return column.take(pa.array(places, mask=places < 0))


@dataclass(frozen=True, slots=True)
class ServedRows:
    """All rows of a serving version."""

    version: IndexVersion
    dimensions: int
    shards: tuple[ShardRows, ...]

    def __len__(self) -> int:
        return sum(map(len, self.shards))

    @property
    def rounded(self) -> int:
        """Rows that were read so far whose vectors are rounded."""
        return sum(sum(shard.rounded) for shard in self.shards)


def served_rows(store: Store, dataset: DatasetKey) -> ServedRows:
    """Return what the serving version of a dataset has, shard by shard; nothing is read yet.

    Raises:
        NotFound: the dataset has no index, or its files are gone.
    """
    serving = store.ledger.index_versions.serving(dataset)
    parts = parts_of(store, serving) if serving is not None else None
    described = description_of(store, serving) if serving is not None else None
    if serving is None or parts is None or described is None:
        raise NotFound(f"there is no index of {dataset}: run `semantic-assets refresh`")
    shards = (
        ShardRows(
            store,
            serving,
            number,
            tuple(part for part in parts if part.shard == number),
            described.of_shard(number),
            parts.dimensions,
        )
        for number in sorted({part.shard for part in parts})
    )
    return ServedRows(serving, parts.dimensions, tuple(shards))
