"""The planned job that is passed to a submission, with its lease."""

from dataclasses import dataclass

from semantic_assets.ledger.leases import Lease
from semantic_assets.model.batch_job import BatchJob


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A job whose row and manifest are durable, and the lease its submission runs under."""

    job: BatchJob
    lease: Lease
