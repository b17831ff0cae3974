"""The Dagster door: keys, partitions, the jobs, and the sensor that turns embeddings green."""

import os
from pathlib import Path

import dagster as dg
import pytest

from semantic_assets.api.functions import opened
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.orchestration.build import build_definitions
from semantic_assets.orchestration.resources import LakeResource
from semantic_assets.pipeline.flows.reindex import reindex
from tests.interfaces.dagster_world import DATASET, SHARD, World


def test_asset_keys_are_the_tables_and_the_graph_is_one_chain() -> None:
    defs = build_definitions(LakeResource())
    graph = defs.resolve_asset_graph()
    parents = {
        key.to_user_string(): sorted(p.to_user_string() for p in graph.get(key).parent_keys)
        for key in graph.get_all_asset_keys()
    }
    assert parents == {
        "documents": [],
        "generation_jobs": ["documents"],
        "generations": ["generation_jobs"],
        "chunks": ["documents", "generations"],
        "batch_jobs": ["chunks"],
        "embeddings": ["batch_jobs"],
        "vector_index": ["embeddings"],
        "retrieval_quality": ["vector_index"],
    }


def test_every_asset_has_owner_kind_group_and_description() -> None:
    graph = build_definitions(LakeResource()).resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.owners
        assert node.kinds
        assert node.group_name != "default"
        assert node.description


def test_the_sensor_turns_embeddings_green_only_when_the_batch_has_ended(world: World) -> None:
    world.register()
    assert world.run("embed_shard", SHARD).success
    assert world.green("batch_jobs") == {SHARD}
    assert world.tick().run_requests == []
    assert world.green("embeddings") == set()
    world.pass_time()
    assert world.run_requested(world.tick()) == ["advance_batches"]
    assert world.green("embeddings") == set()
    requested = world.run_requested(world.tick())
    assert sorted(requested) == ["index_dataset", "settle_shard"]
    assert world.green("embeddings") == {SHARD}
    assert world.green("vector_index") == {DATASET}
    assert world.tick().run_requests == []


def test_the_sensor_observes_each_change_of_a_job(world: World) -> None:
    world.register()
    world.run("embed_shard", SHARD)
    world.pass_time()
    [observation] = world.tick().asset_events
    assert isinstance(observation, dg.AssetObservation)
    assert observation.partition == SHARD
    assert observation.metadata["latest_job_state"].value == "ended"


def test_a_run_that_waited_in_vain_fails_with_the_cure_and_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.register()
    world.run("embed_shard", SHARD)
    monkeypatch.setenv("SEMANTIC_ASSETS_WAIT_MINUTES", "0")
    result = world.run("settle_shard", SHARD)
    assert not result.success
    error = str(result.failure_data_for_node("embeddings"))
    assert f"{SHARD}: 1 chunks have no outcome after 0 minutes" in error
    assert "the sensor materializes these partitions" in error
    assert world.green("embeddings") == set()
    world.pass_time()
    assert world.run("settle_shard", SHARD).success  # it collects what it waits for
    assert world.green("embeddings") == {SHARD}


