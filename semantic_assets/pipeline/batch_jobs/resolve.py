"""The decisions a person takes about unconfirmed, stuck, quarantined or damaged jobs."""

from contextlib import AbstractContextManager

from semantic_assets.errors import Conflict
from semantic_assets.gemini.client import Gemini
from semantic_assets.lake import layout
from semantic_assets.lake.manifests import manifest_keys
from semantic_assets.ledger.leases import Lease
from semantic_assets.model.batch_job import REOPENING, BatchJob, JobState
from semantic_assets.model.statuses import Outcome
from semantic_assets.pipeline.batch_jobs.claim import claimed_by_hand
from semantic_assets.pipeline.batch_jobs.collect import clear_remote
from semantic_assets.pipeline.batch_jobs.deadlines import BY_HAND, abandon
from semantic_assets.pipeline.batch_jobs.guards import is_forgotten, recheck_remote
from semantic_assets.pipeline.batch_jobs.landing import accepted, land_answers
from semantic_assets.pipeline.batch_jobs.reopen import take_back
from semantic_assets.pipeline.batch_jobs.restore import noticed
from semantic_assets.pipeline.batch_jobs.results import finalize_job, write_job_failure
from semantic_assets.pipeline.costs.budgets import possible_bill
from semantic_assets.pipeline.pending.services import service_of_job, services
from semantic_assets.store import Store

S = JobState


def adopt(store: Store, gemini: Gemini, name: str, *, remote_name: str) -> BatchJob:
    """Tie an unconfirmed (or given up) job to this remote job, so that its answer is collected.

    Raises:
        RemoteMissing: the remote knows no such job.
        Conflict: the remote job has another display name, or the row has moved on.
    """
    job = store.ledger.jobs.find(name)
    remote = service_of_job(gemini, job).batches.get(remote_name)
    if remote.display_name not in (None, job.display_name):
        raise Conflict(
            f"{remote_name} is named {remote.display_name}, job {job.job_id} is {job.display_name}"
        )
    why = f"adopted by hand as {remote_name}"
    if job.state in REOPENING:
        # Its error rows would be taken for its answer, and its texts sent and paid for again.
        if manifest_keys(store.lake, job.job_id) is None:
            raise Conflict(f"job {job.job_id}: its manifest is gone, its answer cannot be checked")
        return _moved(job, take_back(store, job, remote_name, why))
    moved = store.ledger.jobs.move(
        job.job_id,
        S.SUBMITTED,
        of=_standing(job, S.UNCONFIRMED),
        detail=why,
        remote_name=remote_name,
        submitted_at=store.ledger.now(),
    )
    return _moved(job, moved)


def give_up(store: Store, gemini: Gemini, name: str) -> BatchJob | None:
    """Abandon an unconfirmed or stuck job: its texts are pending again, and may be paid twice.

    None: the ledger has no row of it, only the remote knows it. What it answers is never read.
    """
    clients = services(store, gemini)
    if not store.ledger.jobs.exists(name) and any(
        is_forgotten(store, client, name) for client in clients
    ):
        store.ledger.give_up(name)
        recheck_remote(clients)
        return None
    job = noticed(store, name)
    if job.state in (S.DAMAGED, S.QUARANTINED):  # it may have ended since it was to be given up
        return resubmit(store, gemini, name)
    _standing(job, S.UNCONFIRMED, S.SUBMITTED, S.RUNNING)
    if not abandon(store, job, BY_HAND, billed=True):
        raise Conflict(f"job {job.job_id} is being worked on by another process; try again")
    recheck_remote(clients)
    return store.ledger.jobs.find(job.job_id)


def accept(store: Store, gemini: Gemini, name: str) -> BatchJob:
    """Use a quarantined answer as it is; check its keys and shapes, but not its content.

    Raises:
        CorruptResult: its keys or shapes are wrong; only `resubmit` or `fail` are possible.
    """
    with _held(store, name, S.QUARANTINED) as (job, lease):
        gemini = service_of_job(gemini, job)
        keys = manifest_keys(store.lake, job.job_id) or []
        list(land_answers(store, gemini, job, lease, keys, verify=accepted))
        finalize_job(store, job, lease, to=S.COLLECTED, of=[S.QUARANTINED])
    clear_remote(store, gemini, job)
    return store.ledger.jobs.find(job.job_id)


def resubmit(store: Store, gemini: Gemini, name: str) -> BatchJob:
    """Give a quarantined or damaged answer up; its texts are pending again, and paid once more."""
    return _discard(store, gemini, name, outcome=Outcome.TRANSIENT, reason="resubmitted by hand")


def fail(store: Store, gemini: Gemini, name: str) -> BatchJob:
    """Give a quarantined or damaged answer up; its texts are FAILED until `retry`."""
    return _discard(store, gemini, name, outcome=Outcome.PERMANENT, reason="failed by hand")


def _discard(store: Store, gemini: Gemini, name: str, *, outcome: str, reason: str) -> BatchJob:
    noticed(store, name)
    with _held(store, name, S.QUARANTINED, S.DAMAGED) as (job, lease):
        state, keys = job.state, manifest_keys(store.lake, job.job_id) or []
        message = f"{reason}; {state} because: {job.error_message}"
        # What a damaged answer cost is booked, and stays.
        billed = None if state == S.DAMAGED else possible_bill(job)
        write_job_failure(
            store,
            job,
            lease,
            keys=keys,
            outcome=outcome,
            message=message,
            together=False,
            possibly_billed=billed,
        )
        store.ledger.paid.forget([layout.results(job.product_id, job.job_id)])
        finalize_job(
            store,
            job,
            lease,
            to=S.ABANDONED,
            of=[state],
            error_message=message,
        )
    # Deleted remotely, it can never turn up again and be taken for an answer.
    clear_remote(store, service_of_job(gemini, job), job)
    return store.ledger.jobs.find(job.job_id)


def _held(
    store: Store, name: str, *states: JobState
) -> AbstractContextManager[tuple[BatchJob, Lease]]:
    job = store.ledger.jobs.find(name)
    return claimed_by_hand(store, job, *_standing(job, *states))


def _standing(job: BatchJob, *states: JobState) -> list[JobState]:
    if job.state not in states:
        wanted = " or ".join(states)
        raise Conflict(f"job {job.job_id} is {job.state}: this is for jobs that are {wanted}")
    return [job.state]


def _moved(job: BatchJob, moved: BatchJob | None) -> BatchJob:
    if moved is None:
        raise Conflict(f"job {job.job_id} was moved by another process")
    return moved
