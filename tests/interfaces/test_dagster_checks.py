"""Each partition has its own state of a check, whoever evaluated it: a run, `refresh` or the sensor."""

import dagster as dg
import pytest

from semantic_assets.api.functions import opened
from semantic_assets.orchestration.build import build_definitions
from semantic_assets.orchestration.reporting.remedies import OF_ALL
from tests.interfaces.dagster_world import SHARD, World

OTHER = "acme.gates.00000"
_SENTENCE = 60
#: How the ledger notes a request of which every run failed.
_GIVEN_UP = -1


def _states(world: World, asset: str, check: str) -> dict[str | None, bool]:
    """The last verdict on each partition, as Dagster's storage has it."""
    records = world.instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(dg.AssetKey(asset), check), limit=100
    )
    return {
        one.partition: one.status.value == "SUCCEEDED" for one in reversed(records) if one.event
    }


def _write_other(world: World) -> None:
    folder = world.folder.parent / "gates"
    folder.mkdir()
    (folder / "a.txt").write_text("The gate is shut at night.")


def _refreshed(world: World) -> dg.ExecuteInProcessResult:
    """Run `refresh` until its batches are back, and return the last run."""
    config = {"ops": {"refresh_store": {"config": {"wait_minutes": 0.0}}}}
    job = world.defs.resolve_job_def("refresh")
    for _ in range(2):
        result = job.execute_in_process(
            instance=world.instance, run_config=config, raise_on_error=False
        )
        world.pass_time()
    return result


def test_every_check_but_those_of_the_lake_has_the_partitions_of_its_asset() -> None:
    graph = build_definitions().resolve_asset_graph()
    for key in graph.asset_check_keys:
        spec = graph.get_check_spec(key)
        own = graph.get(key.asset_key).partitions_def
        assert spec.partitions_def == (None if spec.name in OF_ALL else own)


def test_a_newcomer_is_told_what_everything_is_and_what_its_green_means() -> None:
    defs = build_definitions()
    graph, repository = defs.resolve_asset_graph(), defs.get_repository_def()
    repository.load_all_definitions()
    assert {graph.get(key).group_name for key in graph.get_all_asset_keys()} == {
        *("ingest", "generate", "embed", "serve")
    }
    assets = [graph.get(key).description or "" for key in graph.get_all_asset_keys()]
    assert [text for text in assets if "\n\nGreen: " not in text or "\n    " in text] == []
    jobs = [job for job in repository.get_all_jobs() if job.name != "__ASSET_JOB"]
    told = [*jobs, *repository.sensor_defs, *repository.schedule_defs]
    assert [one.name for one in told if len(one.description or "") < _SENTENCE] == []
    ticks = [*repository.sensor_defs, *repository.schedule_defs]
    assert [one.name for one in ticks if "A green tick" not in str(one.description)] == []


def test_a_green_shard_does_not_hide_the_one_that_failed(world: World) -> None:
    _write_other(world)
    world.register()
    for shard in (SHARD, OTHER):  # the one with the broken file first
        assert world.run("embed_shard", shard).success
    assert _states(world, "documents", "all_documents_read") == {SHARD: False, OTHER: True}


def test_refresh_evaluates_the_check_of_each_partition_and_fails_where_texts_failed(
    world: World,
) -> None:
    _write_other(world)
    world.arm("invalid-texts", contains="gate")
    result = _refreshed(world)
    assert not result.success
    failure = result.failure_data_for_node("refresh_store")
    assert "1 chunk FAILED" in str(failure and failure.error)
    assert "semantic-assets failures" in str(failure and failure.error)
    assert _states(world, "documents", "all_documents_read") == {SHARD: False, OTHER: True}
    assert _states(world, "embeddings", "no_missing_vectors") == {SHARD: True, OTHER: False}
    assert _states(world, "vector_index", "index_matches_embeddings") == {
        "acme.manuals": True,
        "acme.gates": True,
    }


def test_a_refresh_is_green_again_where_only_old_failures_are_left(world: World) -> None:
    _write_other(world)
    (world.folder.parent / "gates" / "b.txt").write_text("The door is open.")
    world.arm("invalid-texts", contains="gate")
    assert not _refreshed(world).success
    assert _refreshed(world).success
    assert _states(world, "embeddings", "no_missing_vectors") == {SHARD: True, OTHER: False}


@pytest.mark.parametrize(
    ("request_name", "asset", "check", "partition"),
    [
        (f"read:{SHARD}", "embeddings", "requested_runs_succeed", SHARD),
        ("vector_index:acme.manuals", "vector_index", "requested_runs_succeed", "acme.manuals"),
        ("advance", "batch_jobs", "batches_advance", None),
    ],
)
def test_the_sensor_evaluates_the_check_of_what_was_given_up(
    world: World, request_name: str, asset: str, check: str, partition: str | None
) -> None:
    world.register()
    with opened(world.lake.root) as (store, _), store.ledger.database.write() as connection:
        store_row = "INSERT INTO run_request (name, fingerprint, attempt, requested_at, asked)"
        connection.exec_driver_sql(f"{store_row} VALUES ('{request_name}', 'x', {_GIVEN_UP}, 0, 5)")
    [found] = [e for e in world.tick().asset_events if isinstance(e, dg.AssetCheckEvaluation)]
    assert (found.asset_key, found.check_name) == (dg.AssetKey(asset), check)
    assert (found.partition, found.passed) == (partition, False)
