"""open_shards: the pending texts of as many shards as fill the window."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pyarrow as pa

from semantic_assets.batching.grouping import Wanted
from semantic_assets.ledger.sources import Shard
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.pending.pending import ShardDemand
from semantic_assets.store import Store


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
