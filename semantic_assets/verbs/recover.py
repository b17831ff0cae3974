"""recover: rebuild ledger rows from what the lake holds, after a ledger was lost or rolled back."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from semantic_assets.errors import ConfigError
from semantic_assets.lake import layout
from semantic_assets.lake.manifests import manifest_identity
from semantic_assets.ledger.spending import ACTUAL, REALTIME
from semantic_assets.model.catalog import batch_usd, realtime_usd
from semantic_assets.model.jobs import BatchJob, JobKind, JobState
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.task import GenerationTask, TaskUse
from semantic_assets.store import Store
from semantic_assets.verbs.landing import JOB, TASK, read_outcomes
from semantic_assets.verbs.tasks import find_task

S = JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Rows inserted: from manifests (to be confirmed by a listing), and from results."""

    unconfirmed: tuple[str, ...]
    collected: tuple[str, ...]


def recover(store: Store) -> Recovery:
    """Insert a row for every manifest and every results file that has none."""
    collected = _recover_results(store)
    return Recovery(unconfirmed=recover_manifests(store), collected=collected)


def recover_manifests(store: Store) -> tuple[str, ...]:
    """A manifest without a row means a ledger from before the job: it may run, or have run."""
    found = []
    for name in store.lake.names("manifests"):
        job_id = name.removesuffix(".parquet")
        if store.ledger.jobs.exists(job_id):
            continue
        identity, product = manifest_identity(store.lake, job_id)
        if isinstance(product, GenerationTask):
            _pin_again(store, product, identity["shards"])
        else:
            store.ledger.spaces.register(product)
        job = _job(identity)
        state = S.RUNNING if job.is_realtime else S.UNCONFIRMED
        job = replace(job, state=state, fence=0, remote_name=None)
        if store.ledger.jobs.insert(job, detail="recovered from its manifest"):
            store.tell(f"job {job_id}: recovered from its manifest, to be confirmed by a listing")
            found.append(job_id)
    return tuple(found)


def _recover_results(store: Store) -> tuple[str, ...]:
    found: list[str] = []
    tasks: dict[str, tuple[str, str]] = {}
    results = store.lake.path("results")
    folders = sorted(path.name for path in results.iterdir()) if results.is_dir() else []
    for folder in folders:
        for name in store.lake.names(f"results/{folder}"):
            job_id = name.removesuffix(".parquet")
            metadata = store.lake.metadata(f"results/{folder}/{name}")
            stored = metadata.get(JOB)
            if stored is None or store.ledger.jobs.exists(job_id):
                continue
            if TASK in metadata:
                tasks[job_id] = (metadata[TASK], stored)
            job = replace(_job(json.loads(stored)), state=S.COLLECTED, fence=0, remote_name=None)
            outcomes = read_outcomes(store, job)
            job = replace(
                job,
                succeeded=outcomes.succeeded,
                failed=outcomes.failed,
                tokens_actual=outcomes.tokens,
                output_tokens_actual=outcomes.output_tokens,
            )
            if store.ledger.jobs.insert(job, detail="recovered from its results"):
                _book(store, job)
                store.lake.delete(layout.manifest(job_id))
                store.ledger.progress.unsettle(job.space_id)
                found.append(job_id)
    for job_id in sorted(tasks, reverse=True):
        definition, job_row = tasks[job_id]
        shards = json.loads(job_row)["shards"]
        _pin_again(store, GenerationTask(**json.loads(definition)), shards)
    return tuple(found)


def _pin_again(store: Store, task: GenerationTask, shards: Sequence[str]) -> None:
    """Its datasets go on with the version of their last job: another one is paid for all over.

    What they do with its answers is as the file says now, if there is one.
    """
    store.ledger.tasks.register(task)
    for name in shards:
        dataset = ShardKey.parse(name).dataset
        try:
            use = find_task(store, task.name, dataset).use
        except ConfigError:
            use = TaskUse()
        store.ledger.tasks.pin(dataset, task, use)


def _book(store: Store, job: BatchJob) -> None:
    """What its answers cost, so that the bill and today's cap know of it; when is not known."""
    kind, price = (REALTIME, realtime_usd) if job.is_realtime else (ACTUAL, batch_usd)
    tokens = job.tokens_actual or 0
    usd = price(job.model, tokens, job.output_tokens_actual or 0)
    store.ledger.spending.book(job.job_id, kind, model=job.model, tokens=tokens, usd=usd)


def _job(identity: dict[str, Any]) -> BatchJob:
    return BatchJob(
        **identity
        | {
            "kind": JobKind(identity["kind"]),
            "state": S(identity["state"]),
            "shards": tuple(identity["shards"]),
        }
    )
