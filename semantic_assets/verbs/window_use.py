"""window_use: how full the window of enqueued tokens was, over time, from the jobs' own events."""

from collections.abc import Iterable
from dataclasses import dataclass

from semantic_assets.model.jobs import IN_WINDOW
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowUse:
    """Mean enqueued tokens (as estimated) of each of `len(tokens)` equal spans of time."""

    began_at: float
    ended_at: float
    limit_tokens: int
    tokens: tuple[float, ...]

    @property
    def mean_share(self) -> float:
        return sum(self.tokens) / len(self.tokens) / self.limit_tokens if self.tokens else 0.0


def window_use(
    store: Store,
    *,
    scope_id: str,
    spans: int = 60,
    began_at: float | None = None,
    ended_at: float | None = None,
) -> WindowUse:
    """From the first job to the last move (or between two times), over all models of the scope."""
    stays = list(_stays(store, scope_id))
    began = min((s[0] for s in stays), default=store.ledger.now()) if began_at is None else began_at
    ended = max((s[1] for s in stays), default=began) if ended_at is None else ended_at
    width = max((ended - began) / spans, 1e-9)
    tokens = [0.0] * spans
    for first, last, weight in stays:
        for span in range(spans):
            start = began + span * width
            overlap = min(last, start + width) - max(first, start)
            tokens[span] += weight * max(0.0, overlap) / width
    return WindowUse(
        began_at=began,
        ended_at=ended,
        limit_tokens=store.settings.window_tokens,
        tokens=tuple(tokens),
    )


def _stays(store: Store, scope_id: str) -> Iterable[tuple[float, float, int]]:
    """(entered, left, tokens) of each job in the window; counted as Google did, once it has."""
    now = store.ledger.now()
    for job in store.ledger.jobs.list(scope_id=scope_id):
        if job.is_realtime:
            continue
        events = store.ledger.jobs.events(job.job_id)
        left = next((event.at for event in events if event.to_state not in IN_WINDOW), now)
        yield job.created_at, left, job.tokens_actual or job.tokens_estimated
