"""Follow one batch job: ask the service while it is out, and take in what has ended."""

from semantic_assets.gemini.client import Gemini
from semantic_assets.model.batch_job import FINAL, JobState
from semantic_assets.pipeline.batch_jobs.job_status import JobStatus, job_status
from semantic_assets.pipeline.flows.collect_ended import collect_ended
from semantic_assets.pipeline.pending.services import is_of_services
from semantic_assets.store import Store


def follow_job(store: Store, gemini: Gemini, name: str) -> JobStatus:
    """Collect what has ended if the job is out, and return its status; submits nothing.

    A job that is over, that waits for a person, or that another key sent, and any job of a
    read-only lake, is shown as it was last polled.

    Raises:
        NotFound: there is no such job.
        ConfigError: nothing may be written to the lake.
    """
    job = store.ledger.jobs.find(name)
    is_settled = job.state in FINAL or job.state == JobState.QUARANTINED
    if not (is_settled or store.is_read_only) and is_of_services(gemini, job):
        for trouble in collect_ended(store, gemini).trouble:
            store.report_progress(trouble)
    return job_status(store, name)
