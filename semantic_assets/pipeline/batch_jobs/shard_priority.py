"""Whose turn it is: the smallest pending dataset, and every fourth time the one not served longest."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from semantic_assets.batching.grouping import Wanted
from semantic_assets.ledger.progress import ShardProgress
from semantic_assets.ledger.sources.sources import Shard
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.product import Product
from semantic_assets.pipeline.pending.pending import ShardDemand
from semantic_assets.pipeline.product_kinds.product_kind import kind_of
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
    found = noted.get((shard.key, product.product_id))
    of_all = kind_of(product).rows_of(shard)
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


def open_shards(
    store: Store,
    shards: Iterable[Shard],
    derive: Callable[[ShardKey], ShardDemand],
    free_tokens: int,
) -> tuple[dict[str, Wanted], list[ShardDemand]]:
    """Open shards in this order until their texts fill the window.

    What lies behind is not opened, nor named: cost follows what is sent, not what waits. Texts that
    a dataset's own settings may hold back are all named, and fill nothing.
    """
    wanted: dict[str, Wanted] = {}
    opened: list[ShardDemand] = []
    room = free_tokens
    for shard in shards:
        opened.append(found := derive(shard.key))
        is_plain = not _may_wait(store, shard.key.dataset)
        for key, text in wanted_texts(found, room if is_plain else None):
            if wanted.setdefault(key, text) is text and is_plain:
                room -= text.estimate
        if room <= 0 < free_tokens:
            break
    return wanted, opened


def _may_wait(store: Store, dataset: DatasetKey) -> bool:
    """For more texts, or for the next day's budget."""
    settings = store.dataset_settings(dataset)
    return settings.min_batch_size > 1 or settings.max_cost_usd_per_day is not None


def wanted_texts(found: ShardDemand, max_tokens: int | None = None) -> Iterator[tuple[str, Wanted]]:
    """The pending texts of a shard in the order of its rows, until they weigh so much."""
    places = np.flatnonzero(found.is_pending)
    estimates = found.texts.estimates[places]
    if max_tokens is not None:
        before = np.cumsum(estimates) - estimates
        places = places[: int(np.searchsorted(before, max(max_tokens, 1)))]
    keys = found.texts.keys.take(pa.array(places)).to_pylist()
    columns = (places, found.texts.rows[places], estimates[: len(places)])
    for key, place, row, estimate in zip(keys, *(c.tolist() for c in columns), strict=True):
        landed = found.known.troubled.get(place)
        failed_with, error = (landed.failed_with, landed.last_error) if landed else (None, None)
        yield key, Wanted(estimate, found.shard, row, failed_with, error)
