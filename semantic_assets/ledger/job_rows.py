"""Rows of the job table: written, read, summed up to a window, and their events."""

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from semantic_assets.errors import Conflict
from semantic_assets.ledger.database.engine import Database, row_values
from semantic_assets.ledger.database.schema import job as job_table
from semantic_assets.ledger.database.schema import job_event, meta
from semantic_assets.ledger.database.scope_tables import others_window
from semantic_assets.ledger.identity import EVENTS_BEFORE
from semantic_assets.ledger.leases import Lease
from semantic_assets.model.batch_job import IN_WINDOW, BatchJob, JobKind, JobState

_log = logging.getLogger("semantic_assets.ledger.jobs")


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A job whose row and manifest are durable, and the lease its submission runs under."""

    job: BatchJob
    lease: Lease


def window_of(
    connection: sa.Connection,
    scope_id: str,
    model: str,
    states: Collection[JobState] = IN_WINDOW,
) -> tuple[int, int]:
    """Tokens are limited for each model; jobs for the key, whatever their model."""
    which = {"of_scope": scope_id, "of_model": model, "of_states": list(states)}
    tokens, jobs = connection.execute(_WINDOW, which).one()
    return int(tokens), int(jobs)


def _sum_of_model(table: sa.Table, tokens: sa.Column[Any]) -> sa.ColumnElement[int]:
    of_model = sa.case((table.c.model == sa.bindparam("of_model"), tokens), else_=0)
    return sa.func.coalesce(sa.func.sum(of_model), 0)


# Made once, for they are asked for each job.
_WINDOW = sa.select(_sum_of_model(job_table, job_table.c.tokens_estimated), sa.func.count()).where(
    job_table.c.scope_id == sa.bindparam("of_scope"),
    job_table.c.is_realtime.is_(False),
    job_table.c.state.in_(sa.bindparam("of_states", expanding=True)),
)
_OTHERS = sa.select(
    _sum_of_model(others_window, others_window.c.tokens),
    sa.func.coalesce(sa.func.sum(others_window.c.jobs), 0),
).where(others_window.c.scope_id == sa.bindparam("of_scope"))


def enqueued_of(connection: sa.Connection, scope_id: str, model: str) -> tuple[int, int]:
    """Return (tokens, jobs) that fill the window: our rows, and what others of the key have out."""
    tokens, jobs = window_of(connection, scope_id, model)
    which = {"of_scope": scope_id, "of_model": model}
    their_tokens, their_jobs = connection.execute(_OTHERS, which).one()
    return tokens + int(their_tokens), jobs + int(their_jobs)


@contextmanager
def row_held(database: Database, job: BatchJob, fence: int) -> Iterator[None]:
    """Keep a job's row in its state for a short block, such as a rename or a delete.

    A process that sleeps between a look at the row and a rename would put its rows over the answers
    of another; in this block nobody else writes.

    Raises:
        Conflict: the job was taken over, or moved on.
    """
    query = sa.select(job_table.c.state, job_table.c.fence)
    with database.write() as connection:
        row = connection.execute(query.where(job_table.c.job_id == job.job_id)).one_or_none()
        if row is None or (row.state, row.fence) != (job.state, fence):
            raise Conflict(f"job {job.job_id} was moved by another process; nothing was changed")
        yield


def record_event(
    connection: sa.Connection,
    job_id: str,
    at: float,
    before: str | None,
    after: str,
    detail: str | None,
) -> int:
    """Record an event; return its number, counted on above earlier ledgers' events."""
    _log.info("job %s: %s -> %s", job_id, before or "new", after)
    event = {"job_id": job_id, "at": at, "from_state": before, "to_state": after, "detail": detail}
    number, earlier = connection.execute(_RECORD_EVENT, event).one()
    return int(number) + int(earlier or "0")


_EARLIER = sa.select(meta.c.value).where(meta.c.name == EVENTS_BEFORE).scalar_subquery()
_RECORD_EVENT = sa.insert(job_event).returning(job_event.c.event_id, _EARLIER)


def job_values(job: BatchJob) -> dict[str, Any]:
    return {column.key: getattr(job, column.key) for column in job_table.columns} | {
        "shards": list(job.shards)
    }


def job_of(row: sa.Row[Any]) -> BatchJob:
    values = row_values(job_table, row._mapping)
    values["shards"] = tuple(values["shards"])
    values["state"] = JobState(values["state"])
    values["kind"] = JobKind(values["kind"])
    return BatchJob(**values)
