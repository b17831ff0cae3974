"""The cost of a job, its canary included, and the budgets that allow or refuse it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from semantic_assets.batching.canary_rows import canary_tokens
from semantic_assets.batching.packing import (
    MAX_REQUESTS,
    RATIO_MARGIN,
    UNCALIBRATED_RATIO,
    Window,
)
from semantic_assets.errors import SpendRefused
from semantic_assets.ledger.money.spend_totals import SpendTotals
from semantic_assets.ledger.spending import Amount, Guard, Spending
from semantic_assets.model.batch_job import BatchJob, JobKind
from semantic_assets.model.catalog import AGENT_PLATFORM, batch_usd, realtime_usd
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.product import Product
from semantic_assets.pipeline.costs.callers import current_caller
from semantic_assets.settings.settings import Settings
from semantic_assets.store import Store
from semantic_assets.text.chunking import MAX_TOKENS

_DAY_SECONDS = 86_400
#: An estimate may be this far below what Google counts: caps take it for so much.
UPPER = UNCALIBRATED_RATIO * RATIO_MARGIN
_SETTING = "SEMANTIC_ASSETS_MAX_COST_USD_PER_DAY"
_AGENT_SETTING = "SEMANTIC_ASSETS_AGENT_MAX_COST_USD_PER_DAY"


def job_usd(model: str, requests: int, tokens: int, output_tokens: int | None = None) -> float:
    """Return a job's dollars: the batch at half price, and its canaries at full price.

    Args:
        output_tokens: expected output of a generation job, which has no canary; None: vectors.
    """
    if output_tokens is not None:
        return batch_usd(model, tokens, output_tokens)
    return batch_usd(model, tokens) + realtime_usd(model, canary_tokens(tokens, requests))


def jobs_usd(store: Store, model: str, requests: int, tokens: int) -> float:
    """Return the dollars of as many jobs as the window makes of these texts, with their canaries."""
    limit = int(store.settings.window_of(model) / UPPER)
    job_tokens = Window(limit_tokens=limit, used_tokens=0, free_jobs=1).job_tokens
    jobs = max(1, -(-tokens // job_tokens), -(-requests // MAX_REQUESTS))
    again = jobs * canary_tokens(-(-tokens // jobs), -(-requests // jobs))
    return batch_usd(model, tokens) + realtime_usd(model, min(tokens, again))


def texts_with(texts: int, tokens: int, of: int) -> int:
    """Return the number of texts with so many of the tokens; unread files: as they will be split."""
    counted = round(texts * tokens / of) if of else 0
    return max(counted, -(-tokens // (MAX_TOKENS // 2)) if not texts else counted)


def at_most_usd(totals: SpendTotals) -> float:
    """Return what is spent and committed, as much as it may be where only estimates are known.

    Counted as estimated, a cap of $0.0020 was exceeded by a ninth: Google counted more tokens.
    """
    by_estimate = totals.committed_usd + totals.realtime_usd + totals.possibly_billed_usd
    return totals.batch_usd + totals.other_usd + by_estimate * UPPER


@dataclass(frozen=True, slots=True)
class DayCap:
    """The cap of the day that holds for a service: one of its own, or that of both."""

    usd: float | None
    setting: str
    #: The service that it is of; None: what both cost counts.
    service: str | None


def day_cap(settings: Settings, backend: str) -> DayCap:
    """Return the cap of the day for what a backend costs."""
    if settings.agent_max_cost_usd_per_day is None:
        return DayCap(settings.max_cost_usd_per_day, _SETTING, None)
    if backend == AGENT_PLATFORM:
        return DayCap(settings.agent_max_cost_usd_per_day, _AGENT_SETTING, backend)
    return DayCap(settings.max_cost_usd_per_day, _SETTING, backend)


def require_budget(
    store: Store, backend: str, usd: float, spending: Spending | None = None
) -> None:
    """Refuse what the day's cap has no room for.

    Args:
        backend: that is to be paid.
        spending: of the transaction that is about to book; None: as it stands now.

    Raises:
        SpendRefused: on the real backend without a standing consent, or over the day's cap.
    """
    held = day_cap(store.settings, backend)
    cap, setting = held.usd, held.setting
    if cap is None and backend == "emulator":
        return
    if cap is None:
        raise SpendRefused(f"the next job costs about ${usd:.4f}: set {setting} to allow it")
    today = (spending or store.ledger.spending).totals(
        backend=backend, service=held.service, since=since_midnight(store)
    )
    spent = at_most_usd(today)
    if spent + usd * UPPER > cap:
        raise SpendRefused(
            f"${spent:.4f} of ${cap:.2f} for today is spent or committed, the next job costs up to "
            f"${usd * UPPER:.4f}: wait until midnight UTC or raise {setting}"
        )


def since_midnight(store: Store) -> float:
    """Return the time at which today began in UTC, in epoch seconds of the ledger's clock."""
    now = store.ledger.now()
    return now - now % _DAY_SECONDS


