"""Learn the one weight of hybrid search from judged questions, or leave the usual one.

A weight that is best for the questions it was chosen by is always better than the usual one, by
chance alone. So it is chosen by four fifths of the questions and judged by the others, five times: it
is taken if it is better there by more than what the questions differ by chance.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from semantic_assets.pipeline.search.fusion import WEIGHT

#: Weights of the meaning that are tried.
WEIGHTS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
#: With fewer questions nothing is learned; of more, these are taken, spread evenly.
FEWEST, MOST = 30, 300
_FOLDS = 5
#: A gain in nDCG@10 that is worth a weight of its own.
_LEAST_GAIN = 0.002
Scores = npt.NDArray[np.floating[Any]]


def learned_weight(count: int, scores_of: Callable[[float, Sequence[int]], Scores]) -> float | None:
    """Return the weight learned from `count` questions; None: the usual one stays.

    Args:
        scores_of: nDCG@10 of the questions of these numbers with this weight.
    """
    if count < FEWEST:
        return None
    numbers = np.unique(np.linspace(0, count - 1, min(count, MOST)).astype(int)).tolist()
    scores = np.stack([scores_of(weight, numbers) for weight in WEIGHTS])
    gains = _out_of_fold(scores) - scores_of(WEIGHT, numbers)
    error = gains.std(ddof=1) / np.sqrt(len(gains))
    if gains.mean() <= max(_LEAST_GAIN, 2 * error):
        return None
    return _best(scores)


def _out_of_fold(scores: Scores) -> Scores:
    """Return the score of each question with the weight that the other folds choose."""
    folds = np.arange(scores.shape[1]) % _FOLDS
    found = np.empty(scores.shape[1])
    for fold in range(_FOLDS):
        is_in = folds == fold
        chosen = WEIGHTS.index(_best(scores[:, ~is_in]))
        found[is_in] = scores[chosen, is_in]
    return found


def _best(scores: Scores) -> float:
    """Return the best weight; of equal ones the nearest to the usual."""
    means = scores.mean(axis=1).round(6)
    best = [weight for weight, mean in zip(WEIGHTS, means, strict=True) if mean == means.max()]
    return min(best, key=lambda weight: abs(weight - WEIGHT))
