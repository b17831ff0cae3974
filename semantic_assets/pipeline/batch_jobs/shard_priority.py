"""The order of shards: the smallest pending dataset first; every fourth job, the longest waiting."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from semantic_assets.batching.grouping import PendingText
from semantic_assets.ledger.progress import ShardProgress
from semantic_assets.ledger.sources.sources import Shard
from semantic_assets.model.batch_job import WITHHOLDING
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.product import Product
from semantic_assets.pipeline.pending.pending import ShardDemand
from semantic_assets.pipeline.product_kinds.product_kind import kind_of
from semantic_assets.store import Store

#: One job in this many goes to the longest unserved dataset, so that a large one always advances.
AGEING_TURN = 4
_RECENT_JOBS = 200
#: What is noted of shards, by shard and product.
Noted = Mapping[tuple[ShardKey, str], ShardProgress]


def serving_order(
    store: Store,
    product: Product,
    unsettled: Sequence[tuple[Shard, str]],
    favour: ShardKey | None,
    noted: Noted,
) -> list[Shard]:
    """Order shards: the favoured one, the dataset of an ageing turn, then the fewest pending texts."""
    shards = [shard for shard, _ in unsettled]
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


def in_doubt(
    store: Store, product_id: str, unsettled: Sequence[tuple[Shard, str]], all_noted: Noted
) -> list[tuple[Shard, str]]:
    """Leave out shards whose texts are all in jobs, some of them still out.

    Deriving a shard of 12,000 documents costs half a second, and gives the same answer until one of
    its jobs ends.
    """
    out = store.ledger.jobs.list(states=WITHHOLDING, product_id=product_id)
    waiting = {name for job in out for name in job.shards}

    def waits(shard: Shard, cut: str) -> bool:
        noted = all_noted.get((shard.key, product_id))
        if noted is None or noted.counted_fingerprint != cut:
            return False
        return noted.pending == 0 and str(shard.key) in waiting

    return [(shard, cut) for shard, cut in unsettled if not waits(shard, cut)]


def pending_hint(noted: Noted, shard: Shard, product: Product) -> int:
    """Return the texts pending at the last count of a shard; all of its rows if none is noted."""
    found = noted.get((shard.key, product.product_id))
    of_all = kind_of(product).rows_of(shard)
    return of_all if found is None or found.pending is None else found.pending


def _longest_unserved(store: Store, datasets: set[DatasetKey]) -> DatasetKey | None:
    """Return the dataset whose last job is oldest on an ageing turn; None on the other turns."""
    if len(datasets) < 2 or store.ledger.jobs.count() % AGEING_TURN != AGEING_TURN - 1:
        return None
    jobs = store.ledger.jobs.recent(_RECENT_JOBS)
    served: dict[DatasetKey, float] = {}
    for job in jobs:
        for name in job.shards:
            dataset = ShardKey.parse(name).dataset
            served[dataset] = max(served.get(dataset, 0.0), job.created_at)
    return min(sorted(datasets), key=lambda dataset: served.get(dataset, 0.0))


def open_shards(
    shards: Iterable[Shard],
    derive: Callable[[ShardKey], ShardDemand],
    may_wait: Callable[[DatasetKey], bool],
    free_tokens: int,
) -> tuple[dict[str, PendingText], list[ShardDemand]]:
    """Open shards in this order until their texts fill the window.

    Later shards are not opened and their texts not listed: cost follows the texts sent, not those
    that wait. Texts that a dataset's own settings may block are all listed, and fill nothing.
    """
    wanted: dict[str, PendingText] = {}
    opened: list[ShardDemand] = []
    room = free_tokens
    for shard in shards:
        opened.append(found := derive(shard.key))
        is_plain = not may_wait(shard.key.dataset)
        for key, text in wanted_texts(found, room if is_plain else None):
            if wanted.setdefault(key, text) is text and is_plain:
                room -= text.estimate
        if room <= 0 < free_tokens:
            break
    return wanted, opened


def wanted_texts(
    found: ShardDemand, max_tokens: int | None = None
) -> Iterator[tuple[str, PendingText]]:
    """Yield (key, text) of a shard's pending texts in row order, until they hold `max_tokens`."""
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
        yield key, PendingText(estimate, found.shard, row, failed_with, error)
