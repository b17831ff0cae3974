"""The row of a job that is being formed, the same for batch and real time."""

from collections.abc import Sequence

from semantic_assets.ledger.leases import Lease
from semantic_assets.model.batch_job import BatchJob, JobState, display_name
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.product import Product, kind_of
from semantic_assets.store import Store


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
    output_tokens: int | None = None,
) -> BatchJob:
    """A row for so many texts of a space or a task, under the lease's fence."""
    now = store.ledger.now()
    return BatchJob(
        job_id=job_id,
        kind=kind_of(product),
        product_id=product.product_id,
        scope_id=scope_id,
        model=product.model,
        state=state,
        fence=lease.fence,
        display_name=display_name(store.ledger.ledger_id, job_id),
        remote_name=None,
        remote_state=None,
        shards=tuple(str(shard) for shard in shards),
        requests=requests,
        tokens_estimated=tokens,
        tokens_actual=None,
        succeeded=None,
        failed=None,
        input_file=None,
        result_file=None,
        error_message=None,
        is_realtime=is_realtime,
        cancel_requested_at=None,
        absent_listings=0,
        absent_since=None,
        created_at=now,
        updated_at=now,
        submitted_at=now if is_realtime else None,
        ended_at=None,
        output_tokens_estimated=output_tokens,
    )
