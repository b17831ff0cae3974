"""Rows of batch jobs: each move is one guarded update with its event, never read-then-write."""

import logging
import secrets
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from semantic_assets.errors import Conflict, NotFound
from semantic_assets.ledger.database.engine import Database, row_values
from semantic_assets.ledger.database.schema import job as job_table
from semantic_assets.ledger.database.schema import job_event, lease
from semantic_assets.ledger.leases import Lease, require_fence
from semantic_assets.model.batch_job import IN_WINDOW, MOVES, BatchJob, JobKind, JobState

_RECENT_JOBS = 20
_log = logging.getLogger(__name__)


def new_job_id() -> str:
    """Return a new id that sorts by time: of two vectors for one text the lowest job_id wins."""
    return f"{int(time.time() * 1000):012x}{secrets.token_hex(4)}"


@dataclass(frozen=True, slots=True)
class JobEvent:
    job_id: str
    at: float
    from_state: str | None
    to_state: str
    detail: str | None


@dataclass(frozen=True, slots=True)
class Jobs:
    database: Database

    def insert_if_fits(
        self, job: BatchJob, *, under: Lease, limit_tokens: int, limit_jobs: int
    ) -> bool:
        """Insert a job in the transaction that sums the window; return False without room.

        Raises:
            Conflict: the planner's lease was taken over. A suspended process would otherwise
                wake and form jobs of texts that another process has sent meanwhile.
        """
        with self.database.write() as connection:
            require_fence(connection, under)
            tokens, jobs = _window(connection, job.scope_id, job.model)
            if jobs >= limit_jobs or tokens + job.tokens_estimated > limit_tokens:
                return False
            connection.execute(sa.insert(job_table).values(_values(job)))
            _record(connection, job.job_id, job.created_at, None, job.state, None)
        return True

    def insert(self, job: BatchJob, *, detail: str, under: Lease | None = None) -> bool:
        """Insert a recovered or real-time row; return False if it exists already.

        Raises:
            Conflict: the lease given was taken over.
        """
        with self.database.write() as connection:
            if under is not None:
                require_fence(connection, under)
            found = connection.execute(
                self.database.insert(job_table)
                .values(_values(job))
                .on_conflict_do_nothing()
                .returning(job_table.c.job_id)
            ).all()
            if found:
                _record(connection, job.job_id, self.database.clock(), None, job.state, detail)
        return bool(found)

    def exists(self, job_id: str) -> bool:
        query = sa.select(job_table.c.job_id).where(job_table.c.job_id == job_id)
        with self.database.read() as connection:
            return connection.execute(query).one_or_none() is not None

    def count(self) -> int:
        with self.database.read() as connection:
            return connection.execute(
                sa.select(sa.func.count()).select_from(job_table)
            ).scalar_one()

    def recent(self, limit: int, *, before: str | None = None) -> Sequence[BatchJob]:
        """Return the jobs older than the job `before`, newest first."""
        query = sa.select(job_table).order_by(job_table.c.job_id.desc()).limit(limit)
        if before is not None:
            query = query.where(job_table.c.job_id < before)
        with self.database.read() as connection:
            return [_job(row) for row in connection.execute(query)]

    def last_verdicts(self, product_id: str, limit: int) -> Sequence[BatchJob]:
        """Return a product's last judged jobs: collected with results, or quarantined."""
        judged = (job_table.c.state == JobState.QUARANTINED) | (
            (job_table.c.state == JobState.COLLECTED) & (job_table.c.succeeded > 0)
        )
        query = sa.select(job_table).where(job_table.c.product_id == product_id, judged)
        query = query.order_by(job_table.c.updated_at.desc()).limit(limit)
        with self.database.read() as connection:
            return [_job(row) for row in connection.execute(query)]

    def window(self, scope_id: str, model: str) -> tuple[int, int]:
        """Return (enqueued tokens, jobs) of a scope and model now, by our own rows."""
        with self.database.read() as connection:
            return _window(connection, scope_id, model)

    def accepted_tokens(self, scope_id: str, model: str) -> int:
        """Return the enqueued tokens that the remote has accepted or may have accepted."""
        states = [JobState.SUBMITTED, JobState.RUNNING, JobState.UNCONFIRMED]
        with self.database.read() as connection:
            return _window(connection, scope_id, model, states)[0]

    def token_ratio(self, model: str) -> float | None:
        """Return Google's token count over our estimate for the last jobs; None without jobs."""
        recent = (
            sa.select(job_table.c.tokens_actual, job_table.c.tokens_estimated)
            .where(job_table.c.model == model, job_table.c.failed == 0)
            .where(job_table.c.tokens_actual > 0, job_table.c.is_realtime.is_(False))
            .where(job_table.c.state == JobState.COLLECTED)
            .order_by(job_table.c.job_id.desc())
            .limit(_RECENT_JOBS)
            .subquery()
        )
        totals = sa.select(
            sa.func.sum(recent.c.tokens_actual), sa.func.sum(recent.c.tokens_estimated)
        )
        with self.database.read() as connection:
            actual, estimated = connection.execute(totals).one()
        return float(actual) / float(estimated) if actual and estimated else None

    def output_tokens(self, product_id: str) -> tuple[int, int]:
        """Return (tokens billed for answers, requests) of a task's answered jobs."""
        query = sa.select(
            sa.func.coalesce(sa.func.sum(job_table.c.output_tokens_actual), 0),
            sa.func.coalesce(sa.func.sum(job_table.c.requests), 0),
        ).where(job_table.c.product_id == product_id, job_table.c.output_tokens_actual > 0)
        with self.database.read() as connection:
            tokens, requests = connection.execute(query).one()
        return int(tokens), int(requests)

    def move(
        self,
        job_id: str,
        to: JobState,
        *,
        of: Collection[JobState],
        fence: int | None = None,
        detail: str | None = None,
        **values: Any,
    ) -> BatchJob | None:
        """Move a row that is in a state of `of` (and under `fence`); None if it is not.

        A move to the row's current state records new values and no event.
        """
        now = self.database.clock()
        sources = [state for state in of if to in MOVES[state] or state == to]
        if len(sources) != len(of):
            raise Conflict(f"no move from {sorted(set(of) - set(sources))} to {to}")
        condition = (job_table.c.job_id == job_id) & job_table.c.state.in_(sources)
        if fence is not None:
            condition &= job_table.c.fence == fence
        with self.database.write() as connection:
            before = connection.execute(sa.select(job_table.c.state).where(condition)).scalar()
            if before is None:
                return None
            row = connection.execute(
                sa.update(job_table)
                .where(condition)
                .values(state=to, updated_at=now, **values)
                .returning(job_table)
            ).one_or_none()
            if row is None:
                return None
            if before != to:
                _record(connection, job_id, now, before, to, detail)
        return _job(row)

    def claim(self, job_id: str, fence: int) -> BatchJob | None:
        """Put a taken-over lease's fence on the row; None if the row has a higher one."""
        with self.database.write() as connection:
            row = connection.execute(
                sa.update(job_table)
                .where(job_table.c.job_id == job_id, job_table.c.fence <= fence)
                .values(fence=fence)
                .returning(job_table)
            ).one_or_none()
        return _job(row) if row is not None else None

    def find(self, name: str) -> BatchJob:
        """Return a job by our id, its display name or Google's `batches/...`.

        Raises:
            NotFound: no row has that name.
        """
        columns = (job_table.c.job_id, job_table.c.remote_name, job_table.c.display_name)
        with self.database.read() as connection:
            row = connection.execute(
                sa.select(job_table).where(sa.or_(*(column == name for column in columns)))
            ).one_or_none()
        if row is None:
            raise NotFound(f"there is no batch job {name!r}: `semantic-assets jobs` lists them")
        return _job(row)

    def list(
        self,
        *,
        states: Collection[JobState] | None = None,
        scope_id: str | None = None,
        product_id: str | None = None,
    ) -> Sequence[BatchJob]:
        """Return the jobs that match all given filters, oldest first."""
        query = sa.select(job_table).order_by(job_table.c.job_id)
        if states is not None:
            query = query.where(job_table.c.state.in_(list(states)))
        if scope_id is not None:
            query = query.where(job_table.c.scope_id == scope_id)
        if product_id is not None:
            query = query.where(job_table.c.product_id == product_id)
        with self.database.read() as connection:
            return [_job(row) for row in connection.execute(query)]

    def orphaned(self) -> Sequence[BatchJob]:
        """Return uploading, creating and real-time jobs whose process's lease is dead."""
        now = self.database.clock()
        alive = sa.exists().where(
            lease.c.name == sa.literal("job:") + job_table.c.job_id, lease.c.expires_at >= now
        )
        at_work = job_table.c.state.in_([JobState.UPLOADING, JobState.CREATING])
        real_time = job_table.c.is_realtime.is_(True) & (job_table.c.state == JobState.RUNNING)
        query = sa.select(job_table).where(at_work | real_time, ~alive)
        with self.database.read() as connection:
            return [_job(row) for row in connection.execute(query)]

    def events(self, job_id: str) -> Sequence[JobEvent]:
        query = sa.select(job_event).where(job_event.c.job_id == job_id)
        with self.database.read() as connection:
            rows = connection.execute(query.order_by(job_event.c.event_id)).all()
        return [JobEvent(r.job_id, r.at, r.from_state, r.to_state, r.detail) for r in rows]


