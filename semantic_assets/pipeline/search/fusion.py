"""One score of two: how near a row is in meaning, and how well its words match.

Both are brought to a scale that any row can be placed on by itself, so that the order of two rows
does not depend on how many others were looked at: 0 is a row like any other, 1 the best there is.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from semantic_assets.model.keys import DatasetKey

Scores = npt.NDArray[np.floating[Any]]
#: The share of the meaning in the score; the words have the rest.
WEIGHT = 0.5
#: Reciprocal rank fusion: how little the first ranks differ.
_RRF_K = 60


def weight_of(dataset: DatasetKey) -> float:
    """Return the share of the meaning in a dataset's scores."""
    del dataset  # none has a weight of its own yet
    return WEIGHT


def mixed(meaning: Scores, words: Scores, weight: Scores | float) -> Scores:
    """Return the convex combination of two scores on one scale."""
    mix: Scores = weight * meaning + (1 - np.asarray(weight)) * words
    return mix


def scaled(scores: Scores, least: float, best: float) -> Scores:
    """Return scores on the scale from `least`, 0, to `best`, 1."""
    return (scores - least) / (best - least) if best > least else np.ones_like(scores)


def by_rank(*ranks: npt.NDArray[np.integer[Any]]) -> Scores:
    """Return the reciprocal rank fusion of several rankings; ranks begin at 1, 0 is not ranked."""
    parts = [np.where(one > 0, 1 / (_RRF_K + one), 0.0) for one in ranks]
    return np.asarray(np.sum(parts, axis=0))
