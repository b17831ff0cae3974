"""Totals of what is booked: by kind, and of Google alone or of the emulator.

An emulator's dollars are nobody's bill: they and Google's are never in one sum. Google's two services
send one bill.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from semantic_assets.ledger.database.schema import job, other_spend, space, task
from semantic_assets.ledger.database.scope_tables import scope
from semantic_assets.model.catalog import is_charged

ESTIMATED, ACTUAL, REALTIME, POSSIBLY_BILLED = "estimated", "actual", "realtime", "possibly_billed"
#: In front of the id of a call that is for no job, where an emulator answers it.
UNCHARGED = "emulator."


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


def of_backend(
    connection: sa.Connection, rows: Sequence[sa.Row[Any]], backend: str
) -> list[sa.Row[Any]]:
    """Return the rows of Google, or those of the emulator: of its jobs, and of calls made of it.

    What nothing is known of counts as Google's: a cap must not miss it.
    """
    is_real = is_charged(backend)
    foreign = _jobs_elsewhere(connection, lambda other: is_charged(other) == is_real)
    if is_real:
        return [
            row
            for row in rows
            if job_named(row.job_id) not in foreign and not row.job_id.startswith(UNCHARGED)
        ]
    own = set(connection.execute(sa.select(job.c.job_id)).scalars()) - foreign
    return [row for row in rows if job_named(row.job_id) in own or row.job_id.startswith(UNCHARGED)]


def of_service(
    connection: sa.Connection, rows: Sequence[sa.Row[Any]], service: str
) -> list[sa.Row[Any]]:
    """Return the rows but those of jobs of Google's other service.

    Questions and probes are for no job: they count for both, as a cap must not miss them.
    """
    foreign = _jobs_elsewhere(connection, lambda other: other == service)
    return [row for row in rows if job_named(row.job_id) not in foreign]


def job_named(booked: str) -> str:
    """Return the job something is booked for: its calls are its id, a plus and a word of their own."""
    return booked.removeprefix(UNCHARGED).partition("+")[0]


def _jobs_elsewhere(connection: sa.Connection, is_ours: Callable[[str], bool]) -> set[str]:
    """Return the jobs of other backends: by scope, or by product where the scope is new."""
    scopes = dict(map(tuple, connection.execute(sa.select(scope.c.scope_id, scope.c.backend))))
    products = [
        *connection.execute(sa.select(space.c.space_id, space.c.definition)),
        *connection.execute(sa.select(task.c.task_id, task.c.definition)),
    ]
    foreign = [scope_id for scope_id, of in scopes.items() if not is_ours(of)]
    made = [name for name, definition in products if not is_ours(str(definition.get("backend")))]
    if not foreign and not made:
        return set()
    by_product = job.c.scope_id.not_in([*scopes]) & job.c.product_id.in_(made)
    query = sa.select(job.c.job_id).where(job.c.scope_id.in_(foreign) | by_product)
    return set(connection.execute(query).scalars())


def totals_of(rows: Sequence[sa.Row[Any]]) -> SpendTotals:
    """Add up rows by their kinds."""
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


def other_usd(connection: sa.Connection, since: float) -> float:
    """Return what other tools spent on the key from a time on, as entered."""
    query = sa.select(sa.func.sum(other_spend.c.usd)).where(other_spend.c.at >= since)
    return float(connection.execute(query).scalar() or 0.0)


def _by_model(rows: Sequence[sa.Row[Any]], column: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for row in rows:
        found[row.model] = found.get(row.model, 0) + getattr(row, column)
    return found
