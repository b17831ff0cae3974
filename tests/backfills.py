"""Asset backfills, as the UI's "Materialize all" and its choice of partitions launch them."""

import time
from collections.abc import Sequence

import dagster as dg
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

_POLL_SECONDS = 0.5


def launch(
    instance: dg.DagsterInstance,
    defs: dg.Definitions,
    assets: Sequence[str] = (),
    partitions: Sequence[str] | None = None,
) -> str:
    """Launch a backfill of these assets, or all, over these partitions, or all; return its id."""
    graph = defs.resolve_asset_graph()
    keys = [dg.AssetKey(name) for name in assets] or sorted(graph.materializable_asset_keys)
    backfill = PartitionBackfill.from_asset_partitions(
        backfill_id=f"b{time.time_ns()}",
        asset_graph=graph,
        partition_names=partitions,
        asset_selection=keys,
        backfill_timestamp=time.time(),
        tags={},
        dynamic_partitions_store=instance,
        all_partitions=partitions is None,
        title=None,
        description=None,
        run_config=None,
    )
    instance.add_backfill(backfill)
    return backfill.backfill_id


def outcome(instance: dg.DagsterInstance, backfill_id: str, *, seconds: float = 300.0) -> str:
    """Wait until the backfill has ended; return its status."""
    deadline = time.monotonic() + seconds
    while True:
        backfill = instance.get_backfill(backfill_id)
        assert backfill is not None
        if backfill.status != BulkActionStatus.REQUESTED:
            return backfill.status.value
        assert time.monotonic() < deadline, "the backfill did not end"
        time.sleep(_POLL_SECONDS)
