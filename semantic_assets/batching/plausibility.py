"""A check by token counts alone that answers can belong to their keys.

A swapped pair brings each other's token count along. Estimates follow the count of their own text
within some tens of percent, so a swap between texts of different length stands out by its ratio.
Equal lengths do not stand out: the canary finds those.
"""

import numpy as np
import numpy.typing as npt

#: With fewer rows, or texts all of one length, ranks say nothing.
_MIN_ROWS, _MIN_SPREAD = 30, 0.15
#: Estimates of texts of one length were within this of each other.
_ESTIMATE_SPREAD = 0.35
#: Real files were at 0.97 and above; half of the rows swapped gives about 0.5.
_MIN_CORRELATION = 0.8
#: A count four times off its neighbours' ratio, in more than one row of a hundred.
_OUTLIER, _OUTLIER_SHARE, _MIN_OUTLIERS = np.log(4.0), 0.01, 3

Floats = npt.NDArray[np.float64]


def misfit(estimates: Floats, counts: Floats) -> Floats:
    """Return each row's |log(count / estimate)| about the median, shape (n,)."""
    ratios = np.log(np.maximum(counts, 1.0)) - np.log(np.maximum(estimates, 1.0))
    deviations: Floats = np.abs(ratios - np.median(ratios))
    return deviations


def implausible(estimates: Floats, counts: Floats) -> str | None:
    """Return the reason the counts cannot all belong to their texts, or None if they may."""
    if len(counts) < _MIN_ROWS:
        return None
    outliers = int((misfit(estimates, counts) > _OUTLIER).sum())
    if outliers >= max(_MIN_OUTLIERS, _OUTLIER_SHARE * len(counts)):
        return f"{outliers} of {len(counts)} token counts are four times off their texts"
    spread, counted = (np.log(np.maximum(side, 1.0)).std() for side in (estimates, counts))
    # Where lengths hardly differ, ranks are noise; estimates alone differ by their own error.
    if spread < _MIN_SPREAD or (counted < _MIN_SPREAD and spread < _ESTIMATE_SPREAD):
        return None
    correlation = float(np.corrcoef(_ranks(estimates), _ranks(counts))[0, 1])
    if not correlation >= _MIN_CORRELATION:
        return f"token counts do not follow the lengths of the texts (rank correlation {correlation:.2f})"
    return None


def _ranks(values: Floats) -> Floats:
    """Return the ranks of values; ties share their mean."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts).astype(np.float64)
    ranks: Floats = (last - (counts - 1) / 2)[inverse]
    return ranks
