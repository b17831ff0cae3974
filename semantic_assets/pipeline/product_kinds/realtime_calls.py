"""What calls in real time have in common: groups, and a look at the row ahead of each."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from semantic_assets.errors import Conflict
from semantic_assets.ledger.leases import Lease
from semantic_assets.model.batch_job import BatchJob, JobState
from semantic_assets.store import Store

T = TypeVar("T")


def require_ours(store: Store, job: BatchJob, lease: Lease) -> None:
    """Ahead of each call, by the ledger: after a suspension the heartbeat learns of it too late.

    Raises:
        Conflict: another process took the job over.
    """
    lease.require()
    claimed = store.ledger.jobs.claim(job.job_id, lease.fence)
    if claimed is None or claimed.state != JobState.RUNNING:
        raise Conflict(f"job {job.job_id} was taken over while it ran; run again for what is left")


def groups_of(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield so many items at a time."""
    iterator = iter(items)
    while group := list(islice(iterator, size)):
        yield group
