"""The check whether one more job may be enqueued.

Counted from the job rows inside the transaction that inserts the job, so there is no counter to
leak and two servers cannot both let the last one in.
"""

import sqlite3

from semantic_assets.emulator.jobs.catalogue import Model
from semantic_assets.emulator.jobs.jobs import Job

# Batches at once, of all models of one key (Google's docs).
CONCURRENT_JOB_LIMIT = 100


def is_exceeded(
    db: sqlite3.Connection, job: Job, model: Model, *, tier: int, now: float, share: float = 1.0
) -> bool:
    """Return whether one more job exceeds the tier's enqueued tokens or the number of jobs.

    `share` is the part of the enqueued tokens that is really given.
    """
    active = db.execute(
        "SELECT count(*) FILTER (WHERE ends_at > :now) AS jobs,"
        " coalesce(sum(token_count) FILTER (WHERE model = :model), 0) AS tokens"
        " FROM job WHERE owner = :owner AND ends_at + lingers_seconds > :now",
        {"owner": job.owner, "model": model.name, "now": now},
    ).fetchone()
    if active["jobs"] >= CONCURRENT_JOB_LIMIT:
        return True
    limit = share * model.enqueued_token_limits[tier]
    return bool(active["tokens"] + job.token_count > limit)
