"""Rebuild ledger rows from the files of the lake, after a ledger was lost or rolled back."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from semantic_assets.errors import BrokenFile
from semantic_assets.lake import layout
from semantic_assets.lake.manifests import manifest_identity
from semantic_assets.lineage import catch_up
from semantic_assets.model.batch_job import BatchJob, JobState, stored_job
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.product import Product
from semantic_assets.model.task import GenerationTask
from semantic_assets.pipeline.batch_jobs.results import read_outcomes
from semantic_assets.pipeline.pending.broken_files import (
    JOB,
    paid_file,
    require_named,
    require_readable,
)
from semantic_assets.pipeline.product_kinds.generation_kind import TASK
from semantic_assets.pipeline.product_kinds.product_kind import kind_of
from semantic_assets.store import Store

S = JobState
#: A job the ledger does not know, and its product as far as its file names it.
_Unknown = tuple[BatchJob, Product | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """The ids of inserted rows: from manifests (a listing must confirm them), and from results."""

    unconfirmed: tuple[str, ...]
    collected: tuple[str, ...]


def recover(store: Store) -> Recovery:
    """Insert a row for every manifest and every results file that has none.

    The ledger then counts on above the events that the lake has seen of an earlier one.
    """
    landed, announced = _landed(store), _announced(store)
    _pin_again(store, [*landed, *announced])
    found = Recovery(
        collected=tuple(job.job_id for job, _ in landed if _recovered(store, job)),
        unconfirmed=_insert_announced(store, announced),
    )
    for name in _ids_in_the_lake(store):
        store.ledger.job_ids.raise_above(name)
    catch_up(store.lake, store.ledger)
    return found


def _ids_in_the_lake(store: Store) -> list[str]:
    """Return the highest id of each folder: later ones must be above all of them."""
    folders = ["manifests"]
    for kind in ("results", "retries"):
        folders += [f"{kind}/{name}" for name in store.lake.folders(kind)]
    names = (store.lake.names(folder) for folder in folders)
    return [max(found).removesuffix(".parquet") for found in names if found]


def recover_manifests(store: Store) -> tuple[str, ...]:
    """Insert a row for every manifest without one; return the job ids.

    Such a ledger is older than the job, which may be running, or have run.
    """
    announced = _announced(store)
    _pin_again(store, announced)
    return _insert_announced(store, announced)


def _announced(store: Store) -> list[_Unknown]:
    """List the jobs of manifests without a row."""
    job_ids = [name.removesuffix(".parquet") for name in store.lake.names("manifests")]
    known = store.ledger.jobs.known(job_ids) if job_ids else set()
    return [manifest_identity(store.lake, one) for one in job_ids if one not in known]


def _insert_announced(store: Store, announced: list[_Unknown]) -> tuple[str, ...]:
    found = []
    for job, _ in announced:
        state = S.RUNNING if job.is_realtime else S.UNCONFIRMED
        if job.state == S.COLLECTED:
            state = S.DAMAGED
        job = replace(job, state=state, fence=0, remote_name=None)
        if store.ledger.jobs.insert(job, detail="recovered from its manifest"):
            store.report_progress(
                f"job {job.job_id}: recovered from its manifest, to be confirmed by a listing"
            )
            found.append(job.job_id)
    return tuple(found)


def _landed(store: Store) -> list[_Unknown]:
    """List the jobs of results files without a row."""
    found: list[_Unknown] = []
    for folder in store.lake.folders("results"):
        for name in store.lake.names(f"results/{folder}"):
            metadata = _metadata(store, f"results/{folder}/{name}")
            stored = metadata.get(JOB)
            if stored is None or store.ledger.jobs.exists(name.removesuffix(".parquet")):
                continue
            task = GenerationTask(**json.loads(metadata[TASK])) if TASK in metadata else None
            found.append((stored_job(json.loads(stored)), task))
    return found


def _metadata(store: Store, path: str) -> dict[str, str]:
    """Return what a results file says of itself; of a broken one nothing, and that is told."""
    try:
        require_named(store, path)
        return store.lake.metadata(path)
    except BrokenFile as error:
        store.report_progress(f"{error.path} is broken ({error.why}): {_LEFT}")
        return {}


_LEFT = (
    "put it back from a backup and recover again; its texts are sent, and paid for again, once it is "
    "moved out of results/"
)


def _recovered(store: Store, job: BatchJob) -> bool:
    """Insert a row for a results file; a broken one is left, and the others go on."""
    try:
        return _insert_landed(store, job)
    except BrokenFile as error:
        store.report_progress(f"{error.path} is broken ({error.why}): {_LEFT}")
        return False


def _insert_landed(store: Store, job: BatchJob) -> bool:
    job = replace(job, state=S.COLLECTED, fence=0, remote_name=None)
    path = layout.results(job.product_id, job.job_id)
    require_readable(store, path)
    outcomes = read_outcomes(store, job)
    job = replace(
        job,
        succeeded=outcomes.succeeded,
        failed=outcomes.failed,
        tokens_actual=outcomes.tokens,
        output_tokens_actual=outcomes.output_tokens,
    )
    paid = paid_file(store, path)
    if not store.ledger.jobs.insert(job, detail="recovered from its results", paid=paid):
        return False
    store.lake.delete(layout.manifest(job.job_id))
    return True


def _pin_again(store: Store, found: Sequence[_Unknown]) -> None:
    """Pin each dataset to the task version of its last job: another version is paid for again.

    Before any row is inserted: who is interrupted finds the same jobs again.
    """
    for job, product in sorted(found, key=lambda one: one[0].job_id, reverse=True):
        if product is not None:
            datasets = {ShardKey.parse(name).dataset for name in job.shards}
            kind_of(product).know_again(store, datasets)
