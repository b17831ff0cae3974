"""The vectors of a part in a file: as float32, or compact, as 16-bit integers with a scale for each.

Compact ones take half the bytes. A cosine with one is off by 0.000001 (standard deviation, at most
0.000006 of 2.7 million), where float16 is off by 0.0000075 (0.00004) and takes ten times as long to
read. Backends that compare all vectors, or keep their own, get float32.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from semantic_assets.index.ranking import Numbers, Vectors
from semantic_assets.system.durable import make_private, sync

_VECTORS, _SCALES = "vectors.npy", "scales.npy"
_STEPS = np.float32(32_767)
#: Rows converted at once. A product of one query with more than 256 wakes the threads of BLAS: 55,000
#: rows then take 80 CPU milliseconds and not 10. For 32 queries 4,096 rows are best.
_BLOCK_OF_ONE, _BLOCK = 256, 4_096


@dataclass(frozen=True, slots=True)
class StoredVectors:
    """The vectors as memory maps, which outlive the deletion of the files."""

    path: Path
    matrix: npt.NDArray[Any]
    #: For each compact vector what its integers are multiplied with; None: they are float32.
    scales: Vectors | None

    def __len__(self) -> int:
        return len(self.matrix)

    def taken(self, rows: Numbers | slice) -> Vectors:
        """Return these rows as float32; a slice of float32 is the map itself."""
        if self.scales is None:
            found: Vectors = self.matrix[rows]
            return found
        compact: Vectors = self.matrix[rows] * self.scales[rows, None]
        return compact

    def cosines(self, query: Vectors, rows: Numbers) -> Vectors:
        """Return the cosines of a unit vector with these rows."""
        if self.scales is None:
            scores: Vectors = self.matrix[rows] @ query
        else:
            scores = (self.matrix[rows].astype(np.float32) @ query) * self.scales[rows]
        return scores

    def some_cosines(self, queries: Vectors, rows: Numbers) -> Vectors:
        """Return the cosines of unit vectors with these ascending rows, shape (queries, rows)."""
        is_run = len(rows) and rows[-1] - rows[0] + 1 == len(rows)
        some = slice(int(rows[0]), int(rows[-1]) + 1) if is_run else rows
        scores: Vectors = queries @ self.matrix[some].astype(np.float32, copy=False).T
        return scores if self.scales is None else scores * self.scales[some]

    def all_cosines(self, queries: Vectors) -> Vectors:
        """Return the cosines of unit vectors with all rows, shape (queries, rows)."""
        if self.scales is None:
            scores: Vectors = queries @ self.matrix.T
            return scores
        scores = np.empty((len(queries), len(self)), np.float32)
        rows = _BLOCK_OF_ONE if len(queries) == 1 else _BLOCK
        for start in range(0, len(self), rows):
            block = self.matrix[start : start + rows].astype(np.float32)
            np.matmul(queries, block.T, out=scores[:, start : start + len(block)])
        scores *= self.scales
        return scores

    def are(self, rows: Numbers, vectors: Vectors) -> npt.NDArray[np.bool_]:
        """Say for each of these rows whether it was written from that vector."""
        same: npt.NDArray[np.bool_]
        if self.scales is None:
            same = (self.matrix[rows] == vectors).all(axis=1)
        else:
            integers, scales = _compact(vectors)
            same = (self.matrix[rows] == integers).all(axis=1) & (self.scales[rows] == scales)
        return same

    def blocks(self, rows: int) -> Iterator[Vectors]:
        """Yield all vectors in blocks of `rows`, each in the buffer of the block before.

        They are read and not mapped: a map of a shard's vectors is 170 MB resident, and costs half
        a CPU second of page faults.
        """
        width, start = self.matrix.shape[1], 0
        held = np.empty((min(rows, len(self)), width), self.matrix.dtype)
        buffer = held if self.scales is None else np.empty(held.shape, np.float32)
        with self.path.open("rb", buffering=0) as file:
            file.seek(-self.matrix.nbytes, SEEK_END)
            while start < len(self):
                count = min(rows, len(self) - start)
                _fill(file, held[:count], self.path)
                if self.scales is not None:
                    scales = self.scales[start : start + count, None]
                    np.multiply(held[:count], scales, out=buffer[:count])
                yield buffer[:count]
                start += count


def _fill(file: Any, block: npt.NDArray[Any], path: Path) -> None:
    wanted = block.data.cast("B")
    while wanted and (read := file.readinto(wanted)):
        wanted = wanted[read:]
    if wanted:
        raise EOFError(f"{path} is cut short")


def write_vectors(
    folder: Path,
    blocks: Iterable[tuple[Numbers, Vectors]],
    shape: tuple[int, int],
    *,
    compact: bool,
) -> int:
    """Write blocks of vectors with the numbers of their rows, durably; return how many."""
    written, scales = 0, np.zeros(shape[0], np.float32)
    with make_private(folder / _VECTORS).open("wb") as file:
        header = {"descr": "<i2" if compact else "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        first, width = file.tell(), shape[1] * (2 if compact else 4)
        for numbers, block in blocks:
            values: npt.NDArray[Any] = np.asarray(block, np.float32)
            if compact:
                values, scales[numbers] = _compact(values)
            # The numbers usually follow one another, and a block is one write.
            for run in np.split(np.arange(len(numbers)), np.flatnonzero(np.diff(numbers) != 1) + 1):
                if len(run):
                    file.seek(first + int(numbers[run[0]]) * width)
                    np.ascontiguousarray(values[run[0] : run[-1] + 1]).tofile(file)
            written += len(numbers)
    sync(folder / _VECTORS)
    if compact:
        with make_private(folder / _SCALES).open("wb") as file:
            np.save(file, scales)
        sync(folder / _SCALES)
    return written


def _compact(vectors: Vectors) -> tuple[npt.NDArray[np.int16], Vectors]:
    """Return vectors as integers and scales: the largest number of each becomes 32,767."""
    scales: Vectors = np.abs(vectors).max(axis=1, initial=0) / _STEPS
    scales[scales == 0] = 1
    return np.rint(vectors / scales[:, None]).astype(np.int16), scales


def open_vectors(folder: Path) -> StoredVectors:
    """Map the vectors of a part.

    Raises:
        FileNotFoundError: the version was retired and deleted meanwhile.
        ValueError: the file is not as it was written.
    """
    # As a plain array: picking 300 rows of a `memmap` takes twice as long.
    matrix = np.asarray(np.load(folder / _VECTORS, mmap_mode="r"))
    scales = None if matrix.dtype == np.float32 else np.load(folder / _SCALES)
    if scales is not None and len(scales) != len(matrix):
        raise ValueError(f"{_SCALES} is of another part")
    return StoredVectors(folder / _VECTORS, matrix, scales)
