"""Small exact indexes of one space as one matrix: a thousand products cost ten times as much as one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from semantic_assets.index.exact import ExactFinder
from semantic_assets.index.opened_version import Index
from semantic_assets.index.parts import Part, Parts
from semantic_assets.index.ranking import Numbers, Vectors
from semantic_assets.index.stored_vectors import StoredVectors
from semantic_assets.model.backends import EXACT, FAISS
from semantic_assets.model.tables import INDEX_ROWS

#: A larger index gains nothing from being copied.
_SMALL_ROWS = 4_096
#: Fewer are as fast by themselves.
_FEWEST = 4
#: Copied vectors of one stack.
_MAX_BYTES = 128 << 20


@dataclass(frozen=True, slots=True)
class Stack:
    """The vectors of several indexes, one after the other."""

    finder: ExactFinder
    #: The number of each index's first row, then the count of all rows.
    starts: Numbers

    @property
    def size(self) -> int:
        """The bytes in memory."""
        return sum(part.vectors.nbytes for part in self.finder.parts)

    def nearest(
        self, queries: Vectors, k: int, among: Sequence[Numbers | None] = ()
    ) -> list[list[tuple[float, int, int]]]:
        """Return (cosine, place of the index, its row) of each query's k nearest rows, best first.

        Args:
            among: for each index the rows that may be found, ascending; None, or none named: all.
        """
        found = []
        for hits in self.finder.nearest(queries, k, self._among(among)):
            rows = np.array([row for row, _ in hits], np.int64)
            places = np.searchsorted(self.starts, rows, side="right") - 1
            own = rows - self.starts[places]
            scores = [score for _, score in hits]
            found.append(list(zip(scores, places.tolist(), own.tolist(), strict=True)))
        return found

    def _among(self, among: Sequence[Numbers | None]) -> Numbers | None:
        """Return the numbers here of the rows of each index."""
        if all(rows is None for rows in among):
            return None
        edges = zip(among, self.starts[:-1], self.starts[1:], strict=True)
        return np.concatenate(
            [np.arange(low, high) if rows is None else rows + low for rows, low, high in edges]
        )


def stackable(indexes: Sequence[Index], dimensions: int) -> list[bool]:
    """Say for each index whether it goes into a stack: small, exact and of this size of vectors."""
    left, chosen = _MAX_BYTES, []
    for index in indexes:
        size = len(index) * dimensions * 4
        description = index.description
        is_small = (
            description.backend in (EXACT, FAISS)
            and description.dimensions == dimensions
            and 0 < len(index) <= _SMALL_ROWS
            and size <= left
        )
        left -= size if is_small else 0
        chosen.append(is_small)
    return chosen if sum(chosen) >= _FEWEST else [False] * len(chosen)


def stacked(indexes: Sequence[Index], dimensions: int) -> Stack:
    """Copy the vectors of indexes that are `stackable` into one matrix, in their order."""
    starts = np.cumsum([0, *map(len, indexes)], dtype=np.int64)
    vectors = np.empty((int(starts[-1]), dimensions), np.float32)
    at = 0
    for index in indexes:
        for part in index.parts:
            vectors[at : at + len(part)] = part.vectors
            at += len(part)
    held = StoredVectors(indexes[0].folder, vectors, None)
    whole = Part(indexes[0].folder, held, INDEX_ROWS.empty_table(), None)
    return Stack(ExactFinder(Parts((whole,), dimensions)), starts)
