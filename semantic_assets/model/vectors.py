"""The one normalisation of vectors, for batch answers, real-time answers and imports alike."""

import numpy as np
import numpy.typing as npt

#: Outside of these, and for NaN, a float32 quotient is no unit vector.
_SMALLEST_NORM, _LARGEST_NORM = 1e-6, 1e30
#: A model that normalises by itself leaves no larger error in float32.
_NORM_ERROR = 1e-2


class BadVectorError(ValueError):
    """One row of a matrix that is no vector of the model."""

    def __init__(self, row: int, reason: str) -> None:
        super().__init__(reason)
        self.row = row


def unit_vectors(
    vectors: npt.NDArray[np.float32],
    *,
    normalise: bool,
    answered: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.float32]:
    """Return rows of unit length, divided in place where `normalise` is set.

    Args:
        vectors: shape (rows, dimensions).
        normalise: False: the model does it, and rows of another length are refused.
        answered: rows that hold a vector; others are left alone. None: all.

    Raises:
        BadVectorError: a row is not finite, is all zeros, or should have had unit length.
    """
    norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
    holds = np.ones(len(vectors), dtype=bool) if answered is None else answered
    _refuse(
        holds & ~((norms > _SMALLEST_NORM) & (norms < _LARGEST_NORM)),
        "the vector is not finite, or is all zeros",
    )
    if normalise:
        vectors /= np.where(holds, norms, 1.0).astype(np.float32)[:, None]
    else:
        _refuse(
            holds & (np.abs(norms - 1.0) > _NORM_ERROR),
            "the model should have normalised its vectors and did not",
        )
    return vectors


def _refuse(bad: npt.NDArray[np.bool_], reason: str) -> None:
    if bad.any():
        raise BadVectorError(int(np.flatnonzero(bad)[0]), reason)
