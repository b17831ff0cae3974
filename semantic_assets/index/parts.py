"""Parts: the rows and vectors of a shard, in files that are written once and then only read.

Rows are an Arrow file without compression: opening maps it, a hit reads its own pages, and writing
55,000 rows costs 0.1 CPU seconds where Parquet with zstd costs 0.9.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from os import SEEK_END
from pathlib import Path

import numpy as np
import pyarrow as pa

from semantic_assets.index.broken_index import broken_index, opening
from semantic_assets.index.description import Description
from semantic_assets.index.ranking import Numbers, Vectors
from semantic_assets.model.tables import INDEX_ROWS
from semantic_assets.system.durable import make_private, sync

_VECTORS, _ROWS = "vectors.npy", "rows.arrow"


@dataclass(frozen=True, slots=True)
class Part:
    """A part whose vectors and rows are memory maps, which outlive the deletion of the files."""

    folder: Path
    vectors: Vectors
    rows: pa.Table

    @property
    def name(self) -> str:
        return self.folder.name

    def __len__(self) -> int:
        return len(self.vectors)

    def blocks(self, rows: int) -> Iterator[Vectors]:
        """Yield all vectors in blocks of `rows`, each in the buffer of the block before.

        They are read and not mapped: a map of a shard's vectors is 170 MB resident, and costs half
        a CPU second of page faults.
        """
        buffer = np.empty((min(rows, len(self)), self.vectors.shape[1]), np.float32)
        with (self.folder / _VECTORS).open("rb", buffering=0) as file:
            file.seek(-self.vectors.nbytes, SEEK_END)
            for start in range(0, len(self), rows):
                block = buffer[: min(rows, len(self) - start)]
                wanted = block.data.cast("B")
                while wanted and (read := file.readinto(wanted)):
                    wanted = wanted[read:]
                if wanted:
                    raise EOFError(f"{self.folder / _VECTORS} is cut short")
                yield block


def write_part(
    folder: Path,
    rows: Iterable[pa.Table],
    vectors: Iterable[tuple[Numbers, Vectors]],
    *,
    shape: tuple[int, int],
) -> None:
    """Write a part and make it durable.

    Args:
        rows: tables of INDEX_ROWS, in order.
        vectors: blocks with the numbers of their rows.
        shape: (number of rows, dimensions).

    Raises:
        ValueError: there are more or fewer rows or vectors.
    """
    folder.mkdir(parents=True)
    written = _write_rows(folder / _ROWS, rows), _write_vectors(folder / _VECTORS, vectors, shape)
    if written != (shape[0], shape[0]):
        raise ValueError(f"{folder}: {written} rows and vectors are not {shape[0]}")
    for path in (folder / _ROWS, folder / _VECTORS, folder):
        sync(path)


def _write_rows(path: Path, rows: Iterable[pa.Table]) -> int:
    written = 0
    with (
        pa.OSFile(str(make_private(path)), "wb") as file,
        pa.ipc.new_file(file, INDEX_ROWS) as writer,
    ):
        for table in rows:
            writer.write_table(table.cast(INDEX_ROWS))
            written += table.num_rows
    return written


def _write_vectors(
    path: Path, blocks: Iterable[tuple[Numbers, Vectors]], shape: tuple[int, int]
) -> int:
    written = 0
    with make_private(path).open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        first = file.tell()
        for numbers, block in blocks:
            # The numbers usually follow one another, and a block is one write.
            for run in np.split(np.arange(len(numbers)), np.flatnonzero(np.diff(numbers) != 1) + 1):
                if len(run):
                    file.seek(first + int(numbers[run[0]]) * shape[1] * 4)
                    np.ascontiguousarray(block[run[0] : run[-1] + 1], np.float32).tofile(file)
            written += len(numbers)
    return written


def open_part(folder: Path) -> Part:
    """Open a part by mapping its files.

    Raises:
        FileNotFoundError: the version was retired and deleted meanwhile; ask for the serving one.
    """
    # As a plain array: picking 300 rows of a `memmap` takes twice as long.
    vectors = np.asarray(np.load(folder / _VECTORS, mmap_mode="r"))
    # Mapped by numpy, which keeps no file open: a process may serve thousands of parts.
    mapped = pa.py_buffer(np.memmap(folder / _ROWS, mode="r"))
    return Part(folder, vectors, pa.ipc.open_file(pa.BufferReader(mapped)).read_all())


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
        edges = np.searchsorted(numbers, self.starts)
        for (start, part), low, high in zip(self.numbered(), edges[:-1], edges[1:], strict=True):
            scores[low:high] = part.vectors[numbers[low:high] - start] @ query
        return scores

    def rows(self, numbers: Sequence[int]) -> list[dict[str, object]]:
        """Return rows of INDEX_ROWS in the order of `numbers`, reading only their pages."""
        places = np.searchsorted(self.starts, numbers, side="right") - 1
        return [
            {name: column[number - start].as_py() for name, column in self._columns[place]}
            for place, number in zip(places.tolist(), numbers, strict=True)
            for start in [int(self.starts[place])]
        ]

    @cached_property
    def _columns(self) -> list[list[tuple[str, pa.ChunkedArray]]]:
        """The columns of each part: to find them again for each row takes as long as the row."""
        return [
            list(zip(part.rows.column_names, part.rows.columns, strict=True)) for part in self.parts
        ]

    def table(self, columns: Sequence[str] = tuple(INDEX_ROWS.names)) -> pa.Table:
        schema = pa.schema([INDEX_ROWS.field(name) for name in columns])
        tables = [part.rows.select(list(columns)) for part in self.parts]
        return pa.concat_tables([schema.empty_table(), *tables])


def open_parts(folder: Path, description: Description) -> Parts:
    """Open all parts of a version.

    Raises:
        FileNotFoundError: the version was retired and deleted meanwhile; ask for the serving one.
        BrokenFile: it has to be built again.
    """
    with opening(folder):
        opened = tuple(open_part(folder / part.name) for part in description.parts)
    for entry, part in zip(description.parts, opened, strict=True):
        if not len(part) == part.rows.num_rows == entry.rows:
            raise broken_index(folder, f"part {entry.name} has not its {entry.rows} rows")
    return Parts(opened, description.dimensions)
