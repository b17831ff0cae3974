"""The use of the window of enqueued tokens over time, from the jobs' own events."""

from collections.abc import Iterable
from dataclasses import dataclass

from semantic_assets.model.batch_job import IN_WINDOW
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowUse:
    """The mean enqueued tokens (as estimated) in each of `len(tokens)` equal spans of time."""

    model: str
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
    model: str | None = None,
    spans: int = 60,
    began_at: float | None = None,
    ended_at: float | None = None,
) -> WindowUse:
    """Return a model's window use from the first job to the last move (or between two times).

    Args:
        model: None: the embedding model of the settings.
    """
    model = model or store.settings.model
    stays = list(_stays(store, scope_id, model))
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
        model=model,
        began_at=began,
        ended_at=ended,
        limit_tokens=store.settings.window_of(model),
        tokens=tuple(tokens),
    )


def models_used(store: Store, *, scope_id: str) -> list[str]:
    """List the models of the scope's batch jobs, the embedding model of the settings first."""
    jobs = store.ledger.jobs.list(scope_id=scope_id)
    others = {job.model for job in jobs if not job.is_realtime} - {store.settings.model}
    return [store.settings.model, *sorted(others)]


def _stays(store: Store, scope_id: str, model: str) -> Iterable[tuple[float, float, int]]:
    """Yield (entered, left, tokens) of each job in the window, with Google's count once known."""
    now = store.ledger.now()
    for job in store.ledger.jobs.list(scope_id=scope_id):
        if job.is_realtime or job.model != model:
            continue
        events = store.ledger.jobs.events(job.job_id)
        left = next((event.at for event in events if event.to_state not in IN_WINDOW), now)
        yield job.created_at, left, job.tokens_actual or job.tokens_estimated
