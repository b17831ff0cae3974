"""The Lance backend: a table for each version, in a folder or an object store.

A row of the table holds the row's number, its vector and all of INDEX_ROWS, so a search reads the
table and no part. The pointer in the ledger is the only switch: no search opens a table whose
version was not finished.

Lists of short codes (RaBitQ) find candidates, float32 ranks them. Of what Lance offers, tried at
100,000 clustered vectors of 768 on two busy cores, candidates ranked again exactly:

    RaBitQ, 1 bit    build   4 CPU s   11 MB   recall@10 1.000    8 CPU ms a query
    scalar, 8 bits   build  21 CPU s   77 MB   recall@10 1.000   84 CPU ms
    HNSW of 8 bits   build 183 CPU s   98 MB   recall@10 0.9985  14 CPU ms
    product, 96      build 364 CPU s   11 MB   recall@10 0.9955  21 CPU ms
    all vectors                                recall@10 1.000  241 CPU ms
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from semantic_assets.index.backend import PLACE
from semantic_assets.index.description import Description
from semantic_assets.index.lance_store import LanceStore
from semantic_assets.index.parts import Part, Parts, open_parts
from semantic_assets.index.ranking import Hit, Numbers, Vectors, best
from semantic_assets.model.tables import INDEX_ROWS

if TYPE_CHECKING:
    from lancedb.table import Table

_NUMBER, _VECTOR, _DISTANCE = "number", "vector", "_distance"
#: 6 MB of vectors of 768.
_BATCH_ROWS = 2_048
#: Below, a query reads all vectors, 30 MB of 768, as fast as it reads codes and candidates.
_INDEXED_FROM = 10_000
#: With one bit for each number 100 candidates hold 0.43 to 0.89 of the ten nearest of 20,000, with
#: three 0.99 to 1: fewer vectors are fetched, each by a request of its own from a bucket.
_BITS = 3
#: Lists have about 8,000 rows. Of 500,000 rows 20 lists contain 0.92 of the ten nearest, 50 0.986.
_PROBED = 100
_CANDIDATES, _CANDIDATES_PER_HIT = 100, 5
#: Of so many rows that may be found the vectors are fetched and compared, 12 MB of 768 at once.
_COMPARED = 4_096
#: Of more, so many times more candidates are asked for than should hold enough of them.
_SPARE, _MORE = 2, 4


@dataclass(frozen=True)
class LanceFinder:
    folder: Path
    description: Description
    store: LanceStore
    table: "Table"

    @cached_property
    def parts(self) -> Parts:
        """The parts of the version.

        Raises:
            FileNotFoundError: the version was retired and deleted since it was opened.
        """
        return open_parts(self.folder, self.description)

    def nearest(self, queries: Vectors, k: int, among: Numbers | None = None) -> list[list[Hit]]:
        count = max(_CANDIDATES, k * _CANDIDATES_PER_HIT)
        with self.store.asked():
            if among is not None and len(among) <= max(_COMPARED, count):
                return self._compared(queries, k, among)
            return [self._nearest(query, k, count, among) for query in queries]

    def _nearest(self, query: Vectors, k: int, count: int, among: Numbers | None) -> list[Hit]:
        """Fetch candidates until enough are `among` these rows, and return the k nearest."""
        if among is None:
            return best(*self._candidates(query, count), k)
        asked = int(count * self.description.rows / len(among) * _SPARE)
        while asked * _SPARE < self.description.rows:
            numbers, scores = self._candidates(query, asked)
            places = np.minimum(np.searchsorted(among, numbers), len(among) - 1)
            is_allowed = among[places] == numbers
            if is_allowed.sum() >= count:
                return best(numbers[is_allowed], scores[is_allowed], k)
            asked *= _MORE
        return self._compared(query[None], k, among)[0]

    def _compared(self, queries: Vectors, k: int, among: Numbers) -> list[list[Hit]]:
        """Fetch the vectors of these rows in blocks and return the k nearest to each query."""
        scores = np.empty((len(queries), len(among)), np.float32)
        for first in range(0, len(among), _COMPARED):
            some = among[first : first + _COMPARED]
            found = self.table.take_offsets(some.tolist()).select([_NUMBER, _VECTOR]).to_arrow()
            vectors = self._vectors(found.sort_by(_NUMBER))
            scores[:, first : first + len(some)] = queries @ vectors.T
        return [best(among, of_one, k) for of_one in scores]

    def _candidates(self, query: Vectors, count: int) -> tuple[Numbers, Vectors]:
        """Fetch candidates with their vectors in one request; return rows, ascending, and cosines."""
        search: Any = self.table.search(query, vector_column_name=_VECTOR, query_type="vector")
        found = (
            search.distance_type("dot")
            .nprobes(_PROBED)
            .limit(count)
            # Lance warns on stderr if its distance is not selected.
            .select([_NUMBER, _VECTOR, _DISTANCE])
            .to_arrow()
            .sort_by(_NUMBER)
        )
        return found[_NUMBER].to_numpy(), self._vectors(found) @ query

    def _vectors(self, found: pa.Table) -> Vectors:
        vectors: Vectors = found[_VECTOR].combine_chunks().flatten().to_numpy()
        return vectors.reshape(-1, self.description.dimensions)

    def place(self, number: int) -> tuple[str, int]:
        with self.store.asked():
            found = self.table.take_offsets([number]).select([*PLACE]).to_arrow().to_pylist()
        document, chunk = (found[0][name] for name in PLACE)
        return document, chunk

    def vectors(self, numbers: Numbers) -> Vectors:
        with self.store.asked():
            found = self.table.take_offsets(numbers.tolist()).select([_NUMBER, _VECTOR]).to_arrow()
        return self._vectors(found.sort_by(_NUMBER))

    def cosines(self, query: Vectors, numbers: Numbers) -> Vectors:
        return self.vectors(numbers) @ query if len(numbers) else np.empty(0, np.float32)

    def column(self, name: str) -> list[pa.Array] | None:
        if name not in self.table.schema.names:
            return None
        with self.store.asked():
            rows = self.table.search().select([_NUMBER, name]).limit(self.description.rows)
            found = rows.to_arrow().sort_by(_NUMBER)[name].combine_chunks()
        return [found.dictionary_encode() if pa.types.is_string(found.type) else found]

    def rows(self, numbers: Sequence[int]) -> list[dict[str, object]]:
        if not numbers:
            return []
        columns = [_NUMBER, *(name for name in INDEX_ROWS.names if name in self.table.schema.names)]
        with self.store.asked():
            found = self.table.take_offsets(sorted(set(numbers))).select(columns).to_arrow()
        # An earlier release wrote fewer columns.
        blank = dict.fromkeys(INDEX_ROWS.names)
        rows = {row.pop(_NUMBER): blank | row for row in found.to_pylist()}
        return [rows[number] for number in numbers]


@dataclass(frozen=True, slots=True)
class LanceBackend:
    store: LanceStore

    def build(self, folder: Path, description: Description, parts: Parts) -> None:
        """Write every row, after dropping a table that a crash left under the name."""
        self.drop(description)
        schema = _schema(description.dimensions)
        reader = pa.RecordBatchReader.from_batches(schema, _batches(schema, parts))
        database = self.store.connect()
        with self.store.asked():
            table = database.create_table(description.collection, reader)
            if description.rows >= _INDEXED_FROM:
                _index(table, description.dimensions)

    def open(self, folder: Path, description: Description) -> LanceFinder:
        """Open the version's table for searching.

        Raises:
            NotFound: the table is missing.
        """
        return LanceFinder(folder, description, self.store, self.store.open(description.collection))

    def publish(self, description: Description) -> None:
        """Publish nothing: each version is its own table, and a tag belongs to one table.

        A name that follows the serving version would be a second pointer, which could differ from
        the ledger's; `index list` tells the serving number, which is in the table's name.
        """

    def drop(self, description: Description) -> None:
        """Drop the version's table, finished or not; a missing one is no error."""
        database = self.store.connect()
        with self.store.asked():
            database.drop_table(description.collection, ignore_missing=True)


