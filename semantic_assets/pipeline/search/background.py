"""What is usual among the rows of a space: a cosine says little before it is held against them.

Models differ in the level and the spread of their cosines: unrelated texts have 0.05 in one and 0.6
in another. A fixed sample of the rows tells both, so a hit that stands out is known in any model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from semantic_assets.index.opened_version import Index
from semantic_assets.index.ranking import Vectors

_ROWS = 256
#: The least spread that is believed, of a few rows that happen to be alike.
_LEAST_SPREAD = 0.02


@dataclass(frozen=True, eq=False)
class Background:
    """Vectors of some rows, spread evenly over all."""

    vectors: Vectors
    #: The number of all rows.
    rows: int

    @classmethod
    def of(cls, several: Sequence[Index], dimensions: int) -> "Background":
        starts = np.cumsum([0, *map(len, several)], dtype=np.int64)
        rows = int(starts[-1])
        numbers = np.unique(np.linspace(0, max(rows - 1, 0), min(_ROWS, rows)).astype(np.int64))
        edges = np.searchsorted(numbers, starts)
        taken = [
            index.finder.vectors(numbers[low:high] - start)
            for index, start, low, high in zip(
                several, starts[:-1], edges[:-1], edges[1:], strict=True
            )
            if low < high
        ]
        return cls(np.concatenate([np.empty((0, dimensions), np.float32), *taken]), rows)

    @cached_property
    def spread(self) -> float:
        """The standard deviation of the cosines of different rows of the sample."""
        cosines = self.vectors @ self.vectors.T
        others = cosines[~np.eye(len(cosines), dtype=np.bool_)]
        return max(float(others.std()), _LEAST_SPREAD) if len(others) else 1.0

    def level(self, query: Vectors) -> float:
        """Return the mean cosine of a question with the sample."""
        return float((self.vectors @ query).mean()) if len(self.vectors) else 0.0
