"""Packing of pending texts into jobs that fit the window of enqueued tokens."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from semantic_assets.model.catalog import BYTES_A_LINE, BYTES_A_TOKEN

Counts = npt.NDArray[np.int64]
#: A job's share of the window, so that the window is refilled as jobs end, one by one.
JOB_SHARE = 0.2
#: Rows of one job: at 768 dimensions 50,000 answers are a 480 MB download.
MAX_REQUESTS = 50_000

NO_LIMIT = 10**15
#: Bytes for each estimated token, at the least: of texts that are all digits.
LEAST_BYTES_A_TOKEN = 1.0

#: Before the first answer an estimate may be this far below what Google counts...
UNCALIBRATED_RATIO = 1.25
#: ...and after it a job may still differ from those before it by this much.
RATIO_MARGIN = 1.03


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLimits:
    """What one job may hold, and whether all jobs together fill a window of enqueued tokens."""

    requests: int = MAX_REQUESTS
    #: Of its input file. Google's File API takes 2 GB.
    bytes: int = 2_000_000_000
    has_window: bool = True

    @property
    def texts_listed(self) -> int:
        """How many texts a plan lists: where no window bounds them, those of one job."""
        return NO_LIMIT if self.has_window else self.requests

    @property
    def tokens(self) -> int:
        """The estimated tokens of texts that fill a job by their bytes, whatever they are of."""
        return int(self.bytes / LEAST_BYTES_A_TOKEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The room a (scope, model) has left for enqueued tokens and jobs."""

    limit_tokens: int
    used_tokens: int
    free_jobs: int
    #: Bytes of one job's input.
    job_bytes: int = 2_000_000_000

    def with_job(self, tokens: int) -> "Window":
        """Return what is left of it beside one more job."""
        return replace(self, used_tokens=self.used_tokens + tokens, free_jobs=self.free_jobs - 1)

    @property
    def free_tokens(self) -> int:
        return max(0, self.limit_tokens - self.used_tokens)

    @property
    def job_tokens(self) -> int:
        return max(1, int(self.limit_tokens * JOB_SHARE))


def plan_job(
    token_estimates: Sequence[int] | Counts,
    window: Window,
    *,
    max_requests: int = MAX_REQUESTS,
    line_bytes: Sequence[int] | Counts | None = None,
) -> int:
    """Return the number of first pending texts that make the next job; 0 to wait.

    A job is formed when it is full, or when it takes all texts that are left: no tiny jobs while
    the window is nearly full.

    Args:
        line_bytes: of the request line of each of the first texts; None: they are reckoned.
    """
    if window.free_jobs < 1:
        return 0
    budget = min(window.job_tokens, window.free_tokens)
    tokens = np.cumsum(np.asarray(token_estimates[:max_requests], dtype=np.int64))
    by_tokens = int(np.searchsorted(tokens, budget, side="right"))
    by_bytes = max(1, int(np.searchsorted(_bytes(tokens, line_bytes), window.job_bytes, "right")))
    taken = min(by_tokens, by_bytes)
    is_full = budget == window.job_tokens or by_bytes < by_tokens
    if not taken and len(token_estimates) and not window.used_tokens:
        return 1  # larger than a job's share or a shrunk window: it goes alone, or never
    takes_all = taken == len(token_estimates)
    return taken if takes_all or is_full or taken == max_requests else 0


def _bytes(tokens: Counts, line_bytes: Sequence[int] | Counts | None) -> npt.NDArray[np.float64]:
    """Return the bytes of the first texts together, from so many estimated tokens if need be."""
    if line_bytes is None:
        rows = np.arange(1, len(tokens) + 1, dtype=np.float64)
        return np.asarray(rows * BYTES_A_LINE + tokens * BYTES_A_TOKEN, dtype=np.float64)
    return np.cumsum(np.asarray(line_bytes, dtype=np.float64))
