"""Results files that are in place before their job's row says so, and those that broke since."""

from semantic_assets.errors import BrokenFile
from semantic_assets.lake import layout
from semantic_assets.model.batch_job import WITHHOLDING, BatchJob, JobState
from semantic_assets.pipeline.batch_jobs.claim import claimed
from semantic_assets.pipeline.batch_jobs.results import finalize_job
from semantic_assets.pipeline.pending.broken_files import require_readable
from semantic_assets.store import Store

S = JobState


def adopt_landed(store: Store) -> int:
    """Move jobs whose results file is in place to `collected`; return how many.

    The results file decides, whatever the ledger says. One that is broken was never used: the job
    goes on as if it were not there, and a download replaces it.
    """
    finished = 0
    for job in store.ledger.jobs.list(states=WITHHOLDING - {S.DAMAGED}):
        if not has_landed(store, job):
            continue
        with claimed(store, job, *WITHHOLDING) as held:
            if held is not None:
                finalize_job(store, *held, to=S.COLLECTED, of=[held[0].state])
                finished += 1
    return finished


def has_landed(store: Store, job: BatchJob) -> bool:
    """Say whether a job's results file is in place, every page of it."""
    path = layout.results(job.product_id, job.job_id)
    if not store.lake.exists(path):
        return False
    try:
        require_readable(store, path)
    except BrokenFile as error:
        store.report_progress(f"job {job.job_id}: {path} is broken ({error.why}) and not used")
        return False
    return True
