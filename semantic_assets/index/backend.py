"""The interface of index backends, which make an index version searchable and open it.

Every backend is built from the same parts, and every score is the exact cosine with the stored
float32 vector; backends differ in how they find the rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa

from semantic_assets.index.description import Description
from semantic_assets.index.filtering.dictionaries import stored_column
from semantic_assets.index.one_thread import use_one_thread
from semantic_assets.index.parts import Parts
from semantic_assets.index.ranking import Hit, Numbers, Vectors, best

#: Where a row stands: its document, and its number there.
PLACE = ("document_id", "chunk_index")


class Finder(Protocol):
    """The search over an opened version: finds the nearest rows and reads their content."""

    @property
    def parts(self) -> Parts:
        """All rows and vectors; a search needs them only if the backend stores none itself."""
        ...

    def nearest(self, queries: Vectors, k: int, among: Numbers | None = None) -> list[list[Hit]]:
        """Return for each query the (row, cosine) of its k nearest rows, best first.

        Args:
            among: the rows that may be found, ascending; None: all.
        """
        ...

    def column(self, name: str) -> list[pa.Array] | None:
        """Return a column of INDEX_ROWS in pieces; None: an earlier release did not write it."""
        ...

    def rows(self, numbers: Sequence[int]) -> list[dict[str, object]]:
        """Return rows of INDEX_ROWS in the order of `numbers`."""
        ...

    def place(self, number: int) -> tuple[str, int]:
        """Return the document of a row and its place there, without its text."""
        ...

    def vectors(self, numbers: Numbers) -> Vectors:
        """Return the vectors of these rows, which are ascending."""
        ...

    def cosines(self, query: Vectors, numbers: Numbers) -> Vectors:
        """Return the cosines of a unit vector with these rows, which are ascending."""
        ...


@dataclass(frozen=True, slots=True)
class InParts:
    """Base of the finders that read rows and vectors from the parts."""

    parts: Parts

    def column(self, name: str) -> list[pa.Array] | None:
        pieces = [stored_column(part.columns, name, part.live) for part in self.parts]
        found = [piece for piece in pieces if piece is not None]
        return found if len(found) == len(pieces) else None

    def rows(self, numbers: Sequence[int]) -> list[dict[str, object]]:
        return self.parts.rows(numbers)

    def place(self, number: int) -> tuple[str, int]:
        which = int(np.searchsorted(self.parts.starts, number, side="right")) - 1
        part = self.parts.parts[which]
        (place,) = part.places(np.array([number - int(self.parts.starts[which])]))
        document, chunk = (part.columns[name][int(place)].as_py() for name in PLACE)
        return document, chunk

    def vectors(self, numbers: Numbers) -> Vectors:
        edges = np.searchsorted(numbers, self.parts.starts)
        pieces = zip(self.parts.numbered(), edges[:-1], edges[1:], strict=True)
        taken = [
            part.stored.taken(part.places(numbers[low:high] - start))
            for (start, part), low, high in pieces
            if low < high
        ]
        return np.concatenate([np.empty((0, self.parts.dimensions), np.float32), *taken])

    def cosines(self, query: Vectors, numbers: Numbers) -> Vectors:
        return self.parts.cosines(query, numbers)


class Backend(Protocol):
    def build(self, folder: Path, description: Description, parts: Parts) -> None:
        """Write durably all data that `open` needs besides the parts."""
        ...

    def open(self, folder: Path, description: Description) -> Finder:
        """Open a version for searching.

        Raises:
            FileNotFoundError: the version was retired and deleted meanwhile.
        """
        ...

    def publish(self, description: Description) -> None:
        """Point other users of the backend to this version, after the switch."""
        ...

    def drop(self, description: Description) -> None:
        """Remove the version's data outside its directory."""
        ...


def ranked(parts: Parts, query: Vectors, candidates: Numbers, k: int) -> list[Hit]:
    """Return the k nearest of these rows, by exact cosine."""
    use_one_thread()
    return best(candidates, parts.cosines(query, candidates), k)
