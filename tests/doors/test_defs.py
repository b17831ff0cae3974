"""The Dagster door: keys, partitions, the jobs, and the sensor that turns embeddings green."""

import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import httpx2
import pytest

from semantic_assets.definitions import build_definitions
from semantic_assets.defs.partitions import register_partitions
from semantic_assets.defs.resources import LakeResource
from semantic_assets.defs.sensors import gemini_batch_sensor
from semantic_assets.emulator.server import serve_in_thread
from semantic_assets.library import opened
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.verbs.discover import discover
from semantic_assets.verbs.reindex import reindex

SHARD, DATASET = "acme.manuals.00000", "acme.manuals"
LATENCY_SECONDS = 60.0


class World:
    """A lake, an emulator with a clock of its own, and an ephemeral Dagster instance."""

    def __init__(self, root: Path, url: str, instance: dg.DagsterInstance) -> None:
        self.url, self.instance = url, instance
        self.lake = LakeResource(root=str(root))
        self.defs = build_definitions(self.lake)

    def pass_time(self) -> None:
        httpx2.post(f"{self.url}/emulator/clock", json={"advance_seconds": LATENCY_SECONDS})

    def register(self) -> None:
        with opened(self.lake.root) as (store, _):
            discover(store)
            register_partitions(self.instance, store)

    def run(self, job: str, partition: str | None = None) -> dg.ExecuteInProcessResult:
        return self.defs.resolve_job_def(job).execute_in_process(
            instance=self.instance, partition_key=partition, raise_on_error=False
        )

    def green(self, asset: str) -> set[str]:
        return set(self.instance.get_materialized_partitions(dg.AssetKey(asset)))

    def tick(self) -> dg.SensorResult:
        context = dg.build_sensor_context(
            instance=self.instance, definitions=self.defs, resources={"lake": self.lake}
        )
        with context:
            result = gemini_batch_sensor(context)
        assert isinstance(result, dg.SensorResult)
        return result

    def run_requested(self, result: dg.SensorResult) -> list[str]:
        """Run what a tick asked for, as the daemon would; the jobs' names in order."""
        for request in result.run_requests or []:
            assert request.job_name
            assert self.run(request.job_name, request.partition_key).success
        return [str(request.job_name) for request in result.run_requests or []]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    sources = tmp_path / "sources" / "acme" / "manuals"
    sources.mkdir(parents=True)
    (sources / "a.txt").write_text("The valve is opened by turning the red wheel.")
    (sources / "broken.pdf").write_bytes(b"%PDF-1.4 and nothing else")
    running = serve_in_thread(tmp_path / "emulator", tier=1, latency_seconds=LATENCY_SECONDS)
    monkeypatch.setenv("SEMANTIC_ASSETS_SOURCES", str(tmp_path / "sources"))
    monkeypatch.setenv("SEMANTIC_ASSETS_EMULATOR_URL", running.base_url)
    with dg.DagsterInstance.ephemeral() as instance:
        yield World(tmp_path / "lake", running.base_url, instance)
    running.stop()


def test_asset_keys_are_the_tables_and_the_graph_is_one_chain() -> None:
    defs = build_definitions(LakeResource())
    graph = defs.resolve_asset_graph()
    parents = {
        key.to_user_string(): [p.to_user_string() for p in graph.get(key).parent_keys]
        for key in graph.get_all_asset_keys()
    }
    assert parents == {
        "documents": [],
        "chunks": ["documents"],
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


def test_an_unsettled_shard_yields_no_materialization_and_no_failure(world: World) -> None:
    world.register()
    world.run("embed_shard", SHARD)
    result = world.run("settle_shard", SHARD)
    assert result.success
    assert world.green("embeddings") == set()


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
    [check] = result.get_asset_check_evaluations()
    assert not check.passed
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
