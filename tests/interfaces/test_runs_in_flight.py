"""The sensors look at Dagster's runs: one that waits or runs is not asked for again, one that failed is."""

from collections.abc import Sequence

import dagster as dg
import pytest
from dagster._core.execution.backfill import BulkActionStatus

from semantic_assets.api.functions import opened
from semantic_assets.ledger.run_requests import MAX_ATTEMPTS
from semantic_assets.orchestration.known_runs import known_runs
from semantic_assets.orchestration.place import Place
from semantic_assets.orchestration.sensors import dataset_discovery_sensor
from tests.backfills import launch
from tests.interfaces.dagster_world import SHARD, World

READ_ASSETS = ["documents", "generation_jobs", "generations", "chunks", "batch_jobs"]
ASSET_JOB = "__ASSET_JOB"
#: A run in the queue would need a code server that it came from.
WAITING = dg.DagsterRunStatus.NOT_STARTED


def discovered(world: World) -> Sequence[dg.RunRequest]:
    """What a tick of the discovery sensor asks for, an hour after the one before."""
    with opened(world.lake.root) as (store, _), store.ledger.database.write() as connection:
        connection.exec_driver_sql("UPDATE run_request SET requested_at = requested_at - 3600")
    context = dg.build_sensor_context(instance=world.instance, definitions=world.defs)
    with context:
        return dataset_discovery_sensor(context, world.lake, Place()).run_requests or []


def put_run(
    world: World, status: dg.DagsterRunStatus, job: str, *assets: str, **tags: str
) -> dg.DagsterRun:
    """A run in Dagster's history; of the job's own assets, or of these."""
    definition = (
        world.defs.resolve_implicit_global_asset_job_def()
        if job == ASSET_JOB
        else world.defs.resolve_job_def(job)
    )
    return world.instance.create_run_for_job(
        definition,
        status=status,
        asset_selection=frozenset(map(dg.AssetKey, assets)) or None,
        tags={f"dagster/{name}": value for name, value in tags.items()},
    )


@pytest.fixture
def listed(world: World) -> World:
    world.register()
    return world


@pytest.mark.parametrize("assets", [READ_ASSETS, ["chunks"], ["batch_jobs"]])
def test_a_shard_that_a_person_or_a_backfill_reads_is_not_asked_for(
    listed: World, assets: list[str]
) -> None:
    run = put_run(listed, WAITING, ASSET_JOB, *assets, partition=SHARD)
    assert discovered(listed) == []
    assert discovered(listed) == []  # an hour later
    listed.instance.report_run_canceled(run)
    assert [request.partition_key for request in discovered(listed)] == [SHARD]


@pytest.mark.parametrize(
    ("assets", "partition"), [(["embeddings"], SHARD), (READ_ASSETS, "acme.other.00000")]
)
def test_other_runs_hold_nothing_up(listed: World, assets: list[str], partition: str) -> None:
    put_run(listed, dg.DagsterRunStatus.STARTED, ASSET_JOB, *assets, partition=partition)
    assert [request.partition_key for request in discovered(listed)] == [SHARD]


def test_the_sensor_s_own_run_may_wait_for_hours(listed: World) -> None:
    [request] = discovered(listed)
    put_run(
        listed,
        WAITING,
        "embed_shard",
        partition=SHARD,
        run_key=str(request.run_key),
    )
    for _ in range(MAX_ATTEMPTS + 1):
        assert discovered(listed) == []
    assert given_up(listed) == []


def given_up(world: World) -> list[str]:
    with opened(world.lake.root) as (store, _):
        return store.ledger.requests.exhausted()


def test_a_run_is_given_up_after_failures_and_a_vanished_one_never(listed: World) -> None:
    seen = set()
    for _ in range(MAX_ATTEMPTS):
        assert given_up(listed) == []
        [request] = discovered(listed)
        seen.add(request.run_key)
        if len(seen) == 1:  # whatever became of it
            [request] = discovered(listed)
            seen.add(request.run_key)
        run = put_run(
            listed,
            dg.DagsterRunStatus.STARTED,
            "embed_shard",
            partition=SHARD,
            run_key=str(request.run_key),
        )
        listed.instance.report_run_failed(run)
        with listed.instance.run_storage.connect() as connection:  # as long ago as the request
            connection.exec_driver_sql("UPDATE runs SET end_time = end_time - 3600")
    assert len(seen) == MAX_ATTEMPTS + 1
    assert discovered(listed) == []
    assert given_up(listed) == [f"read:{SHARD}"]
    (listed.folder / "b.txt").write_text("What is new is asked for all the same.")
    assert [request.partition_key for request in discovered(listed)] == [SHARD]


def test_a_backfill_that_has_not_begun_is_left_its_shards(listed: World) -> None:
    backfill = launch(listed.instance, listed.defs)
    assert discovered(listed) == []
    found = listed.instance.get_backfill(backfill)
    assert found is not None
    listed.instance.update_backfill(found.with_status(BulkActionStatus.CANCELED))
    assert [request.partition_key for request in discovered(listed)] == [SHARD]


def test_a_run_over_several_shards_is_one_of_each(listed: World) -> None:
    listed.instance.add_dynamic_partitions("shards", ["acme.b.00000", "acme.c.00000"])
    put_run(
        listed,
        dg.DagsterRunStatus.STARTED,
        ASSET_JOB,
        "embeddings",
        asset_partition_range_start=SHARD,
        asset_partition_range_end="acme.b.00000",
    )
    put_run(listed, WAITING, "index_dataset", partition="acme.manuals")
    put_run(listed, WAITING, "advance_batches")
    put_run(listed, dg.DagsterRunStatus.SUCCESS, "settle_shard", partition="acme.c.00000")
    with opened(listed.lake.root) as (store, _):
        known = known_runs(listed.instance, None, store, Place())
    assert known.in_flight == {
        f"embeddings:{SHARD}",
        "embeddings:acme.b.00000",
        "vector_index:acme.manuals",
        "advance",
    }
