"""Which rows of a job are embedded again in real time: a hundredth of its tokens, spent where it tells.

A token in real time costs twice one of a batch, so this is 2 % of the bill. Half of it goes to the
rows whose token counts fit their texts least: where lengths differ, a swap shows there. The rest is
drawn, short texts more often: a short text tells as much as a long one, and costs less. The fewer
texts are of one length, the fewer are drawn.
"""

import numpy as np
import numpy.typing as npt

from semantic_assets.batching.plausibility import Floats, misfit

Rows = npt.NDArray[np.int64]
#: Canary tokens are this part of a job's.
_PART = 100
#: A job of up to this many tokens is embedded again whole: a hundredth of a cent.
FLOOR_TOKENS = 500
#: Of one call in real time.
MAX_CANARIES = 100
#: A swap of this part of the rows is to be missed in at most one job of a hundred.
_SWAPPED, _MISSED = 0.05, 0.01
#: Counts are alike within three standard deviations of their estimates' error, at least.
_ALIKE, _LEAST_ALIKE = 3 * 1.4826, 0.05


def canary_tokens(tokens: int, requests: int) -> int:
    """Return the tokens of a job's canaries, at most; one row is embedded again whatever it costs."""
    one_row = -(-tokens // max(1, requests))
    return min(tokens, max(tokens // _PART, FLOOR_TOKENS, one_row))


def choose_canaries(estimates: Floats, counts: Floats, seed: str) -> list[int]:
    """Return the rows to embed again; `counts` are Google's, 0 where there is none."""
    costs = _costs(estimates, counts)
    allowed = canary_tokens(int(costs.sum()), len(costs))
    if costs.sum() <= allowed and len(costs) <= MAX_CANARIES:
        return list(range(len(costs)))
    chosen = _affordable(_doubtful(estimates, counts), costs, allowed // 2, MAX_CANARIES // 2)
    left = allowed - int(costs[chosen].sum())
    most = min(MAX_CANARIES - len(chosen), _needed(estimates, counts))
    drawn = np.argsort(draw_order(estimates, counts, np.random.default_rng(list(seed.encode()))))
    chosen += _affordable(drawn[~np.isin(drawn, chosen)], costs, left, most)
    return chosen or [int(np.argmin(costs))]


def _doubtful(estimates: Floats, counts: Floats) -> Rows:
    return np.argsort(-misfit(estimates, counts), kind="stable")


def draw_order(estimates: Floats, counts: Floats, rng: np.random.Generator) -> Floats:
    """Return by what the rows are drawn, the lowest first: with odds of one over their tokens.

    Rows may be given in portions, with the same generator.
    """
    order: Floats = rng.exponential(size=len(counts)) * _costs(estimates, counts)
    return order


def _costs(estimates: Floats, counts: Floats) -> Floats:
    return np.where(counts > 0, counts, estimates)


def _affordable(rows: Rows, costs: Floats, tokens: int, most: int) -> list[int]:
    """Return the first of these rows that so many tokens pay for."""
    chosen: list[int] = []
    for row in rows:
        if len(chosen) == most:
            break
        if costs[row] <= tokens:
            tokens -= int(costs[row])
            chosen.append(int(row))
    return chosen


def _needed(estimates: Floats, counts: Floats) -> int:
    """Return how many rows to draw for what token counts leave open: at least one.

    A swap of pairs goes unseen by counts if each of them is alike.
    """
    pairs = max(1.0, _SWAPPED * len(counts) / 2)
    unseen = _alike_share(estimates, counts) ** pairs
    if unseen <= _MISSED:
        return 1
    return int(np.ceil(np.log(_MISSED / unseen) / np.log(1 - _SWAPPED)))


def _alike_share(estimates: Floats, counts: Floats) -> float:
    """Return the share of pairs of rows whose counts would fit each other's text as well."""
    if len(counts) < 2 or not (counts > 0).all():
        return 1.0
    error = float(np.median(misfit(estimates, counts)))
    alike = max(_ALIKE * error, _LEAST_ALIKE)
    lengths: npt.NDArray[np.float64] = np.sort(np.log(counts))
    first = np.searchsorted(lengths, lengths - alike, side="left")
    last = np.searchsorted(lengths, lengths + alike, side="right")
    pairs = len(lengths) * (len(lengths) - 1)
    return float((last - first - 1).sum() / pairs)
