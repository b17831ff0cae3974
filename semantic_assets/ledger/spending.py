"""Payments, certain and possible: one row per job and kind, so that nothing is booked twice."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa

from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.schema import caller_job, job, other_spend, spend
from semantic_assets.ledger.money.spend_totals import (
    ESTIMATED,
    POSSIBLY_BILLED,
    REALTIME,
    SpendTotals,
    job_named,
    of_backend,
    of_service,
    other_usd,
    totals_of,
)
from semantic_assets.model.catalog import AGENT_PLATFORM, is_charged
from semantic_assets.model.keys import DatasetKey, ShardKey

#: A job that was formed so long ago is settled: Google ends one after two days, we after 50 hours.
_LONGEST_JOB_SECONDS = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class Amount:
    """Tokens, and what they cost in US dollars."""

    tokens: int
    usd: float
    #: A word of its own beside the job's id, where the job itself is paid.
    part: str = ""


@dataclass(frozen=True, slots=True)
class BookedJob:
    """What a job's money was spent on."""

    job_id: str
    product_id: str
    shards: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OtherSpend:
    """What another tool spent on the same key on one day, as a person entered it."""

    entry_id: str
    at: float
    usd: float
    note: str


#: Raises SpendRefused where there is no room; asked in the transaction that books, or two get it.
Guard = Callable[["Spending"], None]


