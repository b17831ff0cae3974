"""Process a dataset by a task, show its progress, read its answers, retry failed requests.

Once submitted, new and edited documents of the dataset are processed too, until `stop`.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from semantic_assets.errors import Conflict
from semantic_assets.gemini.client import Gemini
from semantic_assets.lake import layout
from semantic_assets.model.batch_job import FINAL
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.statuses import RowStatus
from semantic_assets.model.task import GenerationTask
from semantic_assets.pipeline.batch_jobs.blocked import Blocked
from semantic_assets.pipeline.batch_jobs.realtime import answer_now
from semantic_assets.pipeline.batch_jobs.submit import submit_pending
from semantic_assets.pipeline.costs.estimate import Estimate, estimate_requests, require_quote
from semantic_assets.pipeline.costs.estimate_tasks import TaskQuote, quote_of, with_embedding
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.documents.read import read_documents
from semantic_assets.pipeline.flows.advance import advance_until_done
from semantic_assets.pipeline.flows.apply_outputs import feed, feed_shards
from semantic_assets.pipeline.generation.outputs import NOT_SENT, outputs_report, result_row
from semantic_assets.pipeline.generation.task_versions import find_task, pinned_task, require_room
from semantic_assets.pipeline.generation.write_prompts import ask_documents
from semantic_assets.pipeline.pending.pending import pending_texts
from semantic_assets.pipeline.pending.retry import write_retry
from semantic_assets.settings.task_file import TaskFile
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationStatus(HtmlTable):
    """The progress of a dataset in a task."""

    dataset: str
    task: str
    model: str
    documents: int
    ready: int
    #: Documents without an answer; `results` gives the reason.
    failed: int
    pending: int
    #: Requests in open jobs, and requests in no job yet.
    in_flight: int
    waiting: int
    tokens: int
    output_tokens: int
    usd: float
    job_ids: tuple[str, ...]
    open_jobs: int
    #: Why requests are in no job yet; None: there are none.
    blocked_by: str | None
    #: Outcomes that have landed and are not in `generations` yet: `semantic-assets collect`.
    unapplied: int
    is_done: bool


def quote_generation(store: Store, dataset: DatasetKey, name: str) -> TaskQuote:
    """Quote the requests `submit_generation` would send; reads the sources and sends nothing.

    Raises:
        ConfigError: there is no such task or dataset.
        Conflict: as `submit_generation`.
    """
    file = require_same(store, dataset, find_task(store, name, dataset))
    shards = ask_all(store, dataset, file.task)
    return _quote(store, dataset, file, shards)


def submit_generation(
    store: Store,
    gemini: Gemini,
    dataset: DatasetKey,
    name: str,
    *,
    realtime: bool = False,
    max_cost_usd: float | None = None,
    consent: Callable[[Estimate], None] | None = None,
) -> GenerationStatus:
    """Process a dataset by a task: quote, ask for consent, pin, and send what fits the window.

    Args:
        realtime: all of it at once, at full price; waits for the answers.

    Raises:
        ConfigError: there is no such task or dataset.
        Conflict: it is processed by an older version of the task; the message says what to run.
        SpendRefused: over a cap, or not consented to. Nothing was sent.
        TransientError: in real time: a call failed; what landed is kept.
    """
    file = require_same(store, dataset, find_task(store, name, dataset))
    shards = ask_all(store, dataset, file.task)
    quote = estimate_requests(store, _quote(store, dataset, file, shards), is_realtime=realtime)
    require_quote(store, quote, max_cost_usd, consent)
    store.ledger.tasks.pin(dataset, file.task, file.use)
    store.ledger.tasks.resume(dataset, file.task.name)
    blocked_by: Blocked | None = None
    try:
        if realtime:
            _answer_all(store, gemini, file.task, shards)
        else:
            blocked_by = submit_pending(store, gemini, only=file.task).blocked_by
    finally:  # a call that failed: the answers beside it are there
        feed_shards(store, shards, file.task)
    return generation_status(store, dataset, name, blocked_by=blocked_by)


def wait_generation(
    store: Store,
    gemini: Gemini,
    dataset: DatasetKey,
    name: str,
    *,
    wait_minutes: float,
    sleep: Callable[[float], None] = time.sleep,
) -> GenerationStatus:
    """Send and collect until every document has its outcome, or time is up; a stopped run resumes."""
    task = pinned_task(store, dataset, name).task
    done = advance_until_done(store, gemini, wait_minutes=wait_minutes, sleep=sleep, only=task)
    feed_shards(store, _asked(store, dataset, task), task)
    return generation_status(store, dataset, name, blocked_by=done.blocked_by)


def generation_status(
    store: Store, dataset: DatasetKey, name: str, *, blocked_by: Blocked | None = None
) -> GenerationStatus:
    """Return a dataset's progress in a task, after feeding the answers landed so far.

    Raises:
        NotFound: the dataset is not processed by such a task.
    """
    task = pinned_task(store, dataset, name).task
    shards = _asked(store, dataset, task)
    reports = [outputs_report(store, shard, task) for shard in shards]
    jobs = [
        job
        for job in store.ledger.jobs.list(product_id=task.task_id)
        if any(ShardKey.parse(shard).dataset == dataset for shard in job.shards)
    ]
    waiting = len(pending_texts(store, task, shards))
    open_jobs = [job for job in jobs if job.state not in FINAL]
    return GenerationStatus(
        dataset=str(dataset),
        task=task.name,
        model=task.model,
        documents=sum(report.documents for report in reports),
        ready=sum(report.ready for report in reports),
        failed=sum(report.failed for report in reports),
        pending=sum(report.pending for report in reports),
        in_flight=sum(job.requests for job in open_jobs),
        waiting=waiting,
        tokens=sum(report.tokens for report in reports),
        output_tokens=sum(report.output_tokens for report in reports),
        usd=sum(report.usd for report in reports),
        job_ids=tuple(job.job_id for job in jobs),
        open_jobs=len(open_jobs),
        blocked_by=blocked_by.reason if blocked_by is not None and waiting else None,
        unapplied=sum(report.unapplied for report in reports),
        is_done=all(report.is_settled and not report.unapplied for report in reports),
    )


def generation_results(store: Store, dataset: DatasetKey, name: str) -> Iterator[dict[str, Any]]:
    """Yield one row for each document with an outcome, in the order of shards and documents.

    `id` is the record's own id or None; `output` is parsed if it is JSON.

    Raises:
        NotFound: the dataset is not processed by such a task.
    """
    task = pinned_task(store, dataset, name).task
    for shard in _asked(store, dataset, task):
        path = layout.outputs(task.task_id, shard)
        if store.trusted_fingerprint(path) is None:
            continue
        columns = ["document_id", "record_id", "uri", "title"]
        documents = {
            row["document_id"]: row
            for row in store.lake.read(layout.documents(shard), columns).to_pylist()
        }
        for row in store.lake.read(path).to_pylist():
            yield result_row(row, documents.get(row["document_id"], {}))


def retry_generation(store: Store, dataset: DatasetKey, name: str) -> int:
    """Retry the requests that ended FAILED; return how many. Refused ones were never sent and stay.

    Raises:
        NotFound: the dataset is not processed by such a task.
    """
    task = pinned_task(store, dataset, name).task
    keys: set[str] = set()
    for shard in _asked(store, dataset, task):
        path = layout.outputs(task.task_id, shard)
        if store.trusted_fingerprint(path) is None:
            continue
        rows = store.lake.read(path, ["text_hash", "status", "error_code"]).to_pylist()
        failed = {
            row["text_hash"]
            for row in rows
            if row["status"] == RowStatus.FAILED and row["error_code"] != NOT_SENT
        }
        if failed:
            keys |= failed
            store.ledger.progress.note(shard, task.task_id, settled_fingerprint=None, pending=None)
    if keys:
        write_retry(store, task.task_id, sorted(keys))
    return len(keys)


def stop_generation(store: Store, dataset: DatasetKey, name: str) -> bool:
    """Stop a task for a dataset: no more documents are processed; existing answers stay in use."""
    return store.ledger.tasks.stop(dataset, name)


def require_same(store: Store, dataset: DatasetKey, file: TaskFile) -> TaskFile:
    """Return the task file if the dataset is not processed by another version of it.

    Raises:
        Conflict: the dataset is processed by another version of the task.
        ConfigError: there is no valid name for the dataset its answers become.
    """
    for pinned in store.ledger.tasks.of(dataset, stopped=True):
        if pinned.task.name == file.task.name and pinned.task != file.task:
            raise Conflict(
                f"dataset {dataset} is processed by {pinned.task.task_id}, the file of task "
                f"{file.task.name} has changed since: `semantic-assets generate regenerate "
                f"--dataset {dataset} --task {file.task.name}` quotes what the new one costs"
            )
    require_room(dataset, file)
    return file


def ask_all(store: Store, dataset: DatasetKey, task: GenerationTask) -> list[ShardKey]:
    """Read the dataset and write the task's requests of it; return its shards. Nothing is sent."""
    discover(store, datasets=(dataset,))
    done: list[ShardKey] = []
    while todo := [s.key for s in store.ledger.sources.shards(dataset) if s.key not in done]:
        for shard in todo:
            read_documents(store, shard)
            ask_documents(store, shard, task)
            done.append(shard)
    return sorted(done)


