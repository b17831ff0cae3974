"""Claim a job: its lease, its fence on the row, and a look at the state, in one context manager."""

from collections.abc import Iterator
from contextlib import contextmanager

from semantic_assets.errors import Conflict
from semantic_assets.ledger import lease_names
from semantic_assets.ledger.leases import Lease
from semantic_assets.model.batch_job import BatchJob, JobState
from semantic_assets.store import Store

#: A person waits this long for a job that another process has in hand.
_PATIENCE_SECONDS = 60.0


@contextmanager
def claimed(
    store: Store, job: BatchJob, *states: JobState
) -> Iterator[tuple[BatchJob, Lease] | None]:
    """Hold the job's lease with its fence on the row; None if another has it or has moved it on."""
    with store.ledger.leases.trying(lease_names.of_job(job.job_id)) as lease:
        yield None if lease is None else _fenced(store, job, lease, states)


@contextmanager
def claimed_by_hand(
    store: Store, job: BatchJob, *states: JobState
) -> Iterator[tuple[BatchJob, Lease]]:
    """Hold a job as `claimed` does, but wait for whoever has it in hand.

    Raises:
        Conflict: it was still held after a minute, or was moved on meanwhile.
    """
    name = lease_names.of_job(job.job_id)
    with store.ledger.leases.holding(name, wait_seconds=_PATIENCE_SECONDS) as lease:
        found = _fenced(store, job, lease, states)
        if found is None:
            raise Conflict(f"job {job.job_id} was moved by another process")
        yield found


def _fenced(
    store: Store, job: BatchJob, lease: Lease, states: tuple[JobState, ...]
) -> tuple[BatchJob, Lease] | None:
    found = store.ledger.jobs.claim(job.job_id, lease.fence)
    return None if found is None or found.state not in states else (found, lease)
