"""Parts: rows, vectors and texts of a shard, in files that are written once and then only read.

A version links the parts that an earlier one wrote; rows it no longer has are dead in it. Rows are
numbered among the live ones; nothing outside this module and a backend's own codes sees the others.
Columns are an Arrow file without compression: opening maps it and a hit reads its own pages.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from semantic_assets.index.broken_index import broken_index, opening
from semantic_assets.index.dead_rows import live_rows
from semantic_assets.index.description import Description, shard_of
from semantic_assets.index.filtering.dictionaries import encoded
from semantic_assets.index.ranking import Numbers, Vectors
from semantic_assets.index.stored_vectors import StoredVectors, open_vectors, write_vectors
from semantic_assets.index.text_blocks import TEXT_PLACES, TextBlocks, open_texts, write_texts
from semantic_assets.model.tables import INDEX_ROWS, OF_DOCUMENTS, PART_ROWS
from semantic_assets.system.checksums import FileSums, require_sums
from semantic_assets.system.durable import make_private, sync

_ROWS, _TEXTS = "rows.arrow", "texts.arrow"
#: Columns of values that repeat: rows of a document follow one another.
_REPEATED = ("document_id", "uri", "title", "heading_path", "batch_job_id", *OF_DOCUMENTS)
_STORED = pa.schema(
    [
        field.with_type(pa.dictionary(pa.int32(), pa.string()))
        if field.name in _REPEATED
        else field
        for field in PART_ROWS
        if field.name != "text"
    ]
    + list(TEXT_PLACES)
)
_TEXT_PLACES = TEXT_PLACES.names


@dataclass(frozen=True)
class Part:
    """A part as a version sees it; its files are memory maps, which outlive their deletion."""

    folder: Path
    stored: StoredVectors
    columns: pa.Table
    #: None: written by an earlier release, with the texts among the columns.
    texts: TextBlocks | None
    #: The places of the live rows; None: all are alive.
    live: Numbers | None = None

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def shard(self) -> str:
        """The number of its shard."""
        return shard_of(self.name)

    def __len__(self) -> int:
        return len(self.stored) if self.live is None else len(self.live)

    @property
    def dead(self) -> Numbers:
        """The places of the rows that this version no longer has."""
        live = np.arange(len(self.stored)) if self.live is None else self.live
        return np.setdiff1d(np.arange(len(self.stored)), live, assume_unique=True)

    @property
    def vectors(self) -> Vectors:
        """The vectors of the rows as float32: a map if all are alive and not compact, or a copy."""
        return self.stored.taken(slice(None) if self.live is None else self.live)

    def some_vectors(self, first: int, count: int) -> Vectors:
        """Return the vectors of `count` rows from `first` on as float32."""
        some = slice(first, first + count)
        return self.stored.taken(some if self.live is None else self.live[some])

    @property
    def is_current(self) -> bool:
        """Whether it has all columns of PART_ROWS: earlier releases wrote fewer."""
        return set(_STORED.names) <= set(self.columns.column_names)

    def places(self, numbers: Numbers) -> Numbers:
        """Return where these rows are in the files."""
        return numbers if self.live is None else self.live[numbers]

    def numbers(self, places: Numbers) -> Numbers:
        """Return the numbers of the rows at these places; -1: it is dead, or the place is -1."""
        return places if self.live is None else self._numbers[places]

    @cached_property
    def _numbers(self) -> Numbers:
        found = np.full(len(self.stored) + 1, -1)  # the last one is found by the place -1
        if self.live is not None:
            found[self.live] = np.arange(len(self.live))
        return found

    def cosines(self, query: Vectors, numbers: Numbers) -> Vectors:
        return self.stored.cosines(query, self.places(numbers))

    def all_cosines(self, queries: Vectors) -> Vectors:
        """Return the cosines of unit vectors with all rows, shape (queries, rows)."""
        scores = self.stored.all_cosines(queries)
        return scores if self.live is None else scores[:, self.live]

    def row(self, number: int) -> dict[str, object]:
        """Return a row of INDEX_ROWS, reading only its pages."""
        place = number if self.live is None else int(self.live[number])
        row = dict.fromkeys(INDEX_ROWS.names)
        row |= {name: column[place].as_py() for name, column in self._shown}
        if self.texts is not None:
            row["text"] = self.texts.one(*(int(column[place]) for column in self._text_places))
        return row

    @cached_property
    def _shown(self) -> list[tuple[str, pa.Array | pa.ChunkedArray]]:
        """The columns of INDEX_ROWS; values of an array are read faster than those of chunks."""
        names = [name for name in INDEX_ROWS.names if name in self.columns.column_names]
        columns = [(name, self.columns[name]) for name in names]
        return [(name, c.chunk(0) if c.num_chunks == 1 else c) for name, c in columns]

    @cached_property
    def _text_places(self) -> list[npt.NDArray[np.int32]]:
        return [self.columns[name].to_numpy() for name in _TEXT_PLACES]

    def table(
        self,
        columns: Sequence[str] = tuple(INDEX_ROWS.names),
        *,
        first: int = 0,
        count: int | None = None,
    ) -> pa.Table:
        """Return columns of `count` rows from `first` on, or of all, with the types of PART_ROWS."""
        last = len(self) if count is None else min(len(self), first + count)
        return self.taken(np.arange(first, last), columns)

    def taken(self, numbers: Numbers, columns: Sequence[str]) -> pa.Table:
        """Return columns of these rows, which are ascending."""
        places = self.places(numbers)
        low, high = (int(places[0]), int(places[-1]) + 1) if len(places) else (0, 0)
        run = self.columns.slice(low, high - low)
        is_whole = len(places) == high - low
        found = []
        for name in columns:
            column = self._of_run(run, name)
            held = column if is_whole else column.take(pa.array(places - low))
            found.append(held.cast(PART_ROWS.field(name).type))
        return pa.table(found, schema=pa.schema([PART_ROWS.field(name) for name in columns]))

    def _of_run(self, run: pa.Table, name: str) -> pa.Array | pa.ChunkedArray:
        if name == "text" and self.texts is not None:
            return self.texts.run(*(run[place].to_numpy() for place in _TEXT_PLACES))
        known = name in run.column_names
        return run[name] if known else pa.nulls(len(run), PART_ROWS.field(name).type)


def write_part(
    folder: Path,
    rows: Iterable[pa.Table],
    vectors: Iterable[tuple[Numbers, Vectors]],
    *,
    shape: tuple[int, int],
    compact: bool = False,
) -> None:
    """Write a part and make it durable.

    Args:
        rows: tables of PART_ROWS, in order.
        vectors: blocks with the numbers of their rows.
        shape: (number of rows, dimensions).
        compact: store the vectors in 16 bits a number.

    Raises:
        ValueError: there are more or fewer rows or vectors.
    """
    folder.mkdir(parents=True)
    count = _write_rows(folder, rows), write_vectors(folder, vectors, shape, compact=compact)
    if count != (shape[0], shape[0]):
        raise ValueError(f"{folder}: {count} rows and vectors are not {shape[0]}")
    for path in (folder / _ROWS, folder / _TEXTS, folder):
        sync(path)


def _write_rows(folder: Path, rows: Iterable[pa.Table]) -> int:
    """Write the texts as they come, and the other columns together: 10 MB for 55,000 rows."""
    held: list[pa.Table] = []

    def texts() -> Iterator[pa.ChunkedArray]:
        for table in rows:
            held.append(table.drop_columns(["text"]))
            yield table["text"]

    places = list(write_texts(folder / _TEXTS, texts()))
    joined = pa.concat_tables([PART_ROWS.empty_table().drop_columns(["text"]), *held])
    located = pa.concat_tables([TEXT_PLACES.empty_table(), *places])
    columns = [
        (joined if name in joined.column_names else located)[name].combine_chunks()
        for name in _STORED.names
    ]
    held_as = [
        encoded(column) if name in _REPEATED else column
        for name, column in zip(_STORED.names, columns, strict=True)
    ]
    with (
        pa.OSFile(str(make_private(folder / _ROWS)), "wb") as file,
        pa.ipc.new_file(file, _STORED) as writer,
    ):
        writer.write_batch(pa.record_batch(held_as, schema=_STORED))
    return len(joined)


def open_part(folder: Path, dead: str = "", files: FileSums = ()) -> Part:
    """Open a part by mapping its files.

    Args:
        dead: the digest of its dead rows, if it has any.
        files: the checksums of its other files; (): an earlier release wrote none.

    Raises:
        FileNotFoundError: the version was retired and deleted meanwhile; ask for the serving one.
        ValueError: a file is not as it was written.
    """
    require_sums(folder, files)
    stored = open_vectors(folder)
    # Mapped by numpy, which keeps no file open: a process may serve thousands of parts.
    mapped = pa.py_buffer(np.memmap(folder / _ROWS, mode="r"))
    columns = pa.ipc.open_file(pa.BufferReader(mapped)).read_all()
    texts = None if "text" in columns.column_names else open_texts(folder / _TEXTS)
    if len(stored) != columns.num_rows:
        raise ValueError(f"{len(stored)} vectors are not {columns.num_rows} rows")
    return Part(folder, stored, columns, texts, live_rows(folder, len(stored), dead))


@dataclass(frozen=True)
class Parts:
    """The parts of an index version as one sequence of numbered rows."""

    parts: tuple[Part, ...]
    dimensions: int

    @cached_property
    def starts(self) -> Numbers:
        """The number of each part's first row, then the count of all rows."""
        return np.cumsum([0, *(len(part) for part in self.parts)], dtype=np.int64)

    def __len__(self) -> int:
        return int(self.starts[-1])

    def __iter__(self) -> Iterator[Part]:
        return iter(self.parts)

    def numbered(self) -> Iterator[tuple[int, Part]]:
        """Yield each part with the number of its first row."""
        yield from zip(self.starts[:-1].tolist(), self.parts, strict=True)

    def cosines(self, query: Vectors, numbers: Numbers) -> Vectors:
        """Return the cosines of a unit vector with these rows, which are ascending."""
        scores = np.empty(len(numbers), np.float32)
        edges = np.searchsorted(numbers, self.starts).tolist()
        for (start, part), low, high in zip(self.numbered(), edges[:-1], edges[1:], strict=True):
            if low < high:
                scores[low:high] = part.cosines(query, numbers[low:high] - start)
        return scores

    def rows(self, numbers: Sequence[int]) -> list[dict[str, object]]:
        """Return rows of INDEX_ROWS in the order of `numbers`, reading only their pages."""
        places = np.searchsorted(self.starts, numbers, side="right") - 1
        return [
            self.parts[place].row(number - int(self.starts[place]))
            for place, number in zip(places.tolist(), numbers, strict=True)
        ]

    def table(self, columns: Sequence[str] = tuple(INDEX_ROWS.names)) -> pa.Table:
        schema = pa.schema([INDEX_ROWS.field(name) for name in columns])
        return pa.concat_tables(
            [schema.empty_table(), *(part.table(columns) for part in self.parts)]
        )


def open_parts(folder: Path, description: Description) -> Parts:
    """Open all parts of a version.

    Raises:
        FileNotFoundError: the version was retired and deleted meanwhile; ask for the serving one.
        BrokenFile: it has to be built again.
    """
    with opening(folder):
        opened = tuple(
            open_part(folder / one.name, one.dead, one.files) for one in description.parts
        )
    for entry, part in zip(description.parts, opened, strict=True):
        if len(part) != entry.rows:
            raise broken_index(folder, f"part {entry.name} has not its {entry.rows} rows")
    return Parts(opened, description.dimensions)
