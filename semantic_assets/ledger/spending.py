"""Payments, certain and possible: one row per job and kind, so that nothing is booked twice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.schema import spend

ESTIMATED, ACTUAL, REALTIME, POSSIBLY_BILLED = "estimated", "actual", "realtime", "possibly_billed"


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

    @property
    def spent_usd(self) -> float:
        return self.batch_usd + self.realtime_usd + self.possibly_billed_usd


@dataclass(frozen=True, slots=True)
class Spending:
    database: Database

    def book(self, job_id: str, kind: str, *, model: str, tokens: int, usd: float) -> None:
        """Book a payment once; a second booking of the same kind for a job changes nothing."""
        with self.database.write() as connection:
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

    def release(self, job_id: str) -> None:
        """Delete the reservation of a job for which nothing was created."""
        with self.database.write() as connection:
            connection.execute(
                sa.delete(spend).where(spend.c.job_id == job_id, spend.c.kind == ESTIMATED)
            )

    def totals(
        self, *, since: float = 0.0, of: Callable[[str], bool] = lambda job_id: True
    ) -> SpendTotals:
        """Sum the bookings from a time on of all jobs whose id `of` accepts."""
        with self.database.read() as connection:
            found = connection.execute(sa.select(spend).where(spend.c.at >= since)).all()
        rows = [row for row in found if of(row.job_id)]
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
            # An abandoned job that turned up after all is paid for certain.
            possibly_billed_usd=sum(
                row.usd for row in rows if row.kind == POSSIBLY_BILLED and row.job_id not in paid
            ),
        )


def _by_model(rows: Sequence[sa.Row[Any]], column: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for row in rows:
        found[row.model] = found.get(row.model, 0) + getattr(row, column)
    return found
