"""A check by token counts alone that answers can belong to their keys.

A swapped pair brings each other's token count along. Estimates follow the count of their own text
within some tens of percent, so a swap between texts of different length stands out by its ratio.
Equal lengths do not stand out: the canary finds those.
"""

import numpy as np
import numpy.typing as npt

#: With fewer rows, chance alone may look like a fault.
_MIN_ROWS = 30
#: Of two texts whose estimates and counts are so far apart the longer has more tokens. Where either
#: hardly differ, order is noise: texts of one length were estimated 35 % apart.
_APART = np.log(1.3)
#: More rows so far off are no few texts of a rare kind.
_MOST_OUTLIERS = 0.25
#: Pairs drawn, and how many of them must be apart.
_PAIRS, _MIN_PAIRS = 100_000, 100
#: Real files were at 0.99 and above; a sixth of the rows swapped gives 0.85, all of them 0.5.
_MIN_AGREEING = 0.85
#: A count four times off its neighbours' ratio, in more than one row of a hundred.
_OUTLIER, _OUTLIER_SHARE, _MIN_OUTLIERS = np.log(4.0), 0.01, 3

Floats = npt.NDArray[np.float64]


def misfit(estimates: Floats, counts: Floats) -> Floats:
    """Return each row's |log(count / estimate)| about the median, shape (n,)."""
    ratios = log_ratios(estimates, counts)
    deviations: Floats = np.abs(ratios - np.median(ratios))
    return deviations


def log_ratios(estimates: Floats, counts: Floats) -> Floats:
    """Return each row's log(count / estimate), shape (n,)."""
    ratios: Floats = np.log(np.maximum(counts, 1.0)) - np.log(np.maximum(estimates, 1.0))
    return ratios


def implausible(estimates: Floats, counts: Floats) -> str | None:
    """Return the reason the counts cannot all belong to their texts, or None if they may."""
    return outlying(estimates, counts) or disordered(estimates, counts)


def outlying(estimates: Floats, counts: Floats) -> str | None:
    """Return that some counts are far off their texts, if so: swapped, or texts of a rare kind.

    A line of one repeated letter has a quarter of the tokens that its length lets expect.
    """
    if len(counts) < _MIN_ROWS:
        return None
    outliers = int(is_outlier(estimates, counts).sum())
    if outliers < max(_MIN_OUTLIERS, _OUTLIER_SHARE * len(counts)):
        return None
    return f"{outliers} of {len(counts)} token counts are four times off their texts"


def disordered(estimates: Floats, counts: Floats) -> str | None:
    """Return that the counts as a whole do not follow the lengths of the texts, if so.

    Rows that are far off by themselves say nothing of the others, unless they are many.
    """
    if len(counts) < _MIN_ROWS:
        return None
    far_off = is_outlier(estimates, counts)
    if far_off.mean() > _MOST_OUTLIERS:
        return outlying(estimates, counts)
    agreeing = _agreeing(estimates[~far_off], counts[~far_off])
    if agreeing >= _MIN_AGREEING:
        return None
    return (
        f"token counts do not follow the lengths of the texts ({agreeing:.0%} of pairs agree in "
        "which is longer)"
    )


def is_outlier(estimates: Floats, counts: Floats) -> npt.NDArray[np.bool_]:
    """Return which rows are far off their texts, shape (n,)."""
    found: npt.NDArray[np.bool_] = misfit(estimates, counts) > _OUTLIER
    return found


def _agreeing(estimates: Floats, counts: Floats) -> float:
    """Return the part of pairs in which the longer text has more tokens; 1.0 where none tell."""
    one, other = np.random.default_rng(0).integers(0, len(counts), (2, _PAIRS))
    lengths, counted = (np.log(np.maximum(side, 1.0)) for side in (estimates, counts))
    longer, more = lengths[one] - lengths[other], counted[one] - counted[other]
    is_apart = (np.abs(longer) >= _APART) & (np.abs(more) >= _APART)
    if is_apart.sum() < _MIN_PAIRS:
        return 1.0
    return float((longer * more > 0)[is_apart].mean())
