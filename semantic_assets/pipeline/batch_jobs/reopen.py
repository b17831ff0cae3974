"""reopen: a job that was given up and turns up after all is collected; what was paid is kept."""

from collections.abc import Iterable

from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.wire import RemoteJob
from semantic_assets.lake import layout
from semantic_assets.lake.manifests import manifest_keys
from semantic_assets.model.batch_job import REOPENING, BatchJob, JobState
from semantic_assets.store import Store


def reopen(store: Store, gemini: Gemini, listed: Iterable[RemoteJob]) -> list[BatchJob]:
    """Take back abandoned and gone jobs that a listing shows.

    Their error rows are deleted first: they say what is no longer so, and would stand in the way
    of the answers. Texts sent again meanwhile are paid twice; that is booked and told.
    """
    by_display = {remote.display_name: remote for remote in listed}
    found = []
    for job in store.ledger.jobs.list(states=REOPENING, scope_id=gemini.scope_id):
        remote = by_display.get(job.display_name)
        if remote is None or manifest_keys(store.lake, job.job_id) is None:
            continue
        moved = take_back(store, job, remote.name, f"turned up after all as {remote.name}")
        if moved is not None:
            store.tell(f"job {job.job_id}: turned up after all as {remote.name}, re-opened")
            found.append(moved)
    return found


def take_back(store: Store, job: BatchJob, remote_name: str, why: str) -> BatchJob | None:
    """Have a given-up job be out again; None where it has moved on."""
    store.lake.delete(layout.results(job.space_id, job.job_id))
    moved = store.ledger.jobs.move(
        job.job_id,
        JobState.SUBMITTED,
        of=[job.state],
        detail=why,
        remote_name=remote_name,
        absent_since=None,
        submitted_at=store.ledger.now(),
    )
    if moved is not None:
        store.ledger.progress.unsettle(job.space_id)
    return moved
