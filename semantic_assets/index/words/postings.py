"""Postings: which rows have each term and how often, brought together from blocks of rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from semantic_assets.index.words.word_file import heads_of

_SMALL_PART = 1 << 16


@dataclass(frozen=True, slots=True)
class Postings:
    """Postings of a block of rows: for each of its terms the rows, ascending, and the counts."""

    #: Numbers of the terms, in any order, and how many rows each has.
    terms: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]
    rows: npt.NDArray[np.uint32]
    counts: npt.NDArray[np.uint8]


def merged(
    terms: Sequence[bytes], blocks: Sequence[Postings], rows: int
) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a word file: blocks one after the other, term by term in their bytes' order.

    Args:
        terms: the terms by their numbers.
        rows: the number of rows of all blocks.
    """
    order = sorted(range(len(terms)), key=terms.__getitem__)
    rank = np.zeros(len(order), np.int64)
    rank[order] = np.arange(len(order))
    sizes = np.zeros(len(order), np.int64)
    for one in blocks:
        sizes[rank[one.terms]] += one.sizes
    starts = np.concatenate(([0], np.cumsum(sizes)))
    of_rows = np.zeros(starts[-1], np.uint16 if rows <= _SMALL_PART else np.uint32)
    counts, free = np.zeros(starts[-1], np.uint8), starts[:-1].copy()
    for one in blocks:
        of_term = rank[one.terms]
        first = np.cumsum(one.sizes) - one.sizes
        target = np.repeat(free[of_term] - first, one.sizes) + np.arange(len(one.rows))
        of_rows[target], counts[target] = one.rows, one.counts
        free[of_term] += one.sizes
    ordered = [terms[number] for number in order]
    term_starts = _narrow(np.cumsum([0, *map(len, ordered)]))
    return {
        "terms": np.frombuffer(b"".join(ordered), np.uint8),
        "term_starts": term_starts,
        "heads": heads_of(ordered),
        "row_starts": _narrow(starts),
        "rows": of_rows,
        "counts": counts,
    }


def _narrow(starts: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    return starts.astype(np.uint32 if starts[-1] < 1 << 32 else np.uint64)
