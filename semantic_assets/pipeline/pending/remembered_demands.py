"""The demands of a drain: derived once, then kept up to date by what was submitted and landed.

A round that looks costs what changed since the last one. Deriving each shard again in each round
took 24 of the 71 CPU seconds of 12,000 articles at tier 1: rounds times rows of the shard.

What is remembered decides nothing by itself. Each look asks the ledger, under the lease `plan`,
which jobs are not final, and the key index what is covered: it compares itself with the results
directory. So what another process submitted, landed, gave up or opened again is seen. Where the
answer is anything else than growth, all is derived anew.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from semantic_assets.errors import BrokenFile
from semantic_assets.lake import layout
from semantic_assets.lake.key_halves import KeyPlaces, PackedKeys
from semantic_assets.lake.key_index import Covered, KeyIndex
from semantic_assets.lake.outcomes import Indices
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.product import Product
from semantic_assets.pipeline.pending.job_texts import JobTexts
from semantic_assets.pipeline.pending.landed import RETRY
from semantic_assets.pipeline.pending.pending import (
    ShardDemand,
    Withheld,
    demand,
    failed_of,
    landed_and_withheld,
)
from semantic_assets.store import Store

#: Texts of which all is remembered, about 100 bytes each; of others shards are derived again.
_MOST_TEXTS = 500_000


@dataclass(slots=True)
class _Remembered:
    """A shard's demand, and in how many open jobs each of its texts is."""

    demand: ShardDemand
    places: KeyPlaces
    withheld: Indices


class ProductDemands:
    """What shards want of one space or task. Ask for a demand after `look`, under the same lease."""

    def __init__(self, store: Store, product: Product) -> None:
        self._store, self.product = store, product
        self._shards: dict[ShardKey, _Remembered] = {}
        self._withheld = Withheld()
        self._index: KeyIndex | None = None
        self._covered: Covered | None = None
        self.texts = JobTexts(store)

    def look(self) -> Withheld:
        """Learn what was submitted, landed or let go since the last look; return what is withheld."""
        try:
            return self._look()
        except BaseException:
            self.forget()  # of half a look
            raise

    def _look(self) -> Withheld:
        before = self._withheld.of_job
        self._index, withheld = landed_and_withheld(self._store, self.product.product_id, before)
        added = None if self._covered is None else self._index.added_since(self._covered)
        if added is None:
            self._shards.clear()
            self._covered = self._index.covered()  # before any outcome is looked up
        else:
            names, self._covered = added
            try:
                self._follow(withheld, names)
            except (BrokenFile, FileNotFoundError):  # of a file that is gone again, or altered
                self._shards.clear()
        self._withheld = withheld
        return withheld

    def _follow(self, withheld: Withheld, files: list[str]) -> None:
        """Bring every remembered shard up to date for the texts of these jobs and files."""
        if not self._shards:
            return
        before, now = self._withheld.of_job, withheld.of_job
        came = [keys for job_id, keys in now.items() if job_id not in before]
        left = [keys for job_id, keys in before.items() if job_id not in now]
        landed = [self._keys_of(name, withheld) for name in files]
        changed = PackedKeys([*came, *left, *landed])
        if not len(changed):
            return
        for held in self._shards.values():
            for jobs, step in ((came, 1), (left, -1)):
                for keys in jobs:
                    held.withheld[held.places.of(keys)] += step
            self._update(held, np.sort(held.places.of(changed)))

    def _keys_of(self, name: str, withheld: Withheld) -> PackedKeys:
        """Return the texts of a file that was covered: a job's, as its manifest named them."""
        job_id = layout.job_of_results(name)
        for of_job in (withheld.of_job, self._withheld.of_job):
            if job_id in of_job:
                return of_job[job_id]
        product_id = self.product.product_id
        folder = layout.results_dir(product_id)
        if name.startswith(RETRY):
            folder, name = layout.retries_dir(product_id), name.removeprefix(RETRY)
        found = self._store.lake.read_columns(f"{folder}/{name}", ["text_hash"])["text_hash"]
        return PackedKeys(found.combine_chunks())

    def _update(self, held: _Remembered, places: Indices) -> None:
        """Look up the outcomes of the texts at these places, and of no others."""
        found = held.demand
        if self._index is None or not len(places):
            return
        now = self._index.known(found.texts.keys.take(pa.array(places)))
        is_failed, is_pending = found.is_failed.copy(), found.is_pending.copy()
        is_failed[places] = failed_of(self._store, now, found.texts.is_refused[places])
        is_out = held.withheld[places] > 0
        is_pending[places] = ~now.is_answered & ~is_failed[places] & ~is_out
        held.demand = replace(
            found,
            known=found.known.updated(places, now),
            is_failed=is_failed,
            is_pending=is_pending,
        )

    def of(self, shard: ShardKey, table_fingerprint: str) -> ShardDemand:
        """Return a shard's demand; derive it if it is not remembered for this table."""
        held = self._shards.pop(shard, None)
        if held is None or held.demand.table_fingerprint != table_fingerprint:
            held = self._derived(shard)
        self._shards[shard] = held  # the last one used stands last
        return held.demand

    def _derived(self, shard: ShardKey) -> _Remembered:
        assert self._index is not None
        found = demand(self._store, shard, self.product, self._index, self._withheld)
        places = KeyPlaces(found.texts.keys)
        withheld = np.zeros(len(found.texts.keys), dtype=np.int64)
        for keys in self._withheld.of_job.values():
            withheld[places.of(keys)] += 1
        return _Remembered(found, places, withheld)

    def pending_without(self, found: ShardDemand, taken: pa.StringArray) -> int:
        """Count the pending texts of a shard that are not among those just taken."""
        places = np.unique(self._shards[found.shard].places.of(taken))
        return int(found.is_pending.sum()) - int(found.is_pending[places].sum())

    def rest(self) -> None:
        """Let go of what the next round hardly needs: tables of texts, and shards not used for long."""
        self.texts.rest()
        texts = 0
        for shard, held in reversed(self._shards.copy().items()):
            texts += len(held.withheld)
            if texts > _MOST_TEXTS:
                del self._shards[shard]

    def distrust(self) -> None:
        """Derive everything anew at the next look: a table is not the one that is remembered."""
        self._covered = None

    def forget(self) -> None:
        self._shards.clear()
        self._withheld, self._covered = Withheld(), None
        self.texts.close()


class RememberedDemands:
    """The demands of each space and task, for the rounds of one drain."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._of: dict[str, ProductDemands] = {}

    def of(self, product: Product) -> ProductDemands:
        if product.product_id not in self._of:
            self._of[product.product_id] = ProductDemands(self._store, product)
        return self._of[product.product_id]

    def forget(self) -> None:
        for found in self._of.values():
            found.forget()


@contextmanager
def remembering(
    store: Store, demands: RememberedDemands | None = None
) -> Iterator[RememberedDemands]:
    """Remember demands for the block, or go on with those that are given."""
    if demands is not None:
        yield demands
        return
    demands = RememberedDemands(store)
    try:
        yield demands
    finally:
        demands.forget()
