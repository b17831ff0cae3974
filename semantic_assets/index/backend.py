"""What a backend is: it makes an index version searchable, and opens it for searching.

Every backend is built from the same parts, and every score is the exact cosine with the stored
float32 vector; backends differ in how they find the rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from semantic_assets.index.description import Description
from semantic_assets.index.parts import Parts
from semantic_assets.index.ranking import Hit, Numbers, Vectors, best


class Finder(Protocol):
    """An opened version's way to the nearest rows, and to what they say."""

    @property
    def parts(self) -> Parts:
        """All rows and vectors; a search needs them only where the backend has none of its own."""
        ...

    def nearest(self, queries: Vectors, k: int) -> list[list[Hit]]:
        """For each query (row, cosine) of k rows nearest to it, best first."""
        ...

    def rows(self, numbers: Sequence[int]) -> list[dict[str, object]]:
        """Rows of INDEX_ROWS in the order asked."""
        ...


@dataclass(frozen=True, slots=True)
class InParts:
    """What finders share that read rows and vectors from the parts."""

    parts: Parts

    def rows(self, numbers: Sequence[int]) -> list[dict[str, object]]:
        return self.parts.rows(numbers)


class Backend(Protocol):
    def build(self, folder: Path, description: Description, parts: Parts) -> None:
        """Make durable what `open` needs besides the parts."""
        ...

    def open(self, folder: Path, description: Description) -> Finder:
        """Raises:
        FileNotFoundError: the version was retired and deleted meanwhile.
        """
        ...

    def publish(self, description: Description) -> None:
        """Point whoever asks the backend itself to this version; after the switch."""
        ...

    def drop(self, description: Description) -> None:
        """Remove what lies outside the directory."""
        ...


def ranked(parts: Parts, query: Vectors, candidates: Numbers, k: int) -> list[Hit]:
    """The k nearest of these rows, by exact cosine."""
    return best(candidates, parts.cosines(query, candidates), k)
