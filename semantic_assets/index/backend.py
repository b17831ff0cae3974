"""What a backend is: it makes a generation searchable, and opens it for searching.

Every backend shares the parts, so rows and vectors are read the same way, and every score is the
exact cosine with the stored float32 vector; backends differ in how they find the rows.
"""

from pathlib import Path
from typing import Protocol

from semantic_assets.index.description import Description
from semantic_assets.index.parts import Parts
from semantic_assets.index.ranking import Hit, Numbers, Vectors, best


class Finder(Protocol):
    """An opened generation's way to the nearest rows."""

    def nearest(self, queries: Vectors, k: int) -> list[list[Hit]]:
        """For each query (row, cosine) of k rows nearest to it, best first."""
        ...


class Backend(Protocol):
    def build(self, folder: Path, description: Description, parts: Parts) -> None:
        """Make durable what `open` needs besides the parts."""
        ...

    def open(self, description: Description, parts: Parts) -> Finder: ...

    def publish(self, description: Description) -> None:
        """Point whoever asks the backend itself to this generation; after the switch."""
        ...

    def drop(self, description: Description) -> None:
        """Remove what lies outside the directory."""
        ...


def ranked(parts: Parts, query: Vectors, candidates: Numbers, k: int) -> list[Hit]:
    """The k nearest of these rows, by exact cosine."""
    return best(candidates, parts.cosines(query, candidates), k)
