"""The exact backend: every vector is compared. Nothing to build, nothing that can go stale."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from semantic_assets.index.backend import InParts
from semantic_assets.index.description import Description
from semantic_assets.index.parts import Parts, open_parts
from semantic_assets.index.ranking import Hit, Vectors, best

#: 64 MB of scores.
_SCORES_AT_ONCE = 16_000_000


@dataclass(frozen=True, slots=True)
class ExactFinder(InParts):
    def nearest(self, queries: Vectors, k: int) -> list[list[Hit]]:
        numbers = np.arange(len(self.parts))
        together = max(1, _SCORES_AT_ONCE // max(1, len(numbers)))
        return [
            best(numbers, scores, k)
            for start in range(0, len(queries), together)
            for scores in self._scores(queries[start : start + together])
        ]

    def _scores(self, queries: Vectors) -> Vectors:
        """A row for each query. Several share one pass over the vectors: 32 cost as much as 4."""
        scores = np.empty((len(queries), len(self.parts)), np.float32)
        for start, part in self.parts.numbered():
            np.matmul(queries, part.vectors.T, out=scores[:, start : start + len(part)])
        return scores


class ExactBackend:
    def build(self, folder: Path, description: Description, parts: Parts) -> None:
        """The parts are all there is."""

    def open(self, folder: Path, description: Description) -> ExactFinder:
        return ExactFinder(open_parts(folder, description))

    def publish(self, description: Description) -> None:
        """Nobody else reads it."""

    def drop(self, description: Description) -> None:
        """Nothing lies elsewhere."""
