"""The ledger row of a new job, the same for batch and real time."""

from collections.abc import Sequence

from semantic_assets.ledger import lease_names
from semantic_assets.ledger.leases import Lease
from semantic_assets.model.batch_job import BatchJob, JobState, display_name
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.product import Product
from semantic_assets.pipeline.product_kinds.product_kind import kind_of
from semantic_assets.store import Store


def leased_job_id(store: Store) -> tuple[str, Lease]:
    """Return an id for a job that has no row yet, and the lease on it."""
    job_id = store.ledger.job_ids.new()
    lease = store.ledger.leases.acquire(lease_names.of_job(job_id))
    if lease is None:
        raise AssertionError("a new job id cannot be leased already")
    return job_id, lease


def new_job(
    store: Store,
    lease: Lease,
    *,
    product: Product,
    job_id: str,
    scope_id: str,
    requests: int,
    tokens: int,
    shards: Sequence[ShardKey],
    state: JobState,
    is_realtime: bool = False,
) -> BatchJob:
    """Return the row of a new job for `requests` texts of a space or task, under the lease's fence.

    `tokens` and `output_tokens` are estimates; the latter is None where vectors come back.
    """
    now = store.ledger.now()
    return BatchJob(
        job_id=job_id,
        kind=product.kind,
        product_id=product.product_id,
        scope_id=scope_id,
        model=product.model,
        state=state,
        fence=lease.fence,
        display_name=display_name(store.ledger.ledger_id, job_id),
        shards=tuple(str(shard) for shard in shards),
        requests=requests,
        tokens_estimated=tokens,
        is_realtime=is_realtime,
        created_at=now,
        updated_at=now,
        submitted_at=now if is_realtime else None,
        output_tokens_estimated=kind_of(product).expected_output(store, requests),
    )
