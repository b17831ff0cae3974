"""Scopes: one backend, base URL and key each. Remote names and quotas are valid inside one only."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.scope_tables import model_pause, others_window, scope_window
from semantic_assets.ledger.database.scope_tables import scope as scope_table

#: Stands for the scope where what waits is the collection of a job.
_JOB = "job"
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 60.0, 3_600.0
#: A window shrunk by a 429 keeps a tenth of what is configured, and is back after an hour.
_FLOOR, _REGROW_SECONDS = 10, 3_600.0


@dataclass(frozen=True, slots=True)
class ProbeFinding:
    """One finding of a probe, as it is stored."""

    name: str
    holds: bool | None
    detail: str


@dataclass(frozen=True, slots=True)
class Pause:
    until: float
    reason: str


@dataclass(frozen=True, slots=True)
class Scopes:
    database: Database

    def register(self, scope_id: str, *, backend: str, base_url: str) -> None:
        """Make the scope known; nothing is written where it is."""
        known = sa.select(scope_table.c.scope_id).where(scope_table.c.scope_id == scope_id)
        with self.database.read() as connection:
            if connection.execute(known).scalar_one_or_none() is not None:
                return
        with self.database.write() as connection:
            connection.execute(
                self.database.insert(scope_table)
                .values(scope_id=scope_id, backend=backend, base_url=base_url)
                .on_conflict_do_nothing()
            )

    def pause(self, scope_id: str, reason: str) -> None:
        """Pause submissions for a minute, doubling up to an hour."""
        with self.database.write() as connection:
            before = connection.execute(
                sa.select(scope_table.c.pause_seconds).where(scope_table.c.scope_id == scope_id)
            ).scalar()
            seconds = min((before or _FIRST_PAUSE_SECONDS / 2) * 2, _LONGEST_PAUSE_SECONDS)
            connection.execute(
                _of(scope_id).values(
                    paused_until=self.database.clock() + seconds,
                    pause_seconds=seconds,
                    pause_reason=reason,
                )
            )

    def pause_model(
        self, scope_id: str, model: str, reason: str, *, seconds: float | None = None
    ) -> None:
        """Wait before the next job of a model: a minute, doubling to an hour.

        Args:
            seconds: as Google says; None, or longer than an hour: as above.
        """
        of_model = (model_pause.c.scope_id == scope_id) & (model_pause.c.model == model)
        with self.database.write() as connection:
            before = connection.execute(sa.select(model_pause.c.seconds).where(of_model)).scalar()
            doubled = (before or _FIRST_PAUSE_SECONDS / 2) * 2
            wait = min(max(doubled, seconds or 0.0), _LONGEST_PAUSE_SECONDS)
            values = {
                "until": self.database.clock() + wait,
                "seconds": wait,
                "reason": reason,
            }
            connection.execute(
                self.database.insert(model_pause)
                .values(scope_id=scope_id, model=model, **values)
                .on_conflict_do_update(index_elements=["scope_id", "model"], set_=values)
            )

    def resume(self, scope_id: str, model: str) -> None:
        """End the pauses of a scope and of one model: a create call was answered."""
        of_model = (model_pause.c.scope_id == scope_id) & (model_pause.c.model == model)
        is_paused = (scope_table.c.scope_id == scope_id) & scope_table.c.pause_seconds.is_not(None)
        noted = sa.union_all(
            sa.select(sa.literal(1)).where(of_model), sa.select(sa.literal(1)).where(is_paused)
        )
        with self.database.read() as connection:  # after nearly every call there is none
            if connection.execute(noted).first() is None:
                return
        with self.database.write() as connection:
            connection.execute(
                _of(scope_id)
                .where(scope_table.c.pause_seconds.is_not(None))
                .values(paused_until=None, pause_seconds=None, pause_reason=None)
            )
            connection.execute(sa.delete(model_pause).where(of_model))

    def paused(self, scope_id: str, model: str | None = None) -> Pause | None:
        """Return the pause of a scope, or else of one of its models, that is not over."""
        now = self.database.clock()
        of_scope = sa.select(scope_table.c.paused_until, scope_table.c.pause_reason).where(
            scope_table.c.scope_id == scope_id, _is_ahead(scope_table.c.paused_until, now)
        )
        of_model = sa.select(model_pause.c.until, model_pause.c.reason).where(
            model_pause.c.scope_id == scope_id,
            model_pause.c.model == model,
            _is_ahead(model_pause.c.until, now),
        )
        with self.database.read() as connection:
            row = connection.execute(of_scope).one_or_none()
            if row is None and model is not None:
                row = connection.execute(of_model).one_or_none()
        return None if row is None else Pause(row[0], row[1] or "")

    def pause_job(self, job_id: str, reason: str) -> None:
        """Wait before the next try to collect a job: a minute, doubling to an hour."""
        self.pause_model(_JOB, job_id, reason)

    def paused_jobs(self) -> set[str]:
        """Return the jobs whose collection failed, and whose pause is not over."""
        query = sa.select(model_pause.c.model).where(
            model_pause.c.scope_id == _JOB,
            _is_ahead(model_pause.c.until, self.database.clock()),
        )
        with self.database.read() as connection:
            return set(connection.execute(query).scalars())

    def pauses(self, scope_id: str) -> list[Pause]:
        """Return the pauses of the models of a scope that are not over."""
        query = sa.select(model_pause.c.until, model_pause.c.reason).where(
            model_pause.c.scope_id == scope_id,
            _is_ahead(model_pause.c.until, self.database.clock()),
        )
        with self.database.read() as connection:
            return [Pause(until, reason) for until, reason in connection.execute(query)]

    def is_refused(self, scope_id: str, model: str) -> bool:
        """Tell whether jobs of a model were refused, and none was accepted since."""
        query = sa.select(model_pause.c.model).where(
            model_pause.c.scope_id == scope_id, model_pause.c.model == model
        )
        with self.database.read() as connection:
            return connection.execute(query).one_or_none() is not None

    def shrink_window(self, scope_id: str, model: str, *, to_tokens: int, configured: int) -> None:
        """Enqueue no more than this after a 429 of enqueued tokens, for an hour less and less.

        Never below a tenth of what is configured: a per-minute refusal had shrunk a window of
        20,000 tokens to 37, and jobs of 7 texts went out an hour later.
        """
        floor = max(1, configured // _FLOOR)
        values = {"tokens": max(floor, to_tokens), "changed_at": self.database.clock()}
        with self.database.write() as connection:
            connection.execute(
                self.database.insert(scope_window)
                .values(scope_id=scope_id, model=model, **values)
                .on_conflict_do_update(index_elements=["scope_id", "model"], set_=values)
            )

    def window(self, scope_id: str, model: str, configured: int) -> int:
        """Return the tokens that may be enqueued now: configured, or learned and grown back."""
        query = sa.select(scope_window.c.tokens, scope_window.c.changed_at).where(
            scope_window.c.scope_id == scope_id, scope_window.c.model == model
        )
        with self.database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return configured
        hours = (self.database.clock() - row.changed_at) / _REGROW_SECONDS
        if hours < 0:  # a clock that was ahead wrote it: it may be as old as that
            return configured
        return min(configured, int(row.tokens * _FLOOR ** min(hours, 10.0)))

    def note_others(self, scope_id: str, enqueued: Mapping[str, tuple[int, int]]) -> None:
        """Note what a listing shows of others who use the key: (tokens, jobs) by model."""
        now = self.database.clock()
        rows = [
            {"scope_id": scope_id, "model": model, "tokens": tokens, "jobs": jobs, "seen_at": now}
            for model, (tokens, jobs) in enqueued.items()
        ]
        with self.database.write() as connection:
            connection.execute(sa.delete(others_window).where(others_window.c.scope_id == scope_id))
            if rows:
                connection.execute(sa.insert(others_window), rows)

    def others_seen_at(self, scope_id: str) -> float | None:
        """Return when others were last seen to have something out; None: they have not."""
        query = sa.select(sa.func.max(others_window.c.seen_at)).where(
            others_window.c.scope_id == scope_id
        )
        with self.database.read() as connection:
            found: float | None = connection.execute(query).scalar()
        return found

    def names_seen(self, scope_id: str) -> None:
        """Record that a listing showed one of our names, so that a missing name is evidence."""
        if self.shows_names(scope_id):
            return
        with self.database.write() as connection:
            connection.execute(_of(scope_id).values(names_seen_at=self.database.clock()))

    def probed(
        self, scope_id: str, passed: bool, findings: list[tuple[str, bool | None, str]]
    ) -> None:
        """Store the findings of a probe; only a passed one counts as probed."""
        values = {"probed_at": self.database.clock() if passed else None}
        with self.database.write() as connection:
            connection.execute(
                _of(scope_id).values(probe_findings=[list(item) for item in findings], **values)
            )

    def findings(self, scope_id: str) -> list[ProbeFinding]:
        """Return what the last probe found, in its order; nothing before there was one."""
        with self.database.read() as connection:
            found = connection.execute(
                sa.select(scope_table.c.probe_findings).where(scope_table.c.scope_id == scope_id)
            ).scalar()
        return [ProbeFinding(*one) for one in found or ()]

    def has_passed_probe(self, scope_id: str) -> bool:
        with self.database.read() as connection:
            probed = connection.execute(
                sa.select(scope_table.c.probed_at).where(scope_table.c.scope_id == scope_id)
            ).scalar()
        return probed is not None

    def shows_names(self, scope_id: str) -> bool:
        with self.database.read() as connection:
            seen = connection.execute(
                sa.select(scope_table.c.names_seen_at).where(scope_table.c.scope_id == scope_id)
            ).scalar()
        return seen is not None


def resume_job(connection: sa.Connection, job_id: str) -> None:
    """End the pauses of a job's collection: it is final."""
    of_job = (model_pause.c.scope_id == _JOB) & (model_pause.c.model == job_id)
    connection.execute(sa.delete(model_pause).where(of_job))


def _is_ahead(until: sa.Column[float], now: float) -> sa.ColumnElement[bool]:
    """Return whether a pause is not over; one longer than the longest was written by a wrong clock."""
    return (until > now) & (until <= now + _LONGEST_PAUSE_SECONDS)


def _of(scope_id: str) -> sa.Update:
    return sa.update(scope_table).where(scope_table.c.scope_id == scope_id)
