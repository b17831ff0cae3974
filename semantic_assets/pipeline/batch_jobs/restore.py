"""Have the answers of a damaged job again: as they were put back, or from Google while it keeps them."""

from semantic_assets.errors import BrokenFile, Conflict, RemoteMissing
from semantic_assets.gemini.client import Gemini
from semantic_assets.lake import layout
from semantic_assets.lake.manifests import manifest_keys
from semantic_assets.ledger.leases import Lease
from semantic_assets.model.batch_job import BatchJob, JobState
from semantic_assets.model.catalog import batch_usd
from semantic_assets.pipeline.batch_jobs.claim import claimed_by_hand
from semantic_assets.pipeline.batch_jobs.landing import accepted, land_answers
from semantic_assets.pipeline.batch_jobs.results import finalize_job
from semantic_assets.pipeline.pending.broken_files import (
    require_intact,
    require_readable,
    set_aside,
)
from semantic_assets.pipeline.pending.services import service_of_job
from semantic_assets.store import Store

S = JobState


def noticed(store: Store, name: str) -> BatchJob:
    """Return a job; one that is collected and whose file is broken is set aside first."""
    job = store.ledger.jobs.find(name)
    if job.state == S.COLLECTED and (error := _trouble(store, job)) is not None:
        set_aside(store, error)
    return store.ledger.jobs.find(job.job_id)


def restore(store: Store, gemini: Gemini, name: str) -> BatchJob:
    """Use a damaged job's answers again, if its file is whole by now or Google still has them.

    Nothing is paid for. Texts that were paid for again meanwhile keep the first answer.

    Raises:
        Conflict: it is not damaged, or its answers cannot be had any more.
        CorruptResult: what Google keeps does not answer the job's texts.
    """
    job = noticed(store, name)
    if job.state == S.COLLECTED:
        return job  # its file was put back before anything but `verify` missed it
    if job.state != S.DAMAGED:
        raise Conflict(f"job {job.job_id} is {job.state}: this is for jobs that are damaged")
    with claimed_by_hand(store, job, S.DAMAGED) as (job, lease):
        if _trouble(store, job) is not None:
            _fetch(store, service_of_job(gemini, job), job, lease)
            store.ledger.paid.forget([layout.results(job.product_id, job.job_id)])
        finalize_job(store, job, lease, to=S.COLLECTED, of=[S.DAMAGED], error_message=None)
    return store.ledger.jobs.find(job.job_id)


def _trouble(store: Store, job: BatchJob) -> BrokenFile | None:
    path = layout.results(job.product_id, job.job_id)
    try:
        require_intact(store, path)
        require_readable(store, path)
    except BrokenFile as error:
        return error
    return None


def _fetch(store: Store, gemini: Gemini, job: BatchJob, lease: Lease) -> None:
    keys = manifest_keys(store.lake, job.job_id)
    if keys is None:
        raise _cannot(job, "which texts it answered is not known any more")
    if job.result_file is None and job.remote_name is None:
        raise _cannot(job, "Google keeps no file of it")
    try:
        list(land_answers(store, gemini, job, lease, keys, verify=accepted))
    except RemoteMissing as error:
        raise _cannot(job, f"Google keeps its answers no longer ({error})") from error


def _cannot(job: BatchJob, why: str) -> Conflict:
    usd = batch_usd(job.model, job.tokens_actual or 0, job.output_tokens_actual or 0)
    return Conflict(
        f"job {job.job_id}: {why}. Put {layout.results(job.product_id, job.job_id)} back from a "
        f"backup and run this again; or `semantic-assets resolve {job.job_id} --resubmit` sends its "
        f"texts again for about ${usd:.4f}, and `--fail` gives them up"
    )
