"""Batch jobs outside the queue, of `probe`: reserved before they are created, settled when known."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from semantic_assets.errors import SemanticAssetsError
from semantic_assets.ledger.money.spend_totals import ACTUAL, UNCHARGED
from semantic_assets.ledger.spending import Amount, Guard, Spending
from semantic_assets.model.catalog import batch_usd
from semantic_assets.pipeline.costs.budgets import day_cap, require_budget
from semantic_assets.pipeline.costs.paid_calls import may_be_billed
from semantic_assets.store import Store

_NOTHING = Amount(0, 0.0)


#: What calls and jobs of a probe are for.
PROBE = "probe"


def booked_as(store: Store, purpose: str) -> str:
    """Return what a call that is for no job is booked as, with a word of its own behind it."""
    return f"{UNCHARGED}{purpose}" if store.settings.backend == "emulator" else purpose


@dataclass(slots=True)
class PaidJob:
    """A reserved job. From its creation on it stays possibly billed until it is counted."""

    model: str
    #: None: not known.
    cost: Amount | None = _NOTHING

    def created(self, create: Callable[[], str]) -> str:
        """Create it and return its remote name; a refusal costs nothing."""
        self.cost = None
        try:
            return create()
        except SemanticAssetsError as error:
            if not may_be_billed(error):
                self.cost = _NOTHING
            raise

    def counted(self, tokens: int, output_tokens: int = 0) -> None:
        """Note what Google counted, to be booked in place of the reservation."""
        self.cost = Amount(tokens, batch_usd(self.model, tokens, output_tokens))


@contextmanager
def paid_job(
    store: Store, job_id: str, model: str, tokens: int, output_tokens: int = 0
) -> Iterator[PaidJob]:
    """Reserve what the job made in the block may cost; what is known when it ends is booked.

    Args:
        job_id: `probe+ID+job`, by which the ledger knows a job that a killed probe left.

    Raises:
        SpendRefused: the day's cap has no room; without a cap, consent is the caller's.
    """
    amount = Amount(tokens, batch_usd(model, tokens, output_tokens))
    spending, job = store.ledger.spending, PaidJob(model)
    spending.reserve(job_id, model=model, amount=amount, guard=day_guard(store, amount.usd))
    try:
        yield job
    finally:
        if job.cost is not None:
            spending.settle(job_id, model=model, reserved=amount, cost=job.cost, kind=ACTUAL)


def is_of_probe(store: Store, job_id: str) -> bool:
    """Say whether a job was created by a probe, which keeps no row of it: a killed one leaves it."""
    return store.ledger.spending.has_open_calls(f"{PROBE}+{job_id}")


def day_guard(store: Store, usd: float, backend: str | None = None) -> Guard:
    """Return what refuses more than the day's cap has room for; without a cap, consent was given.

    `backend` is the one that is paid; None: that of the settings.
    """
    backend = backend or store.settings.backend

    def guard(spending: Spending) -> None:
        if day_cap(store.settings, backend).usd is not None:
            require_budget(store, backend, usd, spending)

    return guard