def _index(table: "Table", dimensions: int) -> None:
    """Build lists of 3-bit codes, or of 8-bit ones if 8 does not divide the dimensions."""
    from lancedb.index import IvfRq, IvfSq

    if dimensions % 8:
        table.create_index(_VECTOR, config=IvfSq(distance_type="dot"))
    else:
        table.create_index(_VECTOR, config=IvfRq(distance_type="dot", num_bits=_BITS))


def _schema(dimensions: int) -> pa.Schema:
    vector = pa.field(_VECTOR, pa.list_(pa.float32(), dimensions), nullable=False)
    rows = [
        one.with_type(pa.string()) if pa.types.is_dictionary(one.type) else one
        for one in INDEX_ROWS
    ]
    return pa.schema([pa.field(_NUMBER, pa.int64(), nullable=False), *rows, vector])


def _batches(schema: pa.Schema, parts: Parts) -> Iterator[pa.RecordBatch]:
    """Yield all rows in the order of their numbers, copying one batch at a time."""
    for start, part in parts.numbered():
        for low in range(0, len(part), _BATCH_ROWS):
            yield from _table(schema, part, start, low).to_batches()


def _table(schema: pa.Schema, part: Part, start: int, low: int) -> pa.Table:
    rows = part.table(first=low, count=_BATCH_ROWS).combine_chunks()
    vectors = part.some_vectors(low, rows.num_rows)
    values = pa.array(vectors.reshape(-1))
    columns = [
        pa.array(np.arange(start + low, start + low + rows.num_rows)),
        *rows.columns,
        pa.FixedSizeListArray.from_arrays(values, vectors.shape[1]),
    ]
    return pa.table(columns, names=schema.names).cast(schema)
