"""Whether one more job may be enqueued.

Counted from the job rows inside the transaction that inserts the job, so there is no counter to
leak and two servers cannot both let the last one in.
"""

import sqlite3

from semantic_assets.emulator.catalogue import Model
from semantic_assets.emulator.errors import quota_exceeded

# Batches at once, of all models of one key (GEMINI_BATCH 8, DOC).
CONCURRENT_JOB_LIMIT = 100


def admit(
    db: sqlite3.Connection, *, owner: str, model: Model, token_count: int, tier: int, now: float
) -> None:
    """Let a job in.

    Raises:
        GoogleError: 429, if it would exceed the tier's enqueued tokens or the number of jobs.
    """
    active = db.execute(
        "SELECT count(*) AS jobs, coalesce(sum(token_count) FILTER (WHERE model = :model), 0)"
        " AS tokens FROM job WHERE owner = :owner AND ends_at > :now",
        {"owner": owner, "model": model.name, "now": now},
    ).fetchone()
    if active["jobs"] >= CONCURRENT_JOB_LIMIT:
        raise quota_exceeded()
    if active["tokens"] + token_count > model.enqueued_token_limits[tier]:
        raise quota_exceeded()
