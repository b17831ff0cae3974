"""Rows of batch jobs: each move is one guarded update with its event, never read-then-write."""

import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from semantic_assets.errors import Conflict, NotFound
from semantic_assets.ledger import lease_names
from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.schema import job as job_table
from semantic_assets.ledger.database.schema import job_event, lease
from semantic_assets.ledger.job_rows import (
    enqueued_of,
    job_of,
    job_values,
    record_event,
    row_held,
)
from semantic_assets.ledger.lake_files.paid_files import PaidFile
from semantic_assets.ledger.leases import Lease, is_in_force, require_fence
from semantic_assets.ledger.money.settlement import settle_insert, settle_move
from semantic_assets.ledger.spending import Amount, Guard, Spending
from semantic_assets.model.batch_job import MOVES, BatchJob, JobState

_log = logging.getLogger(__name__)


@cache
def _moving(names: tuple[str, ...], *, is_fenced: bool) -> tuple[sa.Select[Any], sa.Executable]:
    """Return what asks for a row's state and what moves it, made once for these columns."""
    condition = (job_table.c.job_id == sa.bindparam("of_job")) & job_table.c.state.in_(
        sa.bindparam("of_states", expanding=True)
    )
    if is_fenced:
        condition &= job_table.c.fence == sa.bindparam("of_fence")
    new: dict[str, Any] = {
        name: sa.bindparam(f"new_{name}") for name in ("state", "updated_at", *names)
    }
    update = sa.update(job_table).where(condition).values(**new).returning(job_table)
    return sa.select(job_table.c.state).where(condition), update


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
    #: Called with the number of an event once it is durable.
    after_event: Callable[[int], None] = lambda number: None

    def insert_if_fits(
        self,
        job: BatchJob,
        *,
        under: Lease,
        limit_tokens: int,
        limit_jobs: int,
        guard: Guard,
        reserved: Amount | None = None,
    ) -> bool:
        """Insert a job in the transaction that sums the window; return False without room.

        Args:
            guard: refuses where a cap leaves no room for it, in this transaction.
            reserved: what the job may cost, its canary included; committed until it is final.

        Raises:
            Conflict: the planner's lease was taken over. A suspended process would otherwise
                wake and form jobs of texts that another process has sent meanwhile.
        """
        with self.database.write() as connection:
            require_fence(connection, under)
            tokens, jobs = enqueued_of(connection, job.scope_id, job.model)
            if jobs >= limit_jobs or tokens + job.tokens_estimated > limit_tokens:
                return False
            guard(Spending(self.database, connection, job.job_id))
            connection.execute(sa.insert(job_table).values(job_values(job)))
            settle_insert(connection, self.database, job, reserved)
            number = record_event(connection, job.job_id, job.created_at, None, job.state, None)
        self.after_event(number)
        return True

    def insert(
        self,
        job: BatchJob,
        *,
        detail: str,
        under: Lease | None = None,
        guard: Guard = lambda spending: None,
        paid: PaidFile | None = None,
    ) -> bool:
        """Insert a recovered or real-time row; False where somebody else did.

        Raises:
            SpendRefused: as `guard` does, in the same transaction; nothing was inserted.
            Conflict: the lease given was taken over.
        """
        with self.database.write() as connection:
            if under is not None:
                require_fence(connection, under)
            guard(Spending(self.database, connection, job.job_id))
            found = connection.execute(
                self.database.insert(job_table)
                .values(job_values(job))
                .on_conflict_do_nothing()
                .returning(job_table.c.job_id)
            ).all()
            if found:
                settle_insert(connection, self.database, job, None, paid)
                now = self.database.clock()
                number = record_event(connection, job.job_id, now, None, job.state, detail)
        if found:
            self.after_event(number)
        return bool(found)

    def exists(self, job_id: str) -> bool:
        return bool(self.known([job_id]))

    def known(self, job_ids: Collection[str]) -> set[str]:
        """Return which of these jobs have a row, in one query."""
        query = sa.select(job_table.c.job_id).where(job_table.c.job_id.in_(list(job_ids)))
        with self.database.read() as connection:
            return set(connection.execute(query).scalars())

    def count(self) -> int:
        query = sa.select(sa.func.count()).select_from(job_table)
        with self.database.read() as connection:
            return connection.execute(query).scalar_one()

    def recent(self, limit: int, *, before: str | None = None) -> Sequence[BatchJob]:
        """Return the jobs older than the job `before`, newest first."""
        query = sa.select(job_table).order_by(job_table.c.job_id.desc()).limit(limit)
        if before is not None:
            query = query.where(job_table.c.job_id < before)
        with self.database.read() as connection:
            return [job_of(row) for row in connection.execute(query)]

    def last_verdicts(self, product_id: str, limit: int) -> Sequence[BatchJob]:
        """Return a product's last judged jobs: collected with results, or quarantined."""
        judged = (job_table.c.state == JobState.QUARANTINED) | (
            (job_table.c.state == JobState.COLLECTED) & (job_table.c.succeeded > 0)
        )
        query = sa.select(job_table).where(job_table.c.product_id == product_id, judged)
        query = query.order_by(job_table.c.updated_at.desc()).limit(limit)
        with self.database.read() as connection:
            return [job_of(row) for row in connection.execute(query)]

    def rejected_since_accepted(self, scope_id: str, model: str) -> Sequence[BatchJob]:
        """Return the jobs of a model that were rejected after the last one that was accepted."""
        of_model = (job_table.c.scope_id == scope_id) & (job_table.c.model == model)
        accepted = sa.select(sa.func.coalesce(sa.func.max(job_table.c.job_id), "")).where(
            of_model, job_table.c.submitted_at.is_not(None), job_table.c.is_realtime.is_(False)
        )
        later = job_table.c.job_id > accepted.scalar_subquery()
        rejected = job_table.c.state == JobState.REJECTED
        query = sa.select(job_table).where(of_model, rejected, later)
        with self.database.read() as connection:
            return [job_of(row) for row in connection.execute(query)]

    def move(
        self,
        job_id: str,
        to: JobState,
        *,
        of: Collection[JobState],
        fence: int | None = None,
        detail: str | None = None,
        possibly_billed: Amount | None = None,
        paid: PaidFile | None = None,
        **values: Any,
    ) -> BatchJob | None:
        """Move a row that is in a state of `of` (and under `fence`); None if it is not.

        A move to the row's current state records new values and no event.
        """
        now = self.database.clock()
        sources = [state for state in of if to in MOVES[state] or state == to]
        if len(sources) != len(of):
            raise Conflict(f"no move from {sorted(set(of) - set(sources))} to {to}")
        look, update = _moving(tuple(values), is_fenced=fence is not None)
        which = {"of_job": job_id, "of_states": sources, "of_fence": fence}
        new = {f"new_{name}": value for name, value in values.items()}
        with self.database.write() as connection:
            before = connection.execute(look, which).scalar()
            if before is None:
                return None
            row = connection.execute(
                update, {**which, **new, "new_state": to, "new_updated_at": now}
            ).one_or_none()
            if row is None:
                return None
            moved = job_of(row)
            if before != to:
                billed = possibly_billed
                settle_move(connection, self.database, JobState(before), moved, billed, paid)
                number = record_event(connection, job_id, now, before, to, detail)
        if before != to:
            self.after_event(number)
        return moved

    def held(self, job: BatchJob, fence: int) -> AbstractContextManager[None]:
        """Keep a job's row as it is for a short block, as `row_held` does."""
        return row_held(self.database, job, fence)

    def claim(self, job_id: str, fence: int) -> BatchJob | None:
        """Put a taken-over lease's fence on the row; None if the row has a higher one."""
        with self.database.write() as connection:
            row = connection.execute(
                sa.update(job_table)
                .where(job_table.c.job_id == job_id, job_table.c.fence <= fence)
                .values(fence=fence)
                .returning(job_table)
            ).one_or_none()
        return job_of(row) if row is not None else None

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
        return job_of(row)

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
            return [job_of(row) for row in connection.execute(query)]

    def orphaned(self) -> Sequence[BatchJob]:
        """Return uploading, creating and real-time jobs whose process's lease is dead."""
        at_work = job_table.c.state.in_([JobState.UPLOADING, JobState.CREATING])
        real_time = job_table.c.is_realtime.is_(True) & (job_table.c.state == JobState.RUNNING)
        query = sa.select(job_table).where(at_work | real_time)
        held = sa.select(lease).where(lease.c.name.startswith(lease_names.of_job("")))
        with self.database.read() as connection:
            jobs = [job_of(row) for row in connection.execute(query)]
            leases = connection.execute(held.where(lease.c.expires_at > 0.0)).all()
        now = self.database.clock()
        alive = {one.name for one in leases if is_in_force(one.holder, one.expires_at, now)}
        return [job for job in jobs if lease_names.of_job(job.job_id) not in alive]

    def events(self, job_id: str) -> Sequence[JobEvent]:
        query = sa.select(job_event).where(job_event.c.job_id == job_id)
        with self.database.read() as connection:
            rows = connection.execute(query.order_by(job_event.c.event_id)).all()
        return [JobEvent(r.job_id, r.at, r.from_state, r.to_state, r.detail) for r in rows]
