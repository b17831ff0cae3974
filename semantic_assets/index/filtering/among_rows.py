"""The nearest of some rows: exactly where they are few, and by asking for more where they are many."""

from collections.abc import Callable

import numpy as np

from semantic_assets.index.one_thread import use_one_thread
from semantic_assets.index.parts import Parts
from semantic_assets.index.ranking import Hit, Numbers, Vectors, best

#: Rows converted at once, which stay in the caches: 256 KB of 768 numbers in 16 bits.
_BLOCK = 256
#: How many times more candidates are asked for than there should be, and where those are too few.
_SPARE, _MORE = 1.5, 4


def nearest_among(parts: Parts, queries: Vectors, k: int, among: Numbers) -> list[list[Hit]]:
    """Return the nearest of these rows, which are ascending, by comparing each of them."""
    use_one_thread()
    scores = np.empty((len(queries), len(among)), np.float32)
    edges = np.searchsorted(among, parts.starts).tolist()
    for (start, part), low, high in zip(parts.numbered(), edges[:-1], edges[1:], strict=True):
        for first in range(low, high, _BLOCK):
            last = min(first + _BLOCK, high)
            places = part.places(among[first:last] - start)
            scores[:, first:last] = part.stored.some_cosines(queries, places)
    return [best(among, of_one, k) for of_one in scores]


def widened(
    ask: Callable[[int], Numbers], among: Numbers, wanted: int, rows: int
) -> Numbers | None:
    """Return enough candidates that are among these rows, ascending, by asking for more and more.

    Args:
        ask: returns that many candidates of all rows, the nearest first.

    Returns:
        None: so many would have to be asked for that all of `among` are compared as fast.
    """
    wanted = min(wanted, len(among))
    asked = int(wanted * rows / max(1, len(among)) * _SPARE) + 1
    while asked * 4 < rows:
        found = ask(asked)
        places = np.minimum(np.searchsorted(among, found), len(among) - 1)
        allowed: Numbers = found[among[places] == found]
        if len(allowed) >= wanted:
            return allowed
        asked *= _MORE
    return None
