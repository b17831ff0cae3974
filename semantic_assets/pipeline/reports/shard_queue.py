"""Count one shard's texts in flight, waiting and landed; exact, derived now."""

from dataclasses import dataclass

from semantic_assets.model.batch_job import FINAL, BatchJob
from semantic_assets.model.catalog import batch_usd
from semantic_assets.model.keys import ShardKey
from semantic_assets.pipeline.pending.pending import shard_demand
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardQueue:
    """The texts of a shard by state. A text wanted by several shards counts in each."""

    shard: ShardKey
    in_flight: int
    waiting: int
    waiting_tokens_estimated: int
    waiting_usd_estimated: float
    landed: int
    failed: int
    #: Open jobs that carry texts first wanted by this shard.
    open_jobs: tuple[BatchJob, ...]


def shard_queue(store: Store, shard: ShardKey) -> ShardQueue:
    """Return the queue of one shard in its serving space.

    Raises:
        DatasetRemoved: the shard's dataset was removed.
    """
    store.ledger.datasets.require(shard.dataset)
    space = store.serving_space(shard.dataset)
    found = shard_demand(store, shard, space)
    tokens = sum(found.pending.values())
    jobs = store.ledger.jobs.list(product_id=space.space_id)
    return ShardQueue(
        shard=shard,
        in_flight=found.in_flight,
        waiting=len(found.pending),
        waiting_tokens_estimated=tokens,
        waiting_usd_estimated=batch_usd(space.model, tokens),
        landed=found.landed,
        failed=found.failed,
        open_jobs=tuple(j for j in jobs if str(shard) in j.shards and j.state not in FINAL),
    )