def possible_bill(job: BatchJob) -> Amount:
    """Return what a job may have cost that gave nothing."""
    usd = batch_usd(job.model, job.tokens_estimated, job.output_tokens_estimated or 0)
    return Amount(job.tokens_estimated, usd)


@dataclass(slots=True)
class RunBudget:
    """What one run may spend, and the jobs it has spent on."""

    cap_usd: float | None
    #: Its jobs, each with the dataset it is for, where that is one alone.
    jobs: dict[str, DatasetKey | None] = field(default_factory=dict)


_run: ContextVar[RunBudget | None] = ContextVar("run budget", default=None)


@contextmanager
def run_budget(store: Store, cap_usd: float | None = None) -> Iterator[RunBudget]:
    """Count what the block spends against one cap; inside such a block, against that one's.

    Args:
        cap_usd: of this run; None: as the settings say.
    """
    run, token = _run.get(), None
    if run is None:
        cap = store.settings.max_cost_usd_per_run if cap_usd is None else cap_usd
        run = RunBudget(cap)
        token = _run.set(run)
    try:
        yield run
    finally:
        if token is not None:
            _run.reset(token)


def count_in_run(job_id: str, shards: Iterable[ShardKey]) -> None:
    """Count a job to the run that formed it."""
    run = _run.get()
    if run is not None:
        datasets = {shard.dataset for shard in shards}
        run.jobs[job_id] = datasets.pop() if len(datasets) == 1 else None


def _require_run_budget(store: Store, usd: float, spending: Spending) -> None:
    run = _run.get() or RunBudget(store.settings.max_cost_usd_per_run)
    if run.cap_usd is None:
        return
    totals = spending.totals(backend=store.settings.backend, of=run.jobs.__contains__)
    spent = at_most_usd(totals)
    if not spent + usd * UPPER <= run.cap_usd:
        raise SpendRefused(
            f"${spent:.4f} of this run's ${run.cap_usd:.4f} is spent or committed, the next job "
            f"costs up to ${usd * UPPER:.4f}: run again, or raise SEMANTIC_ASSETS_MAX_COST_USD_PER_RUN "
            "(--max-cost-usd)"
        )


def _require_run_budget_of(
    store: Store, dataset: DatasetKey, usd: float, spending: Spending
) -> None:
    """Refuse over the `max_cost_usd_per_run` of a dataset, whatever sends for it."""
    cap, run = store.dataset_settings(dataset).max_cost_usd_per_run, _run.get()
    if cap is None:
        return
    its = {job_id for job_id, of in (run.jobs if run else {}).items() if of == dataset}
    spent = at_most_usd(spending.totals(backend=store.settings.backend, of=its.__contains__))
    if not spent + usd * UPPER <= cap:
        raise SpendRefused(
            f"{dataset}: ${spent:.4f} of the ${cap:.4f} a run may spend on it is spent or committed, "
            f"the next job costs up to ${usd * UPPER:.4f}: run again, or raise [budget] "
            "max_cost_usd_per_run in its dataset.toml"
        )