def test_a_run_over_several_shards_tells_each_by_itself(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, config in (("bare", "embed = false\n"), ("other", "")):
        folder = world.folder.parent / name
        folder.mkdir()
        (folder / "a.txt").write_text(f"Text of {name}.")
        (folder / "dataset.toml").write_text(config)
    world.register()
    shards = world.instance.get_dynamic_partitions("shards")
    bare, manuals, other = shards
    assert manuals == SHARD
    for shard in (bare, manuals):
        assert world.run("embed_shard", shard).success
    world.pass_time()
    monkeypatch.setenv("SEMANTIC_ASSETS_WAIT_MINUTES", "0")
    result = world.defs.resolve_job_def("settle_shard").execute_in_process(
        instance=world.instance,
        tags={
            "dagster/asset_partition_range_start": bare,
            "dagster/asset_partition_range_end": other,
        },
        raise_on_error=False,
    )
    told = {event.partition for event in result.get_asset_materialization_events()}
    assert told == {bare, manuals}
    assert not result.success
    failure = str(result.failure_data_for_node("embeddings"))
    assert "its chunks are not there yet" in failure
    assert manuals not in failure


@pytest.mark.parametrize("all_fail", [True, False])
def test_a_shard_without_any_vector_is_red_and_one_with_some_has_a_red_check(
    world: World, monkeypatch: pytest.MonkeyPatch, all_fail: bool
) -> None:
    monkeypatch.setenv("SEMANTIC_ASSETS_MAX_ATTEMPTS", "1")
    world.arm("invalid-texts", contains="valve")
    if not all_fail:
        (world.folder / "b.txt").write_text("The wheel is red.")
    world.register()
    assert world.run("embed_shard", SHARD).success
    world.pass_time()
    result = world.run("settle_shard", SHARD)
    assert result.success is not all_fail
    assert world.green("embeddings") == (set() if all_fail else {SHARD})
    checks = {one.check_name: one.passed for one in result.get_asset_check_evaluations()}
    assert checks["no_missing_vectors"] is False
    if all_fail:
        error = str(result.failure_data_for_node("embeddings"))
        assert "none of its 1 chunks has a vector: all FAILED" in error
        assert "semantic-assets retry --errors-only -d acme/manuals" in error
    asked = [request.job_name for request in world.tick().run_requests or []]
    assert "settle_shard" not in asked  # it would fail again


def test_every_run_of_a_dataset_that_is_not_embedded_is_green_and_says_why(world: World) -> None:
    (world.folder / "dataset.toml").write_text("embed = false\n")
    world.register()
    for job, partition in (
        ("embed_shard", SHARD),
        ("settle_shard", SHARD),
        ("index_dataset", DATASET),
    ):
        assert world.run(job, partition).success
    for asset in ("chunks", "batch_jobs", "embeddings"):
        assert world.green(asset) == {SHARD}
        assert "embed = false" in str(world.metadata(asset)["empty_because"].value)
    assert world.green("vector_index") == {DATASET}
    assert world.green("retrieval_quality") == {DATASET}


def test_refresh_needs_no_partitions_and_reports_each_asset(world: World) -> None:
    config = {"ops": {"refresh_store": {"config": {"wait_minutes": 0.0}}}}
    job = world.defs.resolve_job_def("refresh")
    first = job.execute_in_process(instance=world.instance, run_config=config, raise_on_error=False)
    assert not first.success
    world.pass_time()
    second = job.execute_in_process(instance=world.instance, run_config=config)
    assert second.success
    assert world.green("documents") == {SHARD}
    assert world.green("embeddings") == {SHARD}
    assert world.green("vector_index") == {DATASET}
    assert world.tick().run_requests == []


def test_a_run_without_a_partition_is_refused_with_the_cure(world: World) -> None:
    world.register()
    result = world.run("embed_shard")
    assert not result.success
    failure = result.failure_data_for_node("documents")
    assert failure is not None
    assert "dagster/partition" in str(failure.error)


def test_a_failed_document_shows_in_metadata_and_in_a_check_and_stops_nothing(
    world: World,
) -> None:
    world.register()
    result = world.run("embed_shard", SHARD)
    [check] = [one for one in result.get_asset_check_evaluations() if not one.passed]
    assert check.check_name == "all_documents_read"
    [event] = result.asset_materializations_for_node("documents")
    assert event.metadata["documents_failed"].value == 1
    assert event.metadata["dagster/partition_row_count"].value == 2
    assert result.success


def test_a_dead_run_is_requested_again_with_another_key(world: World) -> None:
    world.register()
    world.run("embed_shard", SHARD)
    world.pass_time()
    [lost] = world.tick().run_requests or []
    assert world.tick().run_requests == []  # the backoff has not passed
    with opened(world.lake.root) as (store, _), store.ledger.database.write() as connection:
        connection.exec_driver_sql("UPDATE run_request SET requested_at = requested_at - 3600")
    [again] = world.tick().run_requests or []
    assert again.job_name == lost.job_name
    assert again.run_key != lost.run_key


def test_judged_questions_are_measured_at_each_index_and_plotted(world: World) -> None:
    folder = Path(os.environ["SEMANTIC_ASSETS_SOURCES"]) / "acme" / "manuals"
    (folder / "queries.jsonl").write_text('{"_id": "q", "text": "Which wheel opens the valve?"}')
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq\ta.txt\t1\n")
    world.register()
    world.run("embed_shard", SHARD)
    world.pass_time()
    while world.run_requested(world.tick()):
        pass
    event = world.instance.get_latest_materialization_event(dg.AssetKey("retrieval_quality"))
    assert event is not None
    assert event.asset_materialization is not None
    assert event.asset_materialization.metadata["ndcg_at_10"].value == 1.0


def test_the_sensor_carries_a_reindex_to_its_switch(world: World) -> None:
    world.register()
    world.run("embed_shard", SHARD)
    world.pass_time()
    while world.run_requested(world.tick()):
        pass
    with opened(world.lake.root) as (store, gemini):
        dataset = DatasetKey("acme", "manuals")
        space = EmbeddingSpace.of(backend="emulator", model="gemini-embedding-2", dimensions=256)
        assert not reindex(store, gemini, dataset, space, wait_minutes=0).switched
        world.pass_time()
        while world.run_requested(world.tick()):
            pass
        assert store.serving_space(dataset) == space
        assert store.target_space(dataset) is None
    assert world.tick().run_requests == []
