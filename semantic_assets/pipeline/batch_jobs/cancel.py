"""cancel: ask Google to stop a job. What it has finished is collected; the rest is pending again."""

from semantic_assets.errors import Conflict
from semantic_assets.gemini.client import Gemini
from semantic_assets.model.batch_job import ACTIVE_REMOTE, BatchJob
from semantic_assets.pipeline.batch_jobs.deadlines import request_cancel
from semantic_assets.pipeline.batch_jobs.job_status import JobStatus, job_status
from semantic_assets.store import Store


def cancel(store: Store, gemini: Gemini, name: str) -> JobStatus:
    """Request it once; `sync` and `advance` see how it ended.

    Raises:
        NotFound: there is no such job.
        Conflict: Google does not work on it (any more), or it is of another key or backend.
    """
    job = require_cancellable(store, gemini, name)
    if job.cancel_requested_at is None:
        request_cancel(store, gemini, job, "by hand")
    return job_status(store, job.job_id)


def require_cancellable(store: Store, gemini: Gemini, name: str) -> BatchJob:
    """Raises:
    NotFound, Conflict: as `cancel`.
    """
    job = store.ledger.jobs.find(name)
    if job.state not in ACTIVE_REMOTE or job.is_realtime or job.remote_name is None:
        raise Conflict(f"job {job.job_id} is {job.state} ({job.stage}): there is nothing to cancel")
    if job.scope_id != gemini.scope_id:
        raise Conflict(f"job {job.job_id} is of another key or backend: set the one it was sent by")
    return job
