"""What datasets allow by their own settings: a budget of the day, and jobs not too small."""

from collections import Counter
from collections.abc import Mapping

from semantic_assets.batching.grouping import Wanted
from semantic_assets.errors import SpendRefused
from semantic_assets.ledger.spending import SpendTotals
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.product import Product
from semantic_assets.model.task import GenerationTask
from semantic_assets.pipeline.costs.budgets import since_midnight
from semantic_assets.store import Store


def too_few(store: Store, wanted: Mapping[str, Wanted]) -> dict[DatasetKey, tuple[int, int]]:
    """Datasets with fewer texts pending than their min_batch_size: (pending, needed)."""
    pending = Counter(text.shard.dataset for text in wanted.values())
    needed = {dataset: store.dataset_settings(dataset).min_batch_size for dataset in pending}
    return {d: (pending[d], needed[d]) for d in sorted(pending) if pending[d] < needed[d]}


def purses(store: Store, wanted: Mapping[str, Wanted]) -> frozenset[DatasetKey]:
    """Datasets with a budget of their own."""
    datasets = {text.shard.dataset for text in wanted.values()}
    return frozenset(d for d in datasets if _cap(store, d) is not None)


def require_purse(store: Store, dataset: DatasetKey | None, usd: float) -> None:
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


def require_task_purse(store: Store, product: Product, usd: float) -> None:
    """Raises:
    SpendRefused: the job would take a task over its own budget of the day.
    """
    if not isinstance(product, GenerationTask):
        return
    uses = [pinned.use for pinned in store.ledger.tasks.all() if pinned.task == product]
    caps = [use.max_cost_usd_per_day for use in uses if use.max_cost_usd_per_day is not None]
    if not caps:
        return
    today = since_midnight(store)
    every_version = product.space_id.rpartition("-")[0]
    its = {
        job.job_id
        for job in store.ledger.jobs.list()
        if job.space_id.rpartition("-")[0] == every_version
    }
    totals = store.ledger.spending.totals(since=today, of=its.__contains__)
    spent = totals.spent_usd + totals.committed_usd
    if not spent + usd <= min(caps):
        raise SpendRefused(
            f"task {product.name}: ${spent:.4f} of its ${min(caps):.2f} for today is spent or "
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
