"""Deadlines of stuck jobs: request a cancel, then give up once Google's own limit has passed."""

from semantic_assets.errors import Conflict, PermanentError, RemoteMissing
from semantic_assets.gemini.batch_service import Deadlines
from semantic_assets.gemini.client import Gemini
from semantic_assets.lake.manifests import manifest_keys
from semantic_assets.model.batch_job import ACTIVE_REMOTE, BatchJob, JobState, state_of_remote
from semantic_assets.model.statuses import Outcome
from semantic_assets.pipeline.batch_jobs.claim import claimed
from semantic_assets.pipeline.batch_jobs.job_status import JobStatus, job_status
from semantic_assets.pipeline.batch_jobs.results import finalize_job, write_job_failure
from semantic_assets.pipeline.costs.budgets import possible_bill
from semantic_assets.pipeline.pending.services import is_of_services, service_of_job
from semantic_assets.store import Store

S = JobState
_HOUR_SECONDS = 3_600.0
#: How the reason begins for which a job was given up by its age.
NOT_TERMINAL = "not terminal after"
#: A person decided it: no listing undoes that.
BY_HAND = "given up by hand"


def enforce_deadlines(store: Store, gemini: Gemini) -> None:
    """Cancel old jobs; their texts return when the job is terminal, or at the service's last age."""
    now, limits = store.ledger.now(), gemini.batches.deadlines
    for job in store.ledger.jobs.list(states=ACTIVE_REMOTE, scope_id=gemini.scope_id):
        if job.is_realtime or job.remote_name is None:
            continue  # an unconfirmed job is given up by listings alone
        age = now - (job.submitted_at or job.created_at)
        if age >= limits.abandon and _is_at_work(gemini, job):
            abandon(store, job, too_old(limits), billed=True)
        elif age >= limits.cancel and job.cancel_requested_at is None:
            request_cancel(store, gemini, job, f"after {_hours(limits.cancel)}")


def too_old(limits: Deadlines) -> str:
    """Return the reason for which a job is given up by its age."""
    return f"{NOT_TERMINAL} {_hours(limits.abandon)}"


def _hours(seconds: float) -> str:
    return f"{seconds / _HOUR_SECONDS:.0f} hours"


def _is_at_work(gemini: Gemini, job: BatchJob) -> bool:
    """Say whether the service shows a job that is not over: nothing is concluded from time alone.

    A process that slept over a weekend gave up a job that had SUCCEEDED, and sent its texts again.
    That there is no such job is for `poll` to conclude, which asks twice.
    """
    assert job.remote_name is not None
    try:
        return state_of_remote(gemini.batches.get(job.remote_name).state) != S.ENDED
    except RemoteMissing:
        return False


def request_cancel(store: Store, gemini: Gemini, job: BatchJob, why: str) -> None:
    """Ask Google to cancel a job; one that has started may still succeed and is then collected."""
    assert job.remote_name is not None
    try:
        gemini.batches.cancel(job.remote_name)
    except PermanentError as error:
        store.report_progress(f"job {job.job_id}: cancel was refused ({error})")
    store.ledger.jobs.move(
        job.job_id, job.state, of=[job.state], cancel_requested_at=store.ledger.now()
    )
    store.report_progress(f"job {job.job_id}: cancel requested {why}")


def abandon(store: Store, job: BatchJob, reason: str, *, billed: bool) -> bool:
    """Give a job up: an error row for each text, which is pending again. False: it has moved on."""
    with claimed(store, job, job.state) as held:
        if held is None:
            return False
        keys = manifest_keys(store.lake, job.job_id) or []
        write_job_failure(
            store,
            *held,
            keys=keys,
            outcome=Outcome.EXPIRED if billed else Outcome.TRANSIENT,
            message=f"abandoned: {reason}",
            together=False,
            possibly_billed=possible_bill(job) if billed else None,
        )
        finalize_job(
            store,
            *held,
            to=S.ABANDONED,
            of=[job.state],
            error_message=reason,
        )
    store.report_progress(f"job {job.job_id}: abandoned, {reason}; its texts are pending again")
    return True


def cancel(store: Store, gemini: Gemini, name: str) -> JobStatus:
    """Request a job's cancellation once; collecting the job later shows how it ended.

    Raises:
        NotFound: there is no such job.
        Conflict: Google is not working on it, or it belongs to another key or backend.
    """
    job = require_cancellable(store, gemini, name)
    if job.cancel_requested_at is None:
        request_cancel(store, service_of_job(gemini, job), job, "by hand")
    return job_status(store, job.job_id)


def require_cancellable(store: Store, gemini: Gemini, name: str) -> BatchJob:
    """Return the job if it can be cancelled.

    Raises:
        NotFound, Conflict: as `cancel`.
    """
    job = store.ledger.jobs.find(name)
    if job.state not in ACTIVE_REMOTE or job.is_realtime or job.remote_name is None:
        raise Conflict(f"job {job.job_id} is {job.state} ({job.stage}): there is nothing to cancel")
    if not is_of_services(gemini, job):
        raise Conflict(f"job {job.job_id} is of another key or backend: set the one it was sent by")
    return job