def _window(
    connection: sa.Connection,
    scope_id: str,
    model: str,
    states: Collection[JobState] = IN_WINDOW,
) -> tuple[int, int]:
    """Return (tokens of the model, jobs of all models): the key limits jobs of all models."""
    of_model = sa.case((job_table.c.model == model, job_table.c.tokens_estimated), else_=0)
    tokens, jobs = connection.execute(
        sa.select(sa.func.coalesce(sa.func.sum(of_model), 0), sa.func.count()).where(
            job_table.c.scope_id == scope_id,
            job_table.c.is_realtime.is_(False),
            job_table.c.state.in_(list(states)),
        )
    ).one()
    return int(tokens), int(jobs)


def _record(
    connection: sa.Connection,
    job_id: str,
    at: float,
    before: str | None,
    after: str,
    detail: str | None,
) -> None:
    _log.info("job %s: %s -> %s", job_id, before or "new", after)
    connection.execute(
        sa.insert(job_event).values(
            job_id=job_id, at=at, from_state=before, to_state=after, detail=detail
        )
    )


def _values(job: BatchJob) -> dict[str, Any]:
    return {column.key: getattr(job, column.key) for column in job_table.columns} | {
        "shards": list(job.shards)
    }


def _job(row: sa.Row[Any]) -> BatchJob:
    values = row_values(job_table, row._mapping)
    values["shards"] = tuple(values["shards"])
    values["state"] = JobState(values["state"])
    values["kind"] = JobKind(values["kind"])
    return BatchJob(**values)
