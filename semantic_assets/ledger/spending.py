"""Payments, certain and possible: one row per job and kind, so that nothing is booked twice."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa

from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.schema import caller_job, job, other_spend, spend
from semantic_assets.model.keys import DatasetKey, ShardKey

#: A job that was formed so long ago is settled: Google ends one after two days, we after 50 hours.
_LONGEST_JOB_SECONDS = 7 * 86_400.0
ESTIMATED, ACTUAL, REALTIME, POSSIBLY_BILLED = "estimated", "actual", "realtime", "possibly_billed"


@dataclass(frozen=True, slots=True)
class Amount:
    """Tokens, and what they cost in US dollars."""

    tokens: int
    usd: float
    #: A word of its own beside the job's id, where the job itself is paid.
    part: str = ""


@dataclass(frozen=True, slots=True)
class SpendTotals:
    """Totals of dollars and tokens; `committed` is estimated for jobs without an actual figure."""

    #: By model.
    batch_tokens: dict[str, int]
    batch_usd_of: dict[str, float]
    batch_usd: float
    #: Canaries and real-time jobs.
    realtime_tokens: int
    realtime_usd: float
    committed_usd: float
    possibly_billed_usd: float
    #: Of other tools on the same key, as entered.
    other_usd: float = 0.0

    @property
    def spent_usd(self) -> float:
        return self.batch_usd + self.realtime_usd + self.possibly_billed_usd + self.other_usd


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

    def totals(self, *, since: float = 0.0, of: Callable[[str], bool] | None = None) -> SpendTotals:
        """Add up everything booked from a time on, other tools' too.

        Args:
            of: names jobs by their id; only what was booked for them is added up.
        """
        with self._reading() as connection:
            found = connection.execute(sa.select(spend).where(spend.c.at >= since)).all()
            if of is None:
                return replace(_totals(found), other_usd=_other_usd(connection, since))
        # Calls made for a job are booked as its id, a plus sign and a word of their own.
        return _totals([row for row in found if of(row.job_id.partition("+")[0])])

    def totals_of_caller(self, caller: str, *, since: float) -> SpendTotals:
        """Add up what is booked from a time on for what a caller asked for."""
        recent = caller_job.c.at >= since - _LONGEST_JOB_SECONDS
        query = sa.select(caller_job.c.job_id).where(caller_job.c.caller == caller, recent)
        with self._reading() as connection:
            its = set(connection.execute(query).scalars())
        return self.totals(since=since, of=its.__contains__)

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

    def totals_by_job(self, *, since: float) -> dict[str, SpendTotals]:
        """Add up what is booked from a time on, by job, in one query."""
        with self._reading() as connection:
            found = connection.execute(sa.select(spend).where(spend.c.at >= since)).all()
        booked: dict[str, list[sa.Row[Any]]] = {}
        for row in found:
            booked.setdefault(row.job_id.partition("+")[0], []).append(row)
        return {job_id: _totals(rows) for job_id, rows in booked.items()}

    def totals_for(self, dataset: DatasetKey, *, since: float) -> SpendTotals:
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
            rows = connection.execute(sa.select(spend).where(spend.c.at >= since, of_jobs)).all()
        return _totals(rows)

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


def _totals(rows: Sequence[sa.Row[Any]]) -> SpendTotals:
    settled = {row.job_id for row in rows if row.kind in (ACTUAL, POSSIBLY_BILLED)}
    batch = [row for row in rows if row.kind == ACTUAL]
    paid = {row.job_id for row in batch if row.usd > 0}
    realtime = [row for row in rows if row.kind == REALTIME]
    return SpendTotals(
        batch_tokens={model: int(n) for model, n in _by_model(batch, "tokens").items()},
        batch_usd_of=_by_model(batch, "usd"),
        batch_usd=sum(row.usd for row in batch),
        realtime_tokens=sum(row.tokens for row in realtime),
        realtime_usd=sum(row.usd for row in realtime),
        committed_usd=sum(
            row.usd for row in rows if row.kind == ESTIMATED and row.job_id not in settled
        ),
        # A job given up that turned up after all is paid, and no longer only possibly.
        possibly_billed_usd=sum(
            row.usd for row in rows if row.kind == POSSIBLY_BILLED and row.job_id not in paid
        ),
    )


def _other_usd(connection: sa.Connection, since: float) -> float:
    query = sa.select(sa.func.sum(other_spend.c.usd)).where(other_spend.c.at >= since)
    return float(connection.execute(query).scalar() or 0.0)


def _by_model(rows: Sequence[sa.Row[Any]], column: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for row in rows:
        found[row.model] = found.get(row.model, 0) + getattr(row, column)
    return found
