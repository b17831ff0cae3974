"""Whose turn it is: the smallest pending dataset, and every fourth time the one not served longest."""

from collections.abc import Mapping, Sequence

from semantic_assets.ledger.progress import ShardProgress
from semantic_assets.ledger.sources import Shard
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.product import Product
from semantic_assets.model.task import GenerationTask
from semantic_assets.store import Store

#: One job in this many goes by age, so that a large dataset always advances.
AGEING_TURN = 4
_RECENT_JOBS = 200


def serving_order(
    store: Store,
    product: Product,
    unsettled: Sequence[tuple[Shard, str]],
    favour: ShardKey | None,
) -> list[Shard]:
    """The favoured shard first, then datasets by what they have pending, or by age."""
    shards, noted = [shard for shard, _ in unsettled], store.ledger.progress.all()
    size: dict[DatasetKey, int] = {}
    for shard in shards:
        pending = pending_hint(noted, shard, product)
        size[shard.key.dataset] = size.get(shard.key.dataset, 0) + pending
    first = _longest_unserved(store, set(size))
    return sorted(
        shards,
        key=lambda s: (
            s.key != favour,
            s.key.dataset != first,
            size[s.key.dataset],
            s.key,
        ),
    )


def pending_hint(
    noted: Mapping[tuple[ShardKey, str], ShardProgress], shard: Shard, product: Product
) -> int:
    """Texts pending at the last look; where a look is due, all of its rows may be."""
    found = noted.get((shard.key, product.space_id))
    of_all = shard.documents if isinstance(product, GenerationTask) else shard.chunks
    return of_all if found is None or found.pending is None else found.pending


def _longest_unserved(store: Store, datasets: set[DatasetKey]) -> DatasetKey | None:
    """On an ageing turn, the dataset whose last job is oldest; None on the other turns."""
    jobs = store.ledger.jobs.recent(_RECENT_JOBS)
    if len(datasets) < 2 or store.ledger.jobs.count() % AGEING_TURN != AGEING_TURN - 1:
        return None
    served: dict[DatasetKey, float] = {}
    for job in jobs:
        for name in job.shards:
            dataset = ShardKey.parse(name).dataset
            served[dataset] = max(served.get(dataset, 0.0), job.created_at)
    return min(sorted(datasets), key=lambda dataset: served.get(dataset, 0.0))
