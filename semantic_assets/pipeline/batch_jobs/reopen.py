"""Take jobs back that were given up and turned up after all."""

from collections.abc import Iterable

from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.wire import RemoteJob
from semantic_assets.lake import layout
from semantic_assets.lake.manifests import manifest_keys
from semantic_assets.model.batch_job import (
    REOPENING,
    BatchJob,
    JobState,
    parse_display_name,
    state_of_remote,
)
from semantic_assets.pipeline.batch_jobs.claim import claimed
from semantic_assets.pipeline.batch_jobs.deadlines import BY_HAND, NOT_TERMINAL
from semantic_assets.store import Store


def reopen(store: Store, gemini: Gemini, listed: Iterable[RemoteJob]) -> list[BatchJob]:
    """Take back abandoned and gone jobs that a listing shows.

    Their error rows are deleted first: they are no longer true, and would be taken for the
    answers. Texts sent again meanwhile are paid twice; that is booked and reported.
    """
    by_display = {remote.display_name: remote for remote in listed}
    found = []
    for job in store.ledger.jobs.list(states=REOPENING, scope_id=gemini.scope_id):
        remote = by_display.get(job.display_name)
        if remote is None or not (_is_ours(store, job) and _may_return(job, remote)):
            continue
        if manifest_keys(store.lake, job.job_id) is None:
            continue
        moved = take_back(store, job, remote.name, f"turned up after all as {remote.name}")
        if moved is not None:
            store.report_progress(
                f"job {job.job_id}: turned up after all as {remote.name}, re-opened"
            )
            found.append(moved)
    return found


def _is_ours(store: Store, job: BatchJob) -> bool:
    """Return False for a job of the lake that this one was a copy of."""
    parsed = parse_display_name(job.display_name)
    return parsed is not None and parsed[0] == store.ledger.ledger_id


def _may_return(job: BatchJob, remote: RemoteJob) -> bool:
    """Tell whether a job that was given up is taken back when a listing shows it.

    One that a person gave up is not. One that was too old is when it has ended: taken back while
    it runs, it is too old again, for ever.
    """
    if job.error_message == BY_HAND:
        return False
    was_too_old = (job.error_message or "").startswith(NOT_TERMINAL)
    return not was_too_old or state_of_remote(remote.state) == JobState.ENDED


def take_back(store: Store, job: BatchJob, remote_name: str, why: str) -> BatchJob | None:
    """Move a given-up job back to submitted; None: it has moved on.

    The error rows are deleted while the ledger holds the job's row: a process that slept here once
    deleted the answers that another had just landed.
    """
    with claimed(store, job, *REOPENING) as held:
        if held is None:
            return None
        with store.ledger.jobs.held(held[0], held[1].fence):
            store.lake.delete(layout.results(job.product_id, job.job_id))
        store.ledger.paid.forget([layout.results(job.product_id, job.job_id)])
        return store.ledger.jobs.move(
            job.job_id,
            JobState.SUBMITTED,
            of=[job.state],
            fence=held[1].fence,
            detail=why,
            error_message=None,
            remote_name=remote_name,
            absent_since=None,
            submitted_at=store.ledger.now(),
        )