def _asked(store: Store, dataset: DatasetKey, task: GenerationTask) -> list[ShardKey]:
    """List the shards that have requests of the task."""
    return [
        shard.key
        for shard in store.ledger.sources.shards(dataset)
        if store.trusted_fingerprint(layout.requests(task.task_id, shard.key)) is not None
    ]


def quote_pending(store: Store, file: TaskFile, shards: list[ShardKey]) -> TaskQuote:
    """Quote a task's requests of these shards that are in no job."""
    pending = pending_texts(store, file.task, shards)
    return quote_of(store, file.task, len(pending), sum(pending.values()), file.use)


def _quote(store: Store, dataset: DatasetKey, file: TaskFile, shards: list[ShardKey]) -> TaskQuote:
    """Quote a task's pending requests, and new embeddings where chunks begin to carry its answers."""
    quote = quote_pending(store, file, shards)
    is_pinned = file.task in [pinned.task for pinned in store.ledger.tasks.of(dataset)]
    if is_pinned or not file.use.vector_text or not store.is_embedded(dataset):
        return quote
    return with_embedding(store, quote, dataset)


def _answer_all(store: Store, gemini: Gemini, task: GenerationTask, shards: list[ShardKey]) -> None:
    for shard in shards:
        # Answers that can be repaired are requested again at once, up to the limit of attempts.
        while answer_now(store, gemini, task, shard).job_id is not None:
            feed(store, shard, task)
