"""The requests of a shard's tasks: written, in flight and waiting."""

from contextlib import suppress
from dataclasses import dataclass

import pyarrow.compute as pc

from semantic_assets.errors import SpendRefused, TransientError
from semantic_assets.gemini.client import Gemini
from semantic_assets.lake import layout
from semantic_assets.model.batch_job import WITHHOLDING, BatchJob
from semantic_assets.model.catalog import batch_usd
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.statuses import ParseStatus
from semantic_assets.pipeline.batch_jobs.submit import submit_pending
from semantic_assets.pipeline.flows.realtime_mode import answer_tasks, is_realtime
from semantic_assets.pipeline.generation.expected_output import expected_output_tokens
from semantic_assets.pipeline.generation.write_prompts import RequestsReport, ask_documents
from semantic_assets.pipeline.pending.pending import shard_demand
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationQueue:
    """The request counts of one task of a shard."""

    task: str
    model: str
    requests: int
    refused: int
    in_flight: int
    waiting: int
    usd_waiting_estimated: float
    open_jobs: tuple[BatchJob, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationSubmission:
    queues: tuple[GenerationQueue, ...]
    submitted: int
    blocked_by: str | None


def submit_tasks(store: Store, gemini: Gemini, shard: ShardKey) -> GenerationSubmission:
    """Write the requests of a shard's tasks, and send them as its mode and the windows allow.

    Raises:
        Conflict: the shard's documents are not there yet.
    """
    tasks, submitted, blocked_by = store.ledger.tasks.of(shard.dataset), 0, None
    asked = [ask_documents(store, shard, pinned.task) for pinned in tasks]
    if tasks and is_realtime(store, shard.dataset, [shard]):
        with suppress(SpendRefused, TransientError):  # what is left goes by batch
            answer_tasks(store, gemini, shard)
    for pinned in tasks:
        sent = submit_pending(store, gemini, favour=shard, only=pinned.task)
        submitted += len(sent.submitted)
        blocked_by = blocked_by or (sent.blocked_by.reason if sent.blocked_by else None)
    return GenerationSubmission(
        queues=tuple(generation_queues(store, shard, asked)),
        submitted=submitted,
        blocked_by=blocked_by,
    )


def generation_queues(
    store: Store, shard: ShardKey, asked: list[RequestsReport]
) -> list[GenerationQueue]:
    """Return the queue of each task of the shard; `asked` gives their refused requests."""
    found = []
    refused = {report.task: report.refused for report in asked}
    for pinned in store.ledger.tasks.of(shard.dataset):
        task = pinned.task
        demand = shard_demand(store, shard, task)
        tokens, waiting = sum(demand.pending.values()), int(demand.is_pending.sum())
        output = expected_output_tokens(store, task, waiting)
        jobs = store.ledger.jobs.list(states=WITHHOLDING, product_id=task.task_id)
        found.append(
            GenerationQueue(
                task=task.name,
                model=task.model,
                requests=len(demand.texts.keys),
                refused=refused.get(task.name, 0),
                in_flight=demand.in_flight,
                waiting=waiting,
                usd_waiting_estimated=batch_usd(task.model, tokens, output),
                open_jobs=tuple(job for job in jobs if str(shard) in job.shards),
            )
        )
    return found


def images_of(store: Store, shard: ShardKey, *, limit: int) -> list[tuple[str, str]]:
    """List (title, uri) of the first `limit` images of a shard."""
    path = layout.documents(shard)
    if not store.lake.exists(path):
        return []
    table = store.lake.read(path, ["title", "uri", "mime", "parse_status"])
    is_image = pc.and_(
        pc.equal(table["parse_status"], ParseStatus.PENDING_DESCRIPTION),
        pc.starts_with(table["mime"], "image/"),
    )
    rows = table.filter(is_image).slice(0, limit).to_pylist()
    return [(row["title"] or row["uri"], row["uri"]) for row in rows]
