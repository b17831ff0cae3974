"""How long batch jobs took lately: what expected finishes are told from."""

import statistics

from semantic_assets.store import Store

_JOBS = 50


def job_seconds(store: Store) -> float | None:
    """Median from submission to end of the last jobs; None before one has ended."""
    durations = [
        job.ended_at - job.submitted_at
        for job in store.ledger.jobs.recent(_JOBS)
        if job.ended_at is not None and job.submitted_at is not None and not job.is_realtime
    ]
    return statistics.median(durations) if durations else None
