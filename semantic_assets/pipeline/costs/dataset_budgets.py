"""What datasets' own settings hold back, read once for a pass of the planner.

With a budget in 200 datasets one pass read each one's settings five times and all that was booked
today twice: 32 CPU seconds under the lease `plan`, where 0.5 were enough.
"""

from functools import cached_property

from semantic_assets.batching.grouping import PendingTexts
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.costs.budgets import (
    UPPER,
    at_most_usd,
    refuse_dataset,
    since_midnight,
)
from semantic_assets.settings.dataset_settings import DatasetSettings
from semantic_assets.store import Store


class DatasetBudgets:
    """The settings of all datasets, and what of their budgets is taken today, as of now."""

    def __init__(self, store: Store) -> None:
        self._store, self._rows = store, store.ledger.datasets.rows()
        self._read: dict[DatasetKey, DatasetSettings] = {}

    def may_wait(self, dataset: DatasetKey) -> bool:
        """Say whether texts may wait for more texts, or for the next day's budget."""
        own = self._settings(dataset)
        return own.min_batch_size > 1 or own.max_cost_usd_per_day is not None

    def below_min_batch_size(self, wanted: PendingTexts) -> dict[DatasetKey, tuple[int, int]]:
        """Map datasets with fewer pending texts than their min_batch_size to (pending, needed)."""
        pending = wanted.datasets()
        needed = {dataset: self._settings(dataset).min_batch_size for dataset in pending}
        return {d: (pending[d], needed[d]) for d in sorted(pending) if pending[d] < needed[d]}

    def budgeted(self, wanted: PendingTexts) -> frozenset[DatasetKey]:
        """Return the datasets of these texts that have a budget of their own."""
        return frozenset(d for d in wanted.datasets() if self._settings(d).has_budget)

    def require(self, dataset: DatasetKey, usd: float) -> None:
        """Refuse a job before its texts are read; the transaction that books it looks again.

        Raises:
            SpendRefused: over the dataset's budget, with what this pass has formed.
        """
        cap = self._cap(dataset)
        if cap is not None:
            refuse_dataset(dataset, self._taken.get(dataset, 0.0), cap, usd)

    def formed(self, dataset: DatasetKey, usd: float) -> None:
        """Count a job that this pass has formed for a dataset."""
        self._taken[dataset] = self._taken.get(dataset, 0.0) + usd * UPPER

    def _cap(self, dataset: DatasetKey) -> float | None:
        return self._settings(dataset).max_cost_usd_per_day

    def _settings(self, dataset: DatasetKey) -> DatasetSettings:
        if dataset not in self._read:
            row = self._rows.get(dataset)
            told = {} if row is None else row.settings
            self._read[dataset] = DatasetSettings.of(told, f"{dataset}: dataset.toml")
        return self._read[dataset]

    @cached_property
    def _taken(self) -> dict[DatasetKey, float]:
        """Dollars by dataset, of the jobs that are for no other."""
        spending, today = self._store.ledger.spending, since_midnight(self._store)
        backend, found = self._store.settings.backend, dict[DatasetKey, float]()
        booked = spending.totals_by_job(backend=backend, since=today)
        for job in spending.jobs(since=today):
            datasets = {ShardKey.parse(shard).dataset for shard in job.shards}
            if len(datasets) == 1 and job.job_id in booked:  # of this backend
                (dataset,) = datasets
                found[dataset] = found.get(dataset, 0.0) + at_most_usd(booked[job.job_id])
        return found
