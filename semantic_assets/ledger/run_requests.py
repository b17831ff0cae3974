"""Requested runs, by input fingerprint and attempt, so that a crashed run is requested again.

Dagster never runs a run key twice, even if its run failed, and inputs may return to an earlier
state. So the key ends in the number of requests under its name, counted here and not in a
sensor's cursor.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.schema import run_request

MAX_ATTEMPTS = 5
#: Attempt n+1 waits this long times 2**(n-1).
BACKOFF_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Requests:
    database: Database

    def ask(self, name: str, fingerprint: str) -> str | None:
        """Return a run key if a run is due for these inputs, else None."""
        now = self.database.clock()
        with self.database.write() as connection:
            row = connection.execute(
                sa.select(run_request).where(run_request.c.name == name)
            ).one_or_none()
            attempt = _due(row, fingerprint, now)
            if attempt is None:
                return None
            asked = 1 if row is None else row.asked + 1
            values = {
                "fingerprint": fingerprint,
                "attempt": attempt,
                "requested_at": now,
                "asked": asked,
            }
            connection.execute(
                self.database.insert(run_request)
                .values(name=name, **values)
                .on_conflict_do_update(index_elements=["name"], set_=values)
            )
        return f"{name}:{fingerprint}:{asked}"

    def due(self, kind: str, wanted: Mapping[str, str]) -> list[str]:
        """Return the names of one kind for which `ask` would answer now, by one query.

        Two ticks at once may both be told so; `ask` answers one of them.
        """
        query = sa.select(run_request).where(run_request.c.name.startswith(f"{kind}:"))
        now = self.database.clock()
        with self.database.read() as connection:
            rows = {row.name: row for row in connection.execute(query)}
        return [
            name
            for name, fingerprint in wanted.items()
            if _due(rows.get(name), fingerprint, now) is not None
        ]

    def done(self, name: str, fingerprint: str) -> None:
        """Record that a run succeeded on these inputs."""
        with self.database.write() as connection:
            connection.execute(
                self.database.insert(run_request)
                .values(name=name, attempt=0, requested_at=0.0, done_fingerprint=fingerprint)
                .on_conflict_do_update(
                    index_elements=["name"], set_={"done_fingerprint": fingerprint}
                )
            )

    def close(self, names: Sequence[str]) -> None:
        """Record that the requests under these names are fulfilled, by a run or otherwise."""
        with self.database.write() as connection:
            connection.execute(
                sa.update(run_request)
                .where(run_request.c.name.in_(names))
                .values(done_fingerprint=run_request.c.fingerprint)
            )

    def succeeded(self, kind: str) -> dict[str, str]:
        """Map the names of a kind of runs to the inputs of the last success."""
        query = sa.select(run_request.c.name, run_request.c.done_fingerprint).where(
            run_request.c.name.startswith(f"{kind}:"), run_request.c.done_fingerprint.is_not(None)
        )
        with self.database.read() as connection:
            return {row.name: row.done_fingerprint for row in connection.execute(query)}

    def unanswered(self, kind: str) -> dict[str, str]:
        """Map the names of a kind of runs to the fingerprints of open requests."""
        query = sa.select(run_request.c.name, run_request.c.fingerprint).where(
            run_request.c.name.startswith(f"{kind}:"),
            run_request.c.attempt.between(1, MAX_ATTEMPTS - 1),
            run_request.c.fingerprint.is_distinct_from(run_request.c.done_fingerprint),
        )
        with self.database.read() as connection:
            return {row.name: row.fingerprint for row in connection.execute(query)}

    def exhausted(self) -> list[str]:
        """Return the names whose inputs are still not done after the last attempt."""
        query = sa.select(run_request.c.name).where(
            run_request.c.attempt >= MAX_ATTEMPTS,
            run_request.c.fingerprint.is_distinct_from(run_request.c.done_fingerprint),
        )
        with self.database.read() as connection:
            return list(connection.execute(query.order_by(run_request.c.name)).scalars())


def _due(row: "sa.Row[tuple[object, ...]] | None", fingerprint: str, now: float) -> int | None:
    if row is None:
        return 1
    if row.done_fingerprint == fingerprint:
        return None
    if row.fingerprint != fingerprint:
        return 1
    waited = now - float(row.requested_at)
    if row.attempt >= MAX_ATTEMPTS or waited < BACKOFF_SECONDS * 2 ** (row.attempt - 1):
        return None
    return int(row.attempt) + 1
