"""Remove a dataset from the lake: its tables, its index, and all work on it.

Paid results stay (they belong to texts, not to datasets), and so does the placement: a dataset that
comes back is where it was, with nothing sent again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from semantic_assets.errors import DatasetRemoved, NotFound
from semantic_assets.lake import layout
from semantic_assets.ledger import lease_names
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.vector_index.versions import drop_all
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """The size of a removed dataset, or of one that a dry run would remove."""

    dataset: DatasetKey
    shards: int
    documents: int
    chunks: int
    index_versions_count: int
    removed: bool


@contextmanager
def passing_over_removed(progress: Callable[[str], None]) -> Iterator[None]:
    """Report a dataset that was removed while work on it was queued, and go on without error."""
    try:
        yield
    except DatasetRemoved as error:
        progress(f"skipped: {error}")


def remove(store: Store, dataset: DatasetKey, *, dry_run: bool) -> Removal:
    """Remove a dataset by hand; files that are still there do not bring it back by themselves.

    Raises:
        NotFound: there is no such dataset.
    """
    row = store.ledger.datasets.find(dataset)
    if row is None:
        raise NotFound(f"there is no dataset {dataset}")
    shards = store.ledger.sources.shards(dataset)
    found = Removal(
        dataset=dataset,
        shards=len(shards),
        documents=sum(shard.documents for shard in shards),
        chunks=sum(shard.chunks for shard in shards),
        index_versions_count=len(store.ledger.index_versions.list(dataset)),
        removed=not dry_run,
    )
    if not dry_run:
        _remove(store, dataset, keep_out=True)
    return found


def discard(store: Store, dataset: DatasetKey) -> None:
    """Remove a dataset that was missing for too long; its files bring it back when they return."""
    _remove(store, dataset, keep_out=False)


def finish_removal(store: Store, dataset: DatasetKey) -> None:
    """Go on where a process died that was removing, or Qdrant did not answer."""
    with store.ledger.leases.holding(lease_names.of_discovery(dataset)):
        row = store.ledger.datasets.find(dataset)
        if row is not None and row.is_removed and row.cleared_at is None:
            _clear(store, dataset)


def _remove(store: Store, dataset: DatasetKey, *, keep_out: bool) -> None:
    with store.ledger.leases.holding(lease_names.of_discovery(dataset)):
        # A planner that has begun reads the tables of the shards it saw.
        with store.ledger.leases.holding(lease_names.PLAN):
            store.ledger.datasets.remove(dataset, keep_out=keep_out)
        _clear(store, dataset)
    store.report_progress(f"dataset {dataset} is removed")


def _clear(store: Store, dataset: DatasetKey) -> None:
    """Delete tables and index, each under the lease of the process that may be writing it."""
    noted = [layout.index_dir(dataset), layout.documents_dir(dataset)]
    for shard in store.ledger.sources.shards_ever(dataset):
        with store.ledger.leases.holding(lease_names.of_shard(shard)):
            paths = _tables(store, shard)
            noted += paths
            store.ledger.files.forget(paths)
            for path in paths:
                store.lake.delete(path)
    with store.ledger.leases.holding(lease_names.of_index(dataset)):
        is_gone = drop_all(store, dataset)
    store.ledger.notes.forget(noted)
    if is_gone:
        store.ledger.datasets.cleared(dataset)


def _tables(store: Store, shard: ShardKey) -> list[str]:
    spaces = store.lake.folders("embeddings")
    tasks = {*store.lake.folders("requests"), *store.lake.folders("generations")}
    return [
        layout.documents(shard),
        *(layout.requests(task, shard) for task in sorted(tasks)),
        *(layout.outputs(task, shard) for task in sorted(tasks)),
        layout.chunks(shard),
        *(layout.embeddings(name.removeprefix("space="), shard) for name in spaces),
    ]
