"""The answers of one batch job, and the dataset and task that it was sent for."""

from collections.abc import Iterator
from typing import Any

from semantic_assets.errors import Conflict, NotFound
from semantic_assets.model.batch_job import BatchJob, JobKind, JobState
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.generation.outputs import shard_results
from semantic_assets.store import Store


def generation_job(store: Store, name: str) -> BatchJob | None:
    """Return a batch job of a task, by our id or Google's `batches/...`; None: it is none."""
    try:
        job = store.ledger.jobs.find(name)
    except NotFound:
        return None
    return job if job.kind == JobKind.GENERATION else None


def sent_for(store: Store, job: BatchJob) -> tuple[tuple[DatasetKey, ...], str]:
    """Return the datasets whose documents a job was sent for, and the name of its task."""
    datasets = sorted({ShardKey.parse(shard).dataset for shard in job.shards})
    return tuple(datasets), store.ledger.tasks.find(job.product_id).name


def job_answers(store: Store, job: BatchJob) -> Iterator[dict[str, Any]]:
    """Yield a row for each document whose outcome this job decided.

    Raises:
        Conflict: the job is not collected.
    """
    if job.state != JobState.COLLECTED:
        raise Conflict(
            f"job {job.job_id} is {job.state} ({job.stage}): its answers are here when it is "
            "collected; `semantic-assets collect` takes in what has ended"
        )
    task = store.ledger.tasks.find(job.product_id)
    return (
        row
        for shard in map(ShardKey.parse, job.shards)
        for row in shard_results(store, shard, task, job.job_id)
    )
