"""How far the work is: texts wanted, answered, out at Google, waiting and failed, at each look.

Every text that is wanted is in exactly one of these. What jobs have answered and what is out, the
ledger says at each look. What is wanted is counted when the work begins, and again where documents
were split or texts FAILED since: so the total changes only when the wish does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from semantic_assets.lake import layout
from semantic_assets.ledger.money.spend_totals import SpendTotals
from semantic_assets.model.batch_job import WITHHOLDING, BatchJob, JobState
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.product import Product
from semantic_assets.model.wording import ProgressLine, counted
from semantic_assets.pipeline.costs.expected_finish import ExpectedFinish, expected_finish
from semantic_assets.pipeline.pending.pending import demand, landed_and_withheld
from semantic_assets.pipeline.pending.products import (
    WantedProduct,
    unsettled_shards,
    wanted_products,
)
from semantic_assets.store import Store

#: A person has to decide about these: their texts are neither at Google nor waiting to be sent.
HELD = frozenset({JobState.QUARANTINED, JobState.DAMAGED})
_PER = (("s", 1.0), ("min", 60.0), ("h", 3_600.0))
_LEAST_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HowFar(HtmlTable):
    """One look. The five counts that follow `wanted` add up to it."""

    wanted: int
    answered: int
    #: In jobs that Google has, or may have.
    out: int
    #: In jobs whose answer a person has to decide about.
    held: int
    waiting: int
    #: FAILED for good: `failures` lists them.
    failed: int
    jobs_out: int
    #: Since the work began; of the backend in use alone.
    usd_spent: float
    usd_committed: float
    is_free: bool
    seconds: float
    finish: ExpectedFinish | None
    #: The finish in words; None where nothing is known of it.
    finish_told: str | None
    #: Why texts wait, where they do.
    waits_for: str | None = None

    @property
    def share(self) -> float:
        return (self.answered + self.failed) / self.wanted if self.wanted else 1.0

    @property
    def line(self) -> ProgressLine:
        """Return it as one line, what matters most first."""
        done = self.answered + self.failed
        head = f"{int(self.share * 100)} %: {self.answered:,} of {counted(self.wanted, 'text')}"
        parts = [head, *self._elsewhere, self._rate, self._finish, self._usd, self._why]
        return ProgressLine.of("; ".join(filter(None, parts)), done, self.wanted)

    @property
    def _elsewhere(self) -> list[str]:
        shown = ((self.out, "out"), (self.waiting, "wait"), (self.held, "held"))
        found = [f"{count:,} {name}" for count, name in shown if count]
        failed = [f"{self.failed:,} FAILED"] if self.failed else []
        return [", ".join([*found, *failed])] if found or failed else []

    @property
    def _rate(self) -> str:
        if not self.answered or self.seconds < _LEAST_SECONDS:
            return ""
        a_second = self.answered / self.seconds
        for unit, seconds in _PER:
            if a_second * seconds >= 1:
                return f"{a_second * seconds:,.0f}/{unit}"
        return ""

    @property
    def _finish(self) -> str:
        return f"done {self.finish_told}" if self.finish_told and self.share < 1 else ""

    @property
    def _usd(self) -> str:
        if self.is_free:
            return "emulator: $0"
        committed = f" + ${self.usd_committed:.4f} out" if self.usd_committed else ""
        return f"${self.usd_spent:.4f}{committed}"

    @property
    def _why(self) -> str:
        return f"waits: {self.waits_for}" if self.waits_for and self.waiting else ""


class Tally:
    """The count of one piece of work, from where it began. Only the ledger is asked at a look."""

    def __init__(self, store: Store, *, only: Product | None = None) -> None:
        self._store, self._only = store, only
        self._began = store.ledger.now()
        #: Shards of which something was wanted, whether or not they are settled by now.
        self._shards: dict[Product, set[ShardKey]] = {}
        self._answered_before, self._failures = self._outcomes()
        self._spent_before = self._totals().spent_usd
        self._pending, self._failed_before = self._count()
        self._failed = 0
        self._total = _texts(self._jobs()) + _sum(self._pending)

    def look(self, waits_for: str | None = None, *, is_changed: bool = False) -> HowFar:
        """Return how far it is now.

        Args:
            is_changed: documents were split since the last look, which may want more.
        """
        answered, failures = self._outcomes()
        answered, jobs = max(0, answered - self._answered_before), self._jobs()
        is_beyond = answered + self._failed + _texts(jobs) > self._total
        if is_changed or is_beyond or failures != self._failures:
            self._failures = failures
            self._pending, failed = self._count()
            self._failed = max(0, failed - self._failed_before)
            self._total = answered + self._failed + _texts(jobs) + _sum(self._pending)
        return self._seen(answered, jobs, waits_for)

    @property
    def waiting(self) -> tuple[int, dict[str, float]]:
        """Return how many texts waited when they were counted, and their tokens by model."""
        texts = _sum(self._pending)
        return texts, self._waiting_tokens(texts)

    def _seen(self, answered: int, jobs: Sequence[BatchJob], waits_for: str | None) -> HowFar:
        store, totals, now = self._store, self._totals(), self._store.ledger.now()
        out = [job for job in jobs if job.state not in HELD]
        waiting = self._total - answered - self._failed - _texts(jobs)
        finish = expected_finish(store, out, self._waiting_tokens(waiting))
        return HowFar(
            wanted=self._total,
            answered=answered,
            out=_texts(out),
            held=_texts(jobs) - _texts(out),
            waiting=waiting,
            failed=self._failed,
            jobs_out=len(out),
            usd_spent=max(0.0, totals.spent_usd - self._spent_before),
            usd_committed=totals.committed_usd,
            is_free=store.settings.backend == "emulator",
            seconds=now - self._began,
            finish=finish,
            finish_told=finish.told(now) if finish else None,
            waits_for=waits_for,
        )

    def _outcomes(self) -> tuple[int, int]:
        product_id = None if self._only is None else self._only.product_id
        return self._store.ledger.job_totals.outcomes(product_id)

    def _totals(self) -> SpendTotals:
        store = self._store
        return store.ledger.spending.totals(backend=store.settings.backend)

    def _wanted(self) -> list[WantedProduct[Product]]:
        every = wanted_products(self._store)
        return [one for one in every if self._only in (None, one.product)]

    def _jobs(self) -> list[BatchJob]:
        ids = {one.product.product_id for one in self._wanted()}
        jobs = self._store.ledger.jobs.list(states=WITHHOLDING)
        return [job for job in jobs if job.product_id in ids]

    def _count(self) -> tuple[dict[Product, tuple[int, int]], int]:
        """Return the pending texts and their tokens by product, and how many texts FAILED."""
        pending, failed = {}, 0
        for one in self._wanted():
            held = self._shards.setdefault(one.product, set())
            held.update(shard.key for shard, _ in unsettled_shards(self._store, one))
            texts, tokens, lost = _count_product(self._store, one.product, sorted(held))
            pending[one.product], failed = (texts, tokens), failed + lost
        return pending, failed

    def _waiting_tokens(self, waiting: int) -> dict[str, float]:
        """Spread waiting texts over the models, as the pending ones were when they were counted."""
        found: dict[str, float] = {}
        texts = _sum(self._pending)
        for product, (_, tokens) in self._pending.items() if texts and waiting > 0 else ():
            found[product.model] = found.get(product.model, 0.0) + tokens * waiting / texts
        return found


def _texts(jobs: Sequence[BatchJob]) -> int:
    return sum(job.requests for job in jobs)


def _sum(pending: dict[Product, tuple[int, int]]) -> int:
    return sum(texts for texts, _ in pending.values())


def _count_product(
    store: Store, product: Product, shards: Sequence[ShardKey]
) -> tuple[int, int, int]:
    """Return (pending texts, their tokens, texts that FAILED): each text once, whoever wants it."""
    if not shards:
        return 0, 0, 0
    index, withheld = landed_and_withheld(store, product.product_id)
    pending, failed = dict[str, int](), set[str]()
    for shard in shards:
        if store.ledger.files.find(layout.wanted(product.product_id, shard)) is None:
            continue  # its dataset was removed meanwhile
        found = demand(store, shard, product, index, withheld)
        pending |= found.pending
        failed.update(found.texts.keys.filter(pa.array(found.is_failed)).to_pylist())
    return len(pending), sum(pending.values()), len(failed)
