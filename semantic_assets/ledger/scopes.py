"""Scopes: one backend, base URL and key each. Remote names and quotas are valid inside one only."""

from dataclasses import dataclass

import sqlalchemy as sa

from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.schema import scope as scope_table
from semantic_assets.ledger.database.schema import scope_window

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 60.0, 3_600.0
#: A window shrunk by a 429 grows back by a tenth each quarter of an hour.
_REGROW, _REGROW_SECONDS = 1.1, 900.0


@dataclass(frozen=True, slots=True)
class Pause:
    until: float
    reason: str


@dataclass(frozen=True, slots=True)
class Scopes:
    database: Database

    def register(self, scope_id: str, *, backend: str, base_url: str) -> None:
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

    def resume(self, scope_id: str) -> None:
        with self.database.write() as connection:
            connection.execute(
                _of(scope_id)
                .where(scope_table.c.pause_seconds.is_not(None))
                .values(paused_until=None, pause_seconds=None, pause_reason=None)
            )

    def paused(self, scope_id: str) -> Pause | None:
        with self.database.read() as connection:
            row = connection.execute(
                sa.select(scope_table.c.paused_until, scope_table.c.pause_reason).where(
                    scope_table.c.scope_id == scope_id
                )
            ).one_or_none()
        if row is None or row.paused_until is None or row.paused_until <= self.database.clock():
            return None
        return Pause(row.paused_until, row.pause_reason or "")

    def shrink_window(self, scope_id: str, model: str, *, to_tokens: int) -> None:
        """Limit the window to `to_tokens` after a 429; it grows back slowly."""
        values = {"tokens": max(1, to_tokens), "changed_at": self.database.clock()}
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
        steps = (self.database.clock() - row.changed_at) / _REGROW_SECONDS
        return min(configured, int(row.tokens * _REGROW ** min(steps, 500)))

    def names_seen(self, scope_id: str) -> None:
        """Record that a listing showed one of our names, so that a missing name is evidence."""
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


def _of(scope_id: str) -> sa.Update:
    return sa.update(scope_table).where(scope_table.c.scope_id == scope_id)
