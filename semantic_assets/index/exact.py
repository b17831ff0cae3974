"""The exact backend, which compares every vector: it builds nothing that could go stale."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from semantic_assets.index.backend import InParts
from semantic_assets.index.description import Description
from semantic_assets.index.filtering.among_rows import nearest_among
from semantic_assets.index.one_thread import use_one_thread
from semantic_assets.index.parts import Parts, open_parts
from semantic_assets.index.ranking import Hit, Numbers, Vectors, best

#: 64 MB of scores.
_SCORES_AT_ONCE = 16_000_000


@dataclass(frozen=True, slots=True)
class ExactFinder(InParts):
    def nearest(self, queries: Vectors, k: int, among: Numbers | None = None) -> list[list[Hit]]:
        if among is not None:
            return nearest_among(self.parts, queries, k, among)
        numbers = np.arange(len(self.parts))
        together = max(1, _SCORES_AT_ONCE // max(1, len(numbers)))
        return [
            best(numbers, scores, k)
            for start in range(0, len(queries), together)
            for scores in self._scores(queries[start : start + together])
        ]

    def _scores(self, queries: Vectors) -> Vectors:
        """Return the cosines, shape (queries, rows), in one pass: 32 queries cost as much as 4."""
        scores = np.empty((len(queries), len(self.parts)), np.float32)
        use_one_thread()
        for start, part in self.parts.numbered():
            scores[:, start : start + len(part)] = part.all_cosines(queries)
        return scores


class ExactBackend:
    def build(self, folder: Path, description: Description, parts: Parts) -> None:
        """Build nothing: the search needs only the parts."""

    def open(self, folder: Path, description: Description) -> ExactFinder:
        return ExactFinder(open_parts(folder, description))

    def publish(self, description: Description) -> None:
        """Publish nothing: no other program reads the version."""

    def drop(self, description: Description) -> None:
        """Drop nothing: all data is in the version's directory."""
