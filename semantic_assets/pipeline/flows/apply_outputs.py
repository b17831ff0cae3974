"""feed: answers that came in, into `generations`, and documents that waited for them into `chunks`."""

from collections.abc import Iterable
from contextlib import suppress

from semantic_assets.errors import Conflict, DatasetRemoved
from semantic_assets.lake import layout
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.task import GenerationTask, is_task
from semantic_assets.pipeline.batch_jobs.collect import Collection
from semantic_assets.pipeline.chunks.chunk_shard import chunk_documents
from semantic_assets.pipeline.flows.derived_documents import derive_documents
from semantic_assets.pipeline.generation.outputs import OutputsReport, assemble_outputs
from semantic_assets.pipeline.pending.pending import ShardDemand, shard_demand
from semantic_assets.store import Store

#: Tables of a shard are replaced whole: while answers come in they are written each time this part
#: more of them is there, and when all are.
_WORTHWHILE = 0.25


def feed(
    store: Store, shard: ShardKey, task: GenerationTask, demand: ShardDemand | None = None
) -> OutputsReport:
    """Write the shard's generations of a task, and cut the documents that waited for them."""
    report = assemble_outputs(store, shard, task, demand=demand)
    for pinned in store.ledger.tasks.of(shard.dataset):
        if pinned.task != task:
            continue
        if pinned.is_awaited and store.is_embedded(shard.dataset):
            chunk_documents(store, shard)
        if pinned.use.documents is not None:
            derive_documents(store, shard, pinned)
    return report


def feed_all(store: Store, shards: Iterable[ShardKey]) -> list[OutputsReport]:
    """Of every task of these shards."""
    return [
        feed(store, shard, pinned.task)
        for shard in shards
        for pinned in store.ledger.tasks.of(shard.dataset)
    ]


def feed_after(store: Store, collected: Collection | None) -> list[OutputsReport]:
    """After a generation job was collected: its shards, where enough came in."""
    if collected is None or not is_task(collected.job.space_id):
        return []
    task = store.ledger.tasks.find(collected.job.space_id)
    done = []
    for name in collected.job.shards:
        with suppress(DatasetRemoved, Conflict):  # read again meanwhile: the next one feeds it
            if report := _if_worthwhile(store, ShardKey.parse(name), task):
                done.append(report)
    return done


def _if_worthwhile(store: Store, shard: ShardKey, task: GenerationTask) -> OutputsReport | None:
    if store.trusted_fingerprint(layout.requests(task.space_id, shard)) is None:
        return None
    demand = shard_demand(store, shard, task)
    held = store.ledger.files.find(layout.outputs(task.space_id, shard))
    final = int((demand.known.has_vector | demand.is_failed)[demand.texts.of_row].sum())
    new = final - (held.rows if held else 0)
    if demand.is_settled or new >= _WORTHWHILE * len(demand.texts.of_row):
        return feed(store, shard, task, demand)
    return None
