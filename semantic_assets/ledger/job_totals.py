"""Sums over the rows of jobs: the window of enqueued tokens, and what a request comes to."""

from dataclasses import dataclass

import sqlalchemy as sa

from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.schema import job as job_table
from semantic_assets.ledger.job_rows import enqueued_of, window_of
from semantic_assets.model.batch_job import FINAL, JobState

_RECENT_JOBS, _RECENT_DURATIONS = 20, 50


@dataclass(frozen=True, slots=True)
class JobTotals:
    database: Database

    def window(self, scope_id: str, model: str) -> tuple[int, int]:
        """Return (enqueued tokens, jobs) of a scope and model now, by our own rows."""
        with self.database.read() as connection:
            return window_of(connection, scope_id, model)

    def enqueued(self, scope_id: str, model: str) -> tuple[int, int]:
        """Return the same, with what others who use the key have out."""
        with self.database.read() as connection:
            return enqueued_of(connection, scope_id, model)

    def accepted_tokens(self, scope_id: str, model: str) -> int:
        """Return the enqueued tokens that the remote has accepted or may have accepted."""
        states = [JobState.SUBMITTED, JobState.RUNNING, JobState.UNCONFIRMED]
        with self.database.read() as connection:
            return window_of(connection, scope_id, model, states)[0]

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

    def mean_tokens(self, model: str) -> float | None:
        """Return the estimated tokens of a request of a model's jobs; None without jobs."""
        query = sa.select(
            sa.func.sum(job_table.c.tokens_estimated), sa.func.sum(job_table.c.requests)
        ).where(job_table.c.model == model)
        with self.database.read() as connection:
            tokens, requests = connection.execute(query).one()
        return float(tokens) / float(requests) if requests else None

    def outcomes(self, product_id: str | None = None) -> tuple[int, int]:
        """Return (texts answered, texts that failed) of all jobs that are final, or of a product's.

        A text that failed in one job and was answered in another counts in both.
        """
        answered = sa.case((job_table.c.state == JobState.COLLECTED, job_table.c.succeeded))
        query = sa.select(
            sa.func.coalesce(sa.func.sum(answered), 0),
            sa.func.coalesce(sa.func.sum(job_table.c.failed), 0),
        ).where(job_table.c.state.in_(list(FINAL)))
        if product_id is not None:
            query = query.where(job_table.c.product_id == product_id)
        with self.database.read() as connection:
            texts, failed = connection.execute(query).one()
        return int(texts), int(failed)

    def durations(self, scope_id: str) -> list[float]:
        """Return the seconds from submission to end of a scope's last jobs that had answers."""
        query = (
            sa.select(job_table.c.submitted_at, job_table.c.ended_at)
            .where(job_table.c.scope_id == scope_id, job_table.c.is_realtime.is_(False))
            .where(job_table.c.submitted_at.is_not(None), job_table.c.ended_at.is_not(None))
            .where(job_table.c.succeeded > 0)
            .order_by(job_table.c.job_id.desc())
            .limit(_RECENT_DURATIONS)
        )
        with self.database.read() as connection:
            return [max(0.0, ended - submitted) for submitted, ended in connection.execute(query)]

    def output_tokens(self, product_id: str) -> tuple[int, int]:
        """Return (tokens billed for answers, requests) of a task's answered jobs."""
        query = sa.select(
            sa.func.coalesce(sa.func.sum(job_table.c.output_tokens_actual), 0),
            sa.func.coalesce(sa.func.sum(job_table.c.requests), 0),
        ).where(job_table.c.product_id == product_id, job_table.c.output_tokens_actual > 0)
        with self.database.read() as connection:
            tokens, requests = connection.execute(query).one()
        return int(tokens), int(requests)
