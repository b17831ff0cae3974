"""The keys of a job and the estimated tokens of their texts, compact: a job has up to 400,000."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class JobKeys:
    """Finds the keys of a block of answers among those of its job."""

    def __init__(self, keys: Sequence[str], estimates: Places | None = None) -> None:
        """`estimates` are in the order of the keys; None: they are not known."""
        packed = np.array(keys, dtype="S") if keys else np.zeros(0, dtype="S1")
        self._order = np.argsort(packed, kind="stable")
        self._sorted = packed[self._order]
        self._estimates = np.zeros(len(keys)) if estimates is None else estimates.astype(float)

    def __len__(self) -> int:
        return len(self._sorted)

    def places(self, keys: Sequence[str]) -> Places:
        """Return the place of each key in the job's order, -1 for one that is not of the job."""
        if not len(self) or not keys:
            return np.full(len(keys), -1, dtype=np.int64)
        wanted = np.array([key.encode() for key in keys])
        at = np.searchsorted(self._sorted, wanted)
        at[at == len(self)] = 0
        found: Places = np.where(self._sorted[at] == wanted, self._order[at], -1)
        return found

    def estimates(self, keys: Sequence[str]) -> Floats:
        """Return the estimated tokens of each key, 0 for one that is not of the job."""
        places = self.places(keys)
        if not len(self):
            return np.zeros(len(keys))
        found: Floats = np.where(places >= 0, self._estimates[places], 0.0)
        return found
