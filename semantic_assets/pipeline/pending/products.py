"""The wanted products and their datasets: serving spaces, reindex targets, generation tasks."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from semantic_assets.lake import layout
from semantic_assets.ledger.sources.sources import Shard
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.product import Product
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.task import GenerationTask
from semantic_assets.settings.dataset_settings import DatasetSettings
from semantic_assets.store import Store

P_co = TypeVar("P_co", bound=Product, covariant=True)


@dataclass(frozen=True, slots=True)
class WantedProduct(Generic[P_co]):
    """A space or a task, and the datasets that want its answers."""

    product: P_co
    datasets: frozenset[DatasetKey]


WantedSpace = WantedProduct[EmbeddingSpace]
WantedTask = WantedProduct[GenerationTask]


def wanted_tasks(store: Store) -> list[WantedTask]:
    """List every task version pinned to datasets that are not removed."""
    live = set(store.ledger.dataset_spaces.all())
    found: dict[GenerationTask, set[DatasetKey]] = {}
    for pinned in store.ledger.tasks.all():
        if pinned.dataset in live:
            found.setdefault(pinned.task, set()).add(pinned.dataset)
    return [WantedProduct(task, frozenset(datasets)) for task, datasets in found.items()]


def wanted_products(store: Store) -> list[WantedProduct[Product]]:
    """List all wanted products, tasks first: some documents are split only with their answers."""
    return [*wanted_tasks(store), *wanted_spaces(store)]


def wanted_spaces(store: Store) -> list[WantedSpace]:
    """List the wanted spaces, serving ones first: search takes precedence over a reindex."""
    serving: dict[EmbeddingSpace, set[DatasetKey]] = {}
    targets: dict[EmbeddingSpace, set[DatasetKey]] = {}
    for dataset, (serves, target) in sorted(_spaces_of_all(store).items()):
        serving.setdefault(serves, set()).add(dataset)
        if target is not None:
            targets.setdefault(target, set()).add(dataset)
    spaces = [*serving, *(space for space in targets if space not in serving)]
    return [
        WantedProduct(space, frozenset(serving.get(space, set()) | targets.get(space, set())))
        for space in spaces
    ]


def serving_spaces(store: Store) -> dict[DatasetKey, EmbeddingSpace]:
    """Map each dataset to its serving space, by three queries for all."""
    return {dataset: serves for dataset, (serves, _) in _spaces_of_all(store).items()}


def _spaces_of_all(
    store: Store,
) -> dict[DatasetKey, tuple[EmbeddingSpace, EmbeddingSpace | None]]:
    """Map each dataset to (serving, target); two queries for all, because each tick needs them."""
    held_by_all = store.ledger.dataset_spaces.all()
    known = store.ledger.spaces.all()
    new = any(held.serving is None for held in held_by_all.values())
    settings = store.all_dataset_settings() if new else {}
    return {
        dataset: (
            _configured(store, settings.get(dataset))
            if held.serving is None
            else known[held.serving],
            None if held.target is None else known[held.target],
        )
        for dataset, held in held_by_all.items()
    }


def _configured(store: Store, own: DatasetSettings | None) -> EmbeddingSpace:
    """Return the space of a dataset that has none yet; None: it was removed just now."""
    if own is None:
        return store.settings.space
    return store.settings.space_of(own.model, own.dimensions, own.backend)


def unsettled_shards(store: Store, wanted: WantedProduct[Product]) -> list[tuple[Shard, str]]:
    """List shards whose current chunks (of a task: requests) are not known to be settled.

    Each comes with the fingerprint of that table.
    """
    product_id = wanted.product.product_id
    progress = store.ledger.progress.all()
    tables = store.ledger.files.fingerprints(layout.wanted_tables(product_id))
    found = []
    for shard in store.ledger.sources.shards():
        cut = tables.get(layout.wanted(product_id, shard.key))
        if shard.key.dataset not in wanted.datasets or cut is None:
            continue
        noted = progress.get((shard.key, product_id))
        if noted is None or not noted.is_settled_for(cut):
            found.append((shard, cut))
    return found


def is_settled_in(store: Store, dataset: DatasetKey, space: EmbeddingSpace) -> bool:
    """Say whether nothing of a dataset is left to embed in a space."""
    return not unsettled_shards(store, WantedProduct(space, frozenset({dataset})))


def settled_shards(store: Store) -> list[ShardKey]:
    """List shards whose current chunks all have a final outcome in their serving space.

    A dataset that is not embedded has none.
    """
    progress, chunks = store.ledger.progress.all(), store.ledger.files.fingerprints("chunks")
    spaces, found = _spaces_of_all(store), []
    for shard in store.ledger.sources.shards():
        if shard.key.dataset not in spaces:
            continue  # removed just now
        noted = progress.get((shard.key, spaces[shard.key.dataset][0].product_id))
        if noted and noted.is_settled_for(chunks.get(layout.chunks(shard.key))):
            found.append(shard.key)
    return found