def require_caller_budget(store: Store, usd: float, spending: Spending) -> None:
    """Refuse what the caller's cap of the day has no room for; count to the caller what is booked.

    Raises:
        SpendRefused: the message names the cap.
    """
    caller = current_caller()
    if caller is None:
        return
    spent = at_most_usd(
        spending.totals_of_caller(
            caller.name, backend=store.settings.backend, since=since_midnight(store)
        )
    )
    if not spent + usd * UPPER <= caller.usd_per_day:
        raise SpendRefused(
            f"${spent:.4f} of the ${caller.usd_per_day:.4f} a day of this key is spent or committed, "
            f"this costs up to ${usd * UPPER:.6f}: wait until midnight UTC, or ask the operator for "
            "a key with a larger --usd-per-day"
        )
    if spending.booking is not None:
        spending.count_to(caller.name)


def job_guard(store: Store, product: Product, dataset: DatasetKey | None, usd: float) -> Guard:
    """Return what refuses a job over the cap of the day, of its dataset or of its task.

    Args:
        dataset: the only one the job is for, where that one has a budget of its own.
    """

    def guard(spending: Spending) -> None:
        require_budget(store, product.backend, usd, spending)
        _require_run_budget(store, usd, spending)
        require_caller_budget(store, usd, spending)
        _require_dataset_budget(store, dataset, usd, spending)
        _require_task_budget(store, product, usd, spending)

    return guard


def _require_dataset_budget(
    store: Store, dataset: DatasetKey | None, usd: float, spending: Spending
) -> None:
    if dataset is None:
        return
    _require_run_budget_of(store, dataset, usd, spending)
    cap = _cap(store, dataset)
    if cap is None:
        return
    spent = at_most_usd(
        spending.totals_for(dataset, backend=store.settings.backend, since=since_midnight(store))
    )
    refuse_dataset(dataset, spent, cap, usd)


def refuse_dataset(dataset: DatasetKey, spent: float, cap: float, usd: float) -> None:
    """Refuse what a dataset's budget of the day has no room for.

    Raises:
        SpendRefused: the message names the setting.
    """
    if not spent + usd * UPPER <= cap:
        raise SpendRefused(
            f"{dataset}: ${spent:.4f} of its ${cap:.2f} for today is spent or committed, the next "
            f"job costs up to ${usd * UPPER:.4f}: wait until midnight UTC, or raise [budget] "
            "max_cost_usd_per_day in its dataset.toml"
        )


def _require_task_budget(store: Store, product: Product, usd: float, spending: Spending) -> None:
    if product.kind == JobKind.EMBEDDING:
        return
    pinned = [one for one in store.ledger.tasks.all() if one.task == product]
    caps = [cap for one in pinned if (cap := one.use.max_cost_usd_per_day) is not None]
    if not caps:
        return
    today, every_version = since_midnight(store), product.product_id.rpartition("-")[0]
    its = {
        job.job_id
        for job in spending.jobs(since=today)
        if job.product_id.rpartition("-")[0] == every_version
    }
    totals = spending.totals(backend=store.settings.backend, since=today, of=its.__contains__)
    spent = at_most_usd(totals)
    if not spent + usd * UPPER <= min(caps):
        raise SpendRefused(
            f"task {pinned[0].task.name}: ${spent:.4f} of its ${min(caps):.2f} for today is spent or "
            f"committed, the next job costs up to ${usd * UPPER:.4f}: wait until midnight UTC, or raise "
            "[budget] max_cost_usd_per_day in its file and `semantic-assets generate regenerate`"
        )


def _cap(store: Store, dataset: DatasetKey) -> float | None:
    return store.dataset_settings(dataset).max_cost_usd_per_day
