"""The order of hits: by cosine, the lower row first among equals."""

from typing import Any

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]
Hit = tuple[int, float]


def best(numbers: Numbers, scores: npt.NDArray[Any], k: int) -> list[Hit]:
    """Return (row, score) of the k highest scores, best first. `numbers` are ascending."""
    if not len(scores):
        return []
    least = np.partition(scores, -min(k, len(scores)))[-min(k, len(scores))]
    # Among equal scores at the edge the lowest rows win: the same for every k.
    above, equal = np.flatnonzero(scores > least), np.flatnonzero(scores == least)
    chosen = np.concatenate((above, equal[: k - len(above)]))
    ordered = chosen[np.lexsort((chosen, -scores[chosen]))]
    return [(int(numbers[place]), float(scores[place])) for place in ordered]
