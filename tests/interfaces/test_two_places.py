"""Two sets of definitions in one code location: two lakes, and no name in common."""

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.partitions.context import partition_loading_context

from semantic_assets.errors import ConfigError
from semantic_assets.orchestration.build import build_definitions
from semantic_assets.orchestration.place import Place
from semantic_assets.orchestration.resources import LakeResource
from semantic_assets.settings.settings import Settings
from tests.interfaces.dagster_world import DATASET, SHARD, World

_ASSETS = {
    *("documents", "generation_jobs", "generations", "chunks", "batch_jobs", "embeddings"),
    *("vector_index", "retrieval_quality"),
}
_CHECKS = {
    *("documents:all_documents_read", "embeddings:no_missing_vectors", "embeddings:unit_norm"),
    *("embeddings:requested_runs_succeed", "vector_index:index_matches_embeddings"),
    *("generations:no_failed_answers", "batch_jobs:batches_advance"),
    *("vector_index:requested_runs_succeed", "retrieval_quality:no_quality_drop"),
}
_JOBS = {
    *("embed_shard", "feed_shard", "settle_shard", "index_dataset", "advance_batches", "refresh"),
}
_SENSORS = {"dataset_discovery_sensor", "gemini_batch_sensor"}
_SCHEDULES = {"refresh_schedule", "rebuild_schedule"}


@dg.asset
def documents() -> None:
    """A table of the same name in somebody else's project."""


def _names(defs: dg.Definitions) -> dict[str, set[str]]:
    repository = defs.get_repository_def()
    repository.load_all_definitions()
    graph = defs.resolve_asset_graph()
    partitions = {graph.get(key).partitions_def for key in graph.get_all_asset_keys()} - {None}
    return {
        "assets": {key.to_user_string() for key in graph.get_all_asset_keys()},
        "checks": {key.to_user_string() for key in graph.asset_check_keys},
        "jobs": {job.name for job in repository.get_all_jobs()} - {"__ASSET_JOB"},
        "sensors": {sensor.name for sensor in repository.sensor_defs},
        "schedules": {schedule.name for schedule in repository.schedule_defs},
        "partitions": {str(one.name) for one in partitions},  # type: ignore[union-attr]
        "resources": set(defs.resources or {}),
        "groups": {graph.get(key).group_name for key in graph.get_all_asset_keys()},
    }


def test_without_a_prefix_every_name_is_bare() -> None:
    """Instances of Dagster hold histories by these names."""
    names = _names(build_definitions())
    assert names["assets"] == _ASSETS
    assert names["checks"] == _CHECKS
    assert names["jobs"] == _JOBS
    assert names["sensors"] == _SENSORS
    assert names["schedules"] == _SCHEDULES
    assert names["partitions"] == {"shards", "datasets"}
    assert names["resources"] == {"lake"}


def test_two_sets_and_an_asset_of_the_same_name_are_merged(tmp_path: Path) -> None:
    one, two = (
        build_definitions(root=str(tmp_path / name), key_prefix=f"corpora/{name}", group=name)
        for name in ("acme", "beta")
    )
    merged = dg.Definitions.merge(one, two, dg.Definitions(assets=[documents]))
    dg.Definitions.validate_loadable(merged)
    first, second = _names(one), _names(two)
    assert not {key for key, names in first.items() if names & second[key]}
    assert first["assets"] == {f"corpora/acme/{name}" for name in _ASSETS}
    assert first["checks"] == {f"corpora/acme/{name}" for name in _CHECKS}
    assert first["jobs"] == {f"corpora__acme__{name}" for name in _JOBS}
    assert first["groups"] == {"acme"}
    assert _names(merged)["assets"] == first["assets"] | second["assets"] | {"documents"}


def test_a_set_with_a_prefix_reports_under_its_own_keys(world: World) -> None:
    lake = LakeResource(root=str(Path(world.lake.root).with_name("acme")))
    own = build_definitions(lake, key_prefix="acme")
    both = dg.Definitions.merge(world.defs, own)
    job = both.resolve_job_def("acme__refresh")
    config = {"ops": {"acme__refresh_store": {"config": {"wait_minutes": 0.0}}}}
    job.execute_in_process(instance=world.instance, run_config=config, raise_on_error=False)
    assert world.instance.get_dynamic_partitions("acme__shards") == [SHARD]
    assert world.instance.get_dynamic_partitions("shards") == []
    world.pass_time()
    ran = set()
    while requests := _tick(world, both, "acme__gemini_batch_sensor").run_requests:
        for request in requests:
            found = both.resolve_job_def(str(request.job_name))
            assert found.execute_in_process(
                instance=world.instance, partition_key=request.partition_key
            ).success
            ran.add(request.job_name)
    assert ran == {f"acme__{name}" for name in ("advance_batches", "settle_shard", "index_dataset")}
    assert _green(world, dg.AssetKey(["acme", "embeddings"])) == {SHARD}
    assert _green(world, dg.AssetKey(["acme", "vector_index"])) == {DATASET}
    assert _green(world, dg.AssetKey(["embeddings"])) == set()
    lineage = _metadata(world, dg.AssetKey(["acme", "embeddings"]))["dagster/column_lineage"]
    sources = lineage.deps_by_column["vector"]  # type: ignore[attr-defined]
    assert [dep.asset_key for dep in sources] == [dg.AssetKey(["acme", "chunks"])]
    assert _tick(world, both, "gemini_batch_sensor").run_requests == []


def test_the_folders_of_a_set_stay_where_they_were_when_it_was_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lake = (build_definitions(root="lake", sources="texts").resources or {})["lake"]
    monkeypatch.chdir("/")
    settings = Settings.load(root=lake.root, given=lake.settings)
    assert (settings.root, settings.sources) == (tmp_path / "lake", tmp_path / "texts")


@pytest.mark.parametrize("prefix", ["a__b", "_a", "a b", "a/b_/c", "ä"])
def test_a_prefix_that_could_meet_another_is_refused(prefix: str) -> None:
    with pytest.raises(ConfigError, match="key_prefix"):
        build_definitions(key_prefix=prefix)


def test_a_group_that_dagster_would_refuse_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="group"):
        Place(group="a group")


def _tick(world: World, defs: dg.Definitions, name: str) -> dg.SensorResult:
    repository = defs.get_repository_def()
    sensor = repository.get_sensor_def(name)
    resources = {key: defs.resources[key] for key in sensor.required_resource_keys}  # type: ignore[index]
    context = dg.build_sensor_context(
        instance=world.instance, repository_def=repository, resources=resources
    )
    with context, partition_loading_context(dynamic_partitions_store=world.instance):
        return sensor.evaluate_tick(context)  # type: ignore[return-value]


def _green(world: World, key: dg.AssetKey) -> set[str]:
    return set(world.instance.get_materialized_partitions(key))


def _metadata(world: World, key: dg.AssetKey) -> dict[str, object]:
    event = world.instance.get_latest_materialization_event(key)
    assert event is not None
    assert event.asset_materialization is not None
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}
