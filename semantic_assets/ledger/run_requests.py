"""Requested runs, by input fingerprint, so that a run that failed or vanished is requested again.

Dagster never runs a run key twice, even if its run failed, and inputs may return to an earlier
state. So the key ends in a number that only grows, kept here and not in a sensor's cursor. What
became of the runs is not known here: whoever starts them says so, as a `KnownRuns`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.schema import run_request

MAX_ATTEMPTS = 5
#: Request n+1 for the same inputs waits this long times 2**(n-1), and never longer than the fifth.
BACKOFF_SECONDS = 120.0
#: The attempt of a row whose runs failed so often that no other is requested.
_GIVEN_UP = -1
_Row = sa.Row[tuple[object, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRuns:
    """The runs that the orchestrator knows of, as of one look."""

    #: Names of requests whose work a run of any origin does, or waits in the queue to do.
    in_flight: Collection[str] = frozenset()
    #: When runs ended in failure, by their run key.
    failed: Mapping[str, float] = field(default_factory=dict)


NO_RUNS = KnownRuns()


@dataclass(frozen=True, slots=True)
class Requests:
    database: Database

    def ask(self, name: str, fingerprint: str, runs: KnownRuns = NO_RUNS) -> str | None:
        """Return a run key if a run is due for these inputs, else None."""
        now = self.database.clock()
        with self.database.write() as connection:
            row = connection.execute(
                sa.select(run_request).where(run_request.c.name == name)
            ).one_or_none()
            attempt = _due(row, name, fingerprint, now, runs)
            if attempt is None:
                return None
            values = {
                "fingerprint": fingerprint,
                "attempt": attempt,
                "requested_at": now,
                "asked": _next_number(row, now),
            }
            connection.execute(
                self.database.insert(run_request)
                .values(name=name, **values)
                .on_conflict_do_update(index_elements=["name"], set_=values)
            )
        return f"{name}:{fingerprint}:{values['asked']}"

    def due(self, kind: str, wanted: Mapping[str, str], runs: KnownRuns = NO_RUNS) -> list[str]:
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
            if _due(rows.get(name), name, fingerprint, now, runs) is not None
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
        return {row.name: row.fingerprint for row in self._open() if _is_of(kind, row.name)}

    def open_keys(self) -> list[str]:
        """Return the run keys whose failure decides whether open requests are made again."""
        return [key for row in self._open() for key in _recent_keys(row)]

    def give_up(self, runs: KnownRuns) -> None:
        """Request no more runs for inputs whose last runs, as many as are attempted, all failed."""
        names = [row.name for row in self._open() if _failures(row, runs) >= MAX_ATTEMPTS]
        if names:
            with self.database.write() as connection:
                connection.execute(
                    sa.update(run_request)
                    .where(run_request.c.name.in_(names))
                    .values(attempt=_GIVEN_UP)
                )

    def exhausted(self) -> list[str]:
        """Return the names that were given up and are still not done."""
        query = sa.select(run_request.c.name).where(
            run_request.c.attempt == _GIVEN_UP,
            run_request.c.fingerprint.is_distinct_from(run_request.c.done_fingerprint),
        )
        with self.database.read() as connection:
            return list(connection.execute(query.order_by(run_request.c.name)).scalars())

    def _open(self) -> Iterable[_Row]:
        query = sa.select(run_request).where(
            run_request.c.attempt > 0,
            run_request.c.fingerprint.is_distinct_from(run_request.c.done_fingerprint),
        )
        with self.database.read() as connection:
            return list(connection.execute(query.order_by(run_request.c.name)))


def _is_of(kind: str, name: str) -> bool:
    return name.startswith(f"{kind}:")


def _next_number(row: _Row | None, now: float) -> int:
    """Return the number that ends the key.

    The first is of the clock: Dagster remembers the keys of a lake that was deleted and begun anew.
    """
    asked = 0 if row is None else int(row.asked)
    return asked + 1 if asked else int(now // 60)


def _recent_keys(row: _Row) -> list[str]:
    """Return the keys of the last requests for the row's inputs, the latest last."""
    count = min(int(row.attempt), MAX_ATTEMPTS)
    numbers = range(int(row.asked) - count + 1, int(row.asked) + 1)
    return [f"{row.name}:{row.fingerprint}:{number}" for number in numbers]


def _failures(row: _Row, runs: KnownRuns) -> int:
    """Count the last requests in a row whose runs ended in failure."""
    keys, count = _recent_keys(row), 0
    while count < len(keys) and keys[-1 - count] in runs.failed:
        count += 1
    return count


def _due(row: _Row | None, name: str, fingerprint: str, now: float, runs: KnownRuns) -> int | None:
    """Return the number of the request for these inputs that is due now, or None.

    A run that waits or runs is not requested again, however long that takes. One that failed, was
    cancelled or vanished is, after a pause.
    """
    if name in runs.in_flight:
        return None
    if row is None:
        return 1
    if row.done_fingerprint == fingerprint:
        return None
    if row.fingerprint != fingerprint or row.attempt == 0:
        return 1
    if row.attempt == _GIVEN_UP or _failures(row, runs) >= MAX_ATTEMPTS:
        return None
    ended = runs.failed.get(_recent_keys(row)[-1], 0.0)
    pause = BACKOFF_SECONDS * 2 ** (min(int(row.attempt), MAX_ATTEMPTS) - 1)
    # A clock that was put back leaves a time ahead of it, which would be waited for.
    if abs(now - max(float(row.requested_at), ended)) < pause:
        return None
    return int(row.attempt) + 1
