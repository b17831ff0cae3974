"""What a job costs, its canary included, and whether it may be paid for today."""

from collections import Counter
from collections.abc import Mapping

from semantic_assets.batching.canary_size import canary_rows
from semantic_assets.batching.grouping import Wanted
from semantic_assets.batching.packing import (
    MAX_REQUESTS,
    RATIO_MARGIN,
    UNCALIBRATED_RATIO,
    Window,
)
from semantic_assets.errors import SpendRefused
from semantic_assets.ledger.spending import POSSIBLY_BILLED, SpendTotals
from semantic_assets.model.batch_job import BatchJob
from semantic_assets.model.catalog import batch_usd, realtime_usd
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.task import GenerationTask
from semantic_assets.store import Store

_DAY_SECONDS = 86_400
_SETTING = "SEMANTIC_ASSETS_MAX_COST_USD_PER_DAY"


def job_usd(model: str, requests: int, tokens: int, output_tokens: int | None = None) -> float:
    """The batch at half price, and the rows that are embedded again at full price.

    Args:
        output_tokens: expected of a generation job, of which nothing is asked again; None: vectors.
    """
    if output_tokens is not None:
        return batch_usd(model, tokens, output_tokens)
    canary_tokens = tokens * canary_rows(requests) // max(1, requests)
    return batch_usd(model, tokens) + realtime_usd(model, canary_tokens)


def jobs_usd(store: Store, model: str, requests: int, tokens: int) -> float:
    """As many jobs as the window makes of them: each has rows embedded again.

    On tier 1 that is 9 % of a large corpus, because its jobs are small; taken for one job it
    would be quoted at 0.3 %.
    """
    limit = int(store.settings.window_of(model) / (UNCALIBRATED_RATIO * RATIO_MARGIN))
    job_tokens = Window(limit_tokens=limit, used_tokens=0, free_jobs=1).job_tokens
    jobs = max(1, -(-tokens // job_tokens), -(-requests // MAX_REQUESTS))
    rows = min(requests, jobs * canary_rows(-(-requests // jobs)))
    return batch_usd(model, tokens) + realtime_usd(model, tokens * rows // max(1, requests))


def require_budget(store: Store, usd: float) -> None:
    """Raises:
    SpendRefused: on the real backend without a standing consent, or over the day's cap.
    """
    cap = store.settings.max_cost_usd_per_day
    if cap is None and store.settings.backend == "emulator":
        return
    if cap is None:
        raise SpendRefused(f"the next job costs about ${usd:.4f}: set {_SETTING} to allow it")
    today = store.ledger.spending.totals(since=since_midnight(store))
    spent = today.spent_usd + today.committed_usd
    if spent + usd > cap:
        raise SpendRefused(
            f"${spent:.4f} of ${cap:.2f} for today is spent or committed, the next job costs about "
            f"${usd:.4f}: wait until midnight UTC or raise {_SETTING}"
        )


def since_midnight(store: Store) -> float:
    """When the day began, in UTC."""
    now = store.ledger.now()
    return now - now % _DAY_SECONDS


def book_possibly_billed(store: Store, job: BatchJob) -> None:
    """The job may have been paid for, and gave nothing."""
    usd = batch_usd(job.model, job.tokens_estimated, job.output_tokens_estimated or 0)
    store.ledger.spending.book(
        job.job_id, POSSIBLY_BILLED, model=job.model, tokens=job.tokens_estimated, usd=usd
    )


def below_min_batch_size(
    store: Store, wanted: Mapping[str, Wanted]
) -> dict[DatasetKey, tuple[int, int]]:
    """Datasets with fewer texts pending than their min_batch_size: (pending, needed)."""
    pending = Counter(text.shard.dataset for text in wanted.values())
    needed = {dataset: store.dataset_settings(dataset).min_batch_size for dataset in pending}
    return {d: (pending[d], needed[d]) for d in sorted(pending) if pending[d] < needed[d]}


def budgeted_datasets(store: Store, wanted: Mapping[str, Wanted]) -> frozenset[DatasetKey]:
    """Datasets with a budget of their own."""
    datasets = {text.shard.dataset for text in wanted.values()}
    return frozenset(d for d in datasets if _cap(store, d) is not None)


def require_dataset_budget(store: Store, dataset: DatasetKey | None, usd: float) -> None:
    """Raises:
    SpendRefused: the job would take the dataset over its own budget of the day.
    """
    cap = None if dataset is None else _cap(store, dataset)
    if dataset is None or cap is None:
        return
    totals = _totals(store, dataset)
    spent = totals.spent_usd + totals.committed_usd
    if spent + usd > cap:
        raise SpendRefused(
            f"{dataset}: ${spent:.4f} of its ${cap:.2f} for today is spent or committed, the next "
            f"job costs about ${usd:.4f}: wait until midnight UTC, or raise [budget] "
            "max_cost_usd_per_day in its dataset.toml"
        )


def require_task_budget(store: Store, task: GenerationTask, usd: float) -> None:
    """Raises:
    SpendRefused: the job would take a task over its own budget of the day.
    """
    uses = [pinned.use for pinned in store.ledger.tasks.all() if pinned.task == task]
    caps = [use.max_cost_usd_per_day for use in uses if use.max_cost_usd_per_day is not None]
    if not caps:
        return
    today = since_midnight(store)
    every_version = task.task_id.rpartition("-")[0]
    its = {
        job.job_id
        for job in store.ledger.jobs.list()
        if job.product_id.rpartition("-")[0] == every_version
    }
    totals = store.ledger.spending.totals(since=today, of=its.__contains__)
    spent = totals.spent_usd + totals.committed_usd
    if not spent + usd <= min(caps):
        raise SpendRefused(
            f"task {task.name}: ${spent:.4f} of its ${min(caps):.2f} for today is spent or "
            f"committed, the next job costs about ${usd:.4f}: wait until midnight UTC, or raise "
            "[budget] max_cost_usd_per_day in its file and `semantic-assets generate regenerate`"
        )


def _totals(store: Store, dataset: DatasetKey) -> SpendTotals:
    """Of jobs that carry nothing but this dataset's texts."""

    def is_its(job_id: str) -> bool:
        shards = store.ledger.jobs.find(job_id).shards if store.ledger.jobs.exists(job_id) else ()
        return {ShardKey.parse(shard).dataset for shard in shards} == {dataset}

    return store.ledger.spending.totals(since=since_midnight(store), of=is_its)


def _cap(store: Store, dataset: DatasetKey) -> float | None:
    return store.dataset_settings(dataset).max_cost_usd_per_day
