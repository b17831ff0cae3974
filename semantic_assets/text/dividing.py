"""Division of a document's units into parts that fit, at breaks that do not move with an edit."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_BLOCK = 2048


def divide(
    prefix: Sequence[int],
    ranks: list[int],
    headings: Sequence[int],
    *,
    max_weight: int,
    min_weight: int,
) -> list[int]:
    """Return the indices of the units that begin a new part, ascending.

    Args:
        prefix: weight of all units before each unit, then of all units; one longer than `ranks`.
        headings: weight of what is embedded before a part that begins with each unit.
    """
    lowest = Lowest(np.asarray(ranks)) if len(ranks) > _BLOCK else _LowestOfFew(ranks)
    cuts: list[int] = []
    pending = [(0, len(ranks))]
    while pending:
        first, last = pending.pop()
        if prefix[last] - prefix[first] + headings[first] <= max_weight or last - first < 2:
            continue
        cut = _best_cut(lowest, prefix, first, last, min_weight)
        cuts.append(cut)
        pending.extend(((first, cut), (cut, last)))
    return sorted(cuts)


def _best_cut(
    lowest: "Lowest | _LowestOfFew", prefix: Sequence[int], first: int, last: int, min_weight: int
) -> int:
    """Return the lowest-ranked break that leaves both sides `min_weight`, else the middle one."""
    low = bisect_left(prefix, prefix[first] + min_weight, first)
    high = bisect_right(prefix, prefix[last] - min_weight, 0, last + 1) - 1
    low, high = max(low, first + 1), min(high, last - 1)
    if low <= high:
        return lowest.between(low, high)
    middle = bisect_left(prefix, (prefix[first] + prefix[last]) // 2, first)
    return min(max(middle, first + 1), last - 1)


class _LowestOfFew:
    """`Lowest` for few ranks: a plain list is faster while a run of it fits a cache."""

    def __init__(self, ranks: list[int]) -> None:
        self._ranks = ranks

    def between(self, low: int, high: int) -> int:
        lowest = min(self._ranks[low : high + 1])
        return self._ranks.index(lowest, low, high + 1)


class Lowest:
    """Finds the position of the lowest rank in a range; of equal ranks, the first.

    It searches by blocks: in a text that repeats itself every split takes off just one chunk, and
    to scan all the rest for each took minutes for 20 MB.
    """

    def __init__(self, ranks: npt.NDArray[np.int64], block: int = _BLOCK) -> None:
        whole = len(ranks) // block * block
        self._ranks, self._block = ranks, block
        self._minima = ranks[:whole].reshape(-1, block).min(axis=1)

    def between(self, low: int, high: int) -> int:
        """Return the position of the lowest rank from `low` to `high`, both included."""
        size = self._block
        first, last = -(-low // size), (high + 1) // size
        if first >= last:
            return self._scan(low, high + 1)
        block = first + int(np.argmin(self._minima[first:last]))
        runs = [
            (low, first * size),
            (block * size, (block + 1) * size),
            (last * size, high + 1),
        ]
        return min((self._scan(*run) for run in runs if run[0] < run[1]), key=self._ranks.item)

    def _scan(self, start: int, end: int) -> int:
        return start + int(np.argmin(self._ranks[start:end]))
