"""Packing of pending texts into jobs that fit the window of enqueued tokens."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from semantic_assets.model.catalog import BYTES_A_LINE, BYTES_A_TOKEN

#: A job's share of the window, so that the window is refilled as jobs end, one by one.
JOB_SHARE = 0.2
#: Rows of one job: at 768 dimensions 50,000 answers are a 480 MB download.
MAX_REQUESTS = 50_000

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
    def tokens(self) -> int:
        """The estimated tokens of texts that fill a job by their bytes, without what is around."""
        return int(self.bytes / BYTES_A_TOKEN)


def input_bytes(requests: int, tokens: int) -> float:
    """Return the bytes of an input file, at most, of so many requests and estimated tokens."""
    return tokens * BYTES_A_TOKEN + requests * BYTES_A_LINE


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
    token_estimates: Sequence[int], window: Window, *, max_requests: int = MAX_REQUESTS
) -> int:
    """Return the number of first pending texts that make the next job; 0 to wait.

    A job is formed when it is full, or when it takes all texts that are left: no tiny jobs while
    the window is nearly full.
    """
    if window.free_jobs < 1:
        return 0
    budget = min(window.job_tokens, window.free_tokens)
    taken = total = 0
    is_full = budget == window.job_tokens
    for estimate in token_estimates[:max_requests]:
        if total + estimate > budget:
            break
        if taken and input_bytes(taken + 1, total + estimate) > window.job_bytes:
            is_full = True
            break
        total += estimate
        taken += 1
    if not taken and token_estimates and not window.used_tokens:
        return 1  # larger than a job's share or a shrunk window: it goes alone, or never
    takes_all = taken == len(token_estimates)
    return taken if takes_all or is_full or taken == max_requests else 0
