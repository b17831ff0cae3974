"""The vectors that may be asked for as canaries, held while a file is decoded.

Which rows are embedded again is known at the end of the file only, and vectors read back from it
took half as long as decoding them.
"""

import numpy as np
import numpy.typing as npt

from semantic_assets.batching.answers import AnswerBlock
from semantic_assets.batching.canary_rows import MAX_CANARIES, draw_order
from semantic_assets.batching.job_keys import JobKeys
from semantic_assets.batching.plausibility import Floats, log_ratios
from semantic_assets.model.statuses import Outcome

Vectors = npt.NDArray[np.float32]
#: Rows held of those drawn first, and of those whose counts are the highest and the lowest for
#: their texts. The latter two hold the rows that are farthest off, wherever the median lies. A row
#: that costs too much is passed over, so that any other may be chosen: it is read from the file.
_HELD = MAX_CANARIES + MAX_CANARIES // 2


class CanaryCandidates:
    """Holds a few hundred rows of a file."""

    def __init__(self, job_keys: JobKeys, seed: str) -> None:
        self._job_keys, self._rng = job_keys, np.random.default_rng(list(seed.encode()))
        self._rows = 0
        self._positions = np.empty(0, np.int64)
        self._scores: Floats = np.empty((0, 3))
        self._vectors: list[Vectors] = []

    def see(self, block: AnswerBlock) -> None:
        """Look at the next block of the file."""
        rows = [at for at, outcome in enumerate(block.outcomes) if outcome == Outcome.OK]
        estimates = self._job_keys.estimates([block.keys[row] for row in rows])
        counts = np.array([block.tokens[row] or 0 for row in rows], float)
        drawn, off = draw_order(estimates, counts, self._rng), log_ratios(estimates, counts)
        scores = np.concatenate((self._scores, np.column_stack((drawn, off, -off))))
        positions = np.concatenate((self._positions, self._rows + np.array(rows, np.int64)))
        vectors = self._vectors + [block.vectors[row] for row in rows]
        kept = _lowest(scores)
        self._scores, self._positions = scores[kept], positions[kept]
        # Copies: a row alone would hold its whole block.
        self._vectors = [vectors[at].copy() for at in kept]
        self._rows += len(block.keys)

    def held(self) -> dict[int, Vectors]:
        """Return the vectors by their position in the file."""
        return dict(zip(self._positions.tolist(), self._vectors, strict=True))


def _lowest(scores: Floats) -> npt.NDArray[np.int64]:
    """Return the rows that are among the lowest by any column."""
    if len(scores) <= _HELD:
        return np.arange(len(scores))
    return np.unique(np.argpartition(scores, _HELD, axis=0)[:_HELD])
