"""The order of shards: the smallest pending dataset first; every fourth job, the longest waiting."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.batching.grouping import PendingTexts, joined_texts
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


@dataclass(slots=True)
class Room:
    """What the jobs of a plan may still take; whether it was filled, so that texts are left."""

    tokens: int
    texts: int
    is_filled: bool = False

    def is_filled_by(self, part: PendingTexts) -> bool:
        """Take the room of some texts, and tell whether it is filled."""
        had_any = self.tokens > 0
        self.tokens -= part.tokens
        self.texts -= len(part)
        self.is_filled = had_any and (self.tokens <= 0 or self.texts <= 0)
        return self.is_filled


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
    room: Room,
) -> tuple[PendingTexts, list[ShardDemand]]:
    """Open shards in this order until their texts fill the room.

    Later shards are not opened and their texts not listed: cost follows the texts sent, not those
    that wait. Texts that a dataset's own settings may block are all listed, and fill nothing.
    """
    parts: list[PendingTexts] = []
    opened: list[ShardDemand] = []
    for shard in shards:
        opened.append(found := derive(shard.key))
        is_plain = not may_wait(shard.key.dataset)
        part = _not_among(wanted_texts(found, room if is_plain else None), parts)
        parts.append(part)
        if is_plain and room.is_filled_by(part):
            break
    return joined_texts(parts), opened


def _not_among(part: PendingTexts, before: Sequence[PendingTexts]) -> PendingTexts:
    """Leave out the texts that an earlier shard wants too: they are sent once."""
    is_known = np.zeros(len(part), dtype=bool)
    for other in before:
        is_known |= pc.is_in(part.keys, other.keys).to_numpy(zero_copy_only=False)
    return part.where(~is_known) if is_known.any() else part


def wanted_texts(found: ShardDemand, room: Room | None = None) -> PendingTexts:
    """Return a shard's pending texts in row order, until they fill the room."""
    places = np.flatnonzero(found.is_pending)
    estimates = found.texts.estimates[places]
    if room is not None:
        before = np.cumsum(estimates) - estimates
        places = places[: int(np.searchsorted(before, max(room.tokens, 1)))][: max(room.texts, 1)]
    at = {int(place): n for n, place in enumerate(places)} if found.known.troubled else {}
    troubled = [(at[place], one) for place, one in found.known.troubled.items() if place in at]
    return PendingTexts(
        keys=found.texts.keys.take(pa.array(places)),
        estimates=found.texts.estimates[places],
        rows=found.texts.rows[places],
        shard=np.zeros(len(places), dtype=np.int64),
        shards=(found.shard,),
        failed_with={n: one.failed_with for n, one in troubled if one.failed_with},
        last_error={n: one.last_error for n, one in troubled if one.last_error},
    )