@dataclass(frozen=True, slots=True)
class Spending:
    database: Database
    #: Inside a transaction: the one that reads and books.
    within: sa.Connection | None = None
    #: The job or call that this transaction is about to book.
    booking: str | None = None

    @contextmanager
    def together(self) -> Iterator["Spending"]:
        """Read and book in one transaction what the block reads and books."""
        with self.database.write() as connection:
            yield Spending(self.database, connection)

    def book(self, job_id: str, kind: str, *, model: str, tokens: int, usd: float) -> None:
        """Book once; a second booking of the same kind for a job changes nothing."""
        with self._writing() as connection:
            connection.execute(
                self.database.insert(spend)
                .values(
                    at=self.database.clock(),
                    job_id=job_id,
                    kind=kind,
                    model=model,
                    tokens=tokens,
                    usd=usd,
                )
                .on_conflict_do_nothing()
            )

    def reserve(self, job_id: str, *, model: str, amount: Amount, guard: Guard) -> None:
        """Book what a call is about to cost, if the caps leave room, before it is made.

        It counts as possibly billed until `settle` says what became of it.

        Raises:
            SpendRefused: `guard` found no room; nothing was booked.
        """
        with self._writing() as connection:
            inside = Spending(self.database, connection, job_id)
            guard(inside)
            inside._add(job_id, POSSIBLY_BILLED, model, amount)

    def settle(
        self, job_id: str, *, model: str, reserved: Amount, cost: Amount, kind: str = REALTIME
    ) -> None:
        """Book what a reserved call cost; its reservation ends in the same transaction."""
        with self._writing() as connection:
            inside = Spending(self.database, connection)
            inside._add(job_id, POSSIBLY_BILLED, model, Amount(-reserved.tokens, -reserved.usd))
            if cost.tokens:
                inside._add(job_id, kind, model, cost)

    def _add(self, job_id: str, kind: str, model: str, amount: Amount) -> None:
        """Add to what is booked: the questions of a day are one row, not one each."""
        booked = {"tokens": spend.c.tokens + amount.tokens, "usd": spend.c.usd + amount.usd}
        values = {"job_id": job_id, "kind": kind, "model": model}
        nothing = (spend.c.job_id == job_id) & (spend.c.kind == kind) & (spend.c.tokens <= 0)
        with self._writing() as connection:
            connection.execute(
                self.database.insert(spend)
                .values(**values, at=self.database.clock(), tokens=amount.tokens, usd=amount.usd)
                .on_conflict_do_update(index_elements=["job_id", "kind"], set_=booked)
            )
            if amount.tokens <= 0:
                connection.execute(sa.delete(spend).where(nothing))

    def release(self, job_id: str, kind: str = ESTIMATED) -> None:
        """Delete a reservation: what it was for costs nothing, or is booked otherwise."""
        with self._writing() as connection:
            connection.execute(
                sa.delete(spend).where(spend.c.job_id == job_id, spend.c.kind == kind)
            )

    def has_open_calls(self, job_id: str) -> bool:
        """Return whether calls made for a job were never answered, and may have been billed."""
        calls = spend.c.job_id.startswith(f"{job_id}+", autoescape=True)
        query = sa.select(spend.c.job_id).where(calls, spend.c.kind == POSSIBLY_BILLED).limit(1)
        with self._reading() as connection:
            return connection.execute(query).one_or_none() is not None

    def totals(
        self,
        *,
        backend: str | None = None,
        service: str | None = None,
        since: float = 0.0,
        of: Callable[[str], bool] | None = None,
    ) -> SpendTotals:
        """Add up what one backend was booked for from a time on; of Google's, other tools' too.

        Args:
            backend: None: all of them, whose dollars are not of one kind: to compare with before.
            service: jobs of Google's other service are left out; None: they count as well.
            of: names jobs by their id; only what was booked for them is added up.
        """
        with self._reading() as connection:
            found = _booked(connection, since, backend)
            if service is not None:
                found = of_service(connection, found, service)
            if of is None:
                counts = backend is None or is_charged(backend)
                counts = counts and service != AGENT_PLATFORM  # they are entered of the key
                others = other_usd(connection, since) if counts else 0.0
                return replace(totals_of(found), other_usd=others)
        return totals_of([row for row in found if of(job_named(row.job_id))])

    def totals_of_caller(
        self, caller: str, *, since: float, backend: str | None = None
    ) -> SpendTotals:
        """Add up what is booked from a time on for what a caller asked for."""
        recent = caller_job.c.at >= since - _LONGEST_JOB_SECONDS
        query = sa.select(caller_job.c.job_id).where(caller_job.c.caller == caller, recent)
        with self._reading() as connection:
            its = set(connection.execute(query).scalars())
        return self.totals(backend=backend, since=since, of=its.__contains__)

    def count_to(self, caller: str) -> None:
        """Count what this transaction books to a caller, now and when it is settled."""
        assert self.booking is not None
        job_id, now = self.booking.partition("+")[0], self.database.clock()
        with self._writing() as connection:
            connection.execute(
                self.database.insert(caller_job)
                .values(job_id=job_id, caller=caller, at=now)
                .on_conflict_do_update(index_elements=["job_id"], set_={"at": now})
            )

    def totals_by_job(self, *, since: float, backend: str | None = None) -> dict[str, SpendTotals]:
        """Add up what is booked from a time on, by job, in one query."""
        with self._reading() as connection:
            found = _booked(connection, since, backend)
        booked: dict[str, list[sa.Row[Any]]] = {}
        for row in found:
            booked.setdefault(job_named(row.job_id), []).append(row)
        return {job_id: totals_of(rows) for job_id, rows in booked.items()}

    def totals_for(
        self, dataset: DatasetKey, *, since: float, backend: str | None = None
    ) -> SpendTotals:
        """Add up what is booked from a time on for jobs that are for one dataset only.

        The rows of other jobs are passed over by the database.
        """
        its = [
            one.job_id
            for one in self.jobs(since=since, dataset=dataset)
            if {ShardKey.parse(shard).dataset for shard in one.shards} == {dataset}
        ]
        length = max(map(len, its), default=0)
        of_jobs = sa.func.substr(spend.c.job_id, 1, length).in_(its)
        with self._reading() as connection:
            return totals_of(_booked(connection, since, backend, of_jobs))

    def enter(self, usd: float, *, at: float, note: str) -> OtherSpend:
        """Enter what another tool spent on the key; it counts from then on."""
        entry = OtherSpend(secrets.token_hex(4), at, usd, note)
        with self._writing() as connection:
            connection.execute(
                sa.insert(other_spend).values(**asdict(entry), entered_at=self.database.clock())
            )
        return entry

    def entered(self) -> list[OtherSpend]:
        """Return what was entered and not taken back, the oldest day first."""
        columns = [other_spend.c[name] for name in OtherSpend.__dataclass_fields__]
        query = sa.select(*columns).order_by(other_spend.c.at, other_spend.c.entered_at)
        with self._reading() as connection:
            return [OtherSpend(*row) for row in connection.execute(query)]

    def take_back(self, entry_id: str) -> bool:
        """Delete an entry; return whether there was one."""
        with self._writing() as connection:
            found = connection.execute(
                sa.delete(other_spend).where(other_spend.c.entry_id == entry_id)
            )
        return found.rowcount > 0

    def jobs(self, *, since: float, dataset: DatasetKey | None = None) -> list[BookedJob]:
        """Return the jobs that something was booked for from a time on, in one query.

        Args:
            dataset: only jobs for this one, among others.
        """
        booked = sa.select(spend.c.job_id).where(spend.c.at >= since)
        query = sa.select(job.c.job_id, job.c.product_id, job.c.shards)
        if dataset is not None:
            named = sa.cast(job.c.shards, sa.Text).contains(
                f'"{dataset.partition}.', autoescape=True
            )
            query = query.where(named)
        with self._reading() as connection:
            rows = connection.execute(query.where(job.c.job_id.in_(booked))).all()
        return [BookedJob(job_id, product_id, tuple(shards)) for job_id, product_id, shards in rows]

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        if self.within is not None:
            yield self.within
            return
        with self.database.write() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        if self.within is not None:
            yield self.within
            return
        with self.database.read() as connection:
            yield connection


def _booked(
    connection: sa.Connection,
    since: float,
    backend: str | None,
    *which: sa.ColumnElement[bool],
) -> Sequence[sa.Row[Any]]:
    query = sa.select(spend).where(spend.c.at >= since, *which)
    found = connection.execute(query).all()
    return found if backend is None else of_backend(connection, found, backend)
