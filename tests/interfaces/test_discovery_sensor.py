"""The discovery sensor and the schedules: what appears is embedded, and nothing is asked for twice."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import httpx2
import pytest

from semantic_assets.api.functions import opened
from semantic_assets.emulator.server import serve_in_thread
from semantic_assets.model.keys import DatasetKey
from semantic_assets.orchestration import register
from semantic_assets.orchestration.build import build_definitions
from semantic_assets.orchestration.jobs import job_definitions
from semantic_assets.orchestration.place import Place
from semantic_assets.orchestration.resources import LakeResource
from semantic_assets.orchestration.schedules import schedule_definitions
from semantic_assets.orchestration.sensors import Body as Sensor
from semantic_assets.orchestration.sensors import dataset_discovery_sensor, gemini_batch_sensor
from semantic_assets.pipeline.discovery.dataset_removal import remove
from semantic_assets.pipeline.scheduling.read_runs import MAX_UNANSWERED
from semantic_assets.pipeline.search.search import search

SHARD, DATASET = "acme.manuals.00000", "acme.manuals"
LATENCY_SECONDS = 60.0
refresh_schedule, rebuild_schedule = schedule_definitions(Place(), job_definitions(Place()))


class World:
    """Sources, a lake, an emulator with a clock of its own, and an ephemeral Dagster instance."""

    def __init__(self, folder: Path, url: str, instance: dg.DagsterInstance) -> None:
        self.url, self.instance, self.sources = url, instance, folder / "sources"
        self.lake = LakeResource(root=str(folder / "lake"))
        self.defs = build_definitions(self.lake)
        self.keys: Counter[str] = Counter()

    def write(self, uri: str, text: str) -> Path:
        path = self.sources / uri
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def pass_time(self) -> None:
        httpx2.post(f"{self.url}/emulator/clock", json={"advance_seconds": LATENCY_SECONDS})

    def tick(self, sensor: Sensor) -> dg.SensorResult:
        """A tick as the daemon makes it: keys are registered, no run key is taken twice."""
        context = dg.build_sensor_context(
            instance=self.instance, definitions=self.defs, resources={"lake": self.lake}
        )
        with context:
            result = sensor(context, self.lake, Place())
        assert isinstance(result, dg.SensorResult)
        for request in result.dynamic_partitions_requests or []:
            name, keys = request.partitions_def_name, request.partition_keys
            if isinstance(request, dg.AddDynamicPartitionsRequest):
                self.instance.add_dynamic_partitions(name, list(keys))
            else:
                for key in keys:
                    self.instance.delete_dynamic_partition(name, key)
        self.keys.update(str(request.run_key) for request in result.run_requests or [])
        return result

    def run(self, request: dg.RunRequest, job: str = "embed_shard") -> dg.ExecuteInProcessResult:
        name = request.job_name or job
        kind = "datasets" if name == "index_dataset" else "shards"
        known = self.instance.get_dynamic_partitions(kind)
        assert request.partition_key is None or request.partition_key in known
        return self.defs.resolve_job_def(name).execute_in_process(
            instance=self.instance, partition_key=request.partition_key, raise_on_error=False
        )

    def serve(self, *sensors: Sensor) -> list[str]:
        """Tick these sensors and run what they ask for; the jobs' names."""
        names = []
        for sensor in sensors:
            for request in self.tick(sensor).run_requests or []:
                assert self.run(request).success
                names.append(str(request.job_name))
        return names

    def green(self, asset: str) -> set[str]:
        return set(self.instance.get_materialized_partitions(dg.AssetKey(asset)))


@pytest.fixture
def world(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    background: ThreadPoolExecutor,
) -> Iterator[World]:
    running = serve_in_thread(tmp_path / "emulator", tier=1, latency_seconds=LATENCY_SECONDS)
    monkeypatch.setenv("SEMANTIC_ASSETS_SOURCES", str(tmp_path / "sources"))
    monkeypatch.setenv("SEMANTIC_ASSETS_EMULATOR_URL", running.base_url)
    # A schedule's context wants an instance that it could open again.
    kind = (
        dg.DagsterInstance.local_temp
        if "schedule" in request.node.name
        else dg.DagsterInstance.ephemeral
    )
    with kind() as instance:
        yield World(tmp_path, running.base_url, instance)
    background.submit(running.stop)


def requested(result: dg.SensorResult) -> list[str | None]:
    return [request.partition_key for request in result.run_requests or []]


def test_a_new_dataset_is_registered_and_its_run_requested_in_one_tick(world: World) -> None:
    world.write("acme/manuals/a.txt", "Alpha beta gamma.")
    result = world.tick(dataset_discovery_sensor)
    assert requested(result) == [SHARD]
    assert world.instance.get_dynamic_partitions("shards") == [SHARD]
    assert world.instance.get_dynamic_partitions("datasets") == [DATASET]
    assert world.tick(dataset_discovery_sensor).run_requests == []  # while the run is on its way
    for request in result.run_requests or []:
        assert world.run(request).success
    assert world.green("batch_jobs") == {SHARD}
    assert world.tick(dataset_discovery_sensor).run_requests == []  # and after it


def test_a_change_is_requested_once_more_under_another_key(world: World) -> None:
    path = world.write("acme/manuals/a.txt", "Alpha beta gamma.")
    world.serve(dataset_discovery_sensor)
    path.write_text("Alpha beta gamma delta.")
    assert world.serve(dataset_discovery_sensor) == ["embed_shard"]
    path.unlink()
    world.write("acme/manuals/b.txt", "Something else.")
    assert world.serve(dataset_discovery_sensor) == ["embed_shard"]
    world.write("acme/manuals/dataset.toml", "[chunking]\nmax_tokens = 100\nmin_tokens = 10\n")
    assert world.serve(dataset_discovery_sensor) == ["embed_shard"]
    assert world.serve(dataset_discovery_sensor) == []
    assert set(world.keys.values()) == {1}


def test_the_smallest_dataset_comes_first_and_no_more_than_a_queue_holds(world: World) -> None:
    for number in range(MAX_UNANSWERED + 3):
        world.write(f"acme/d{number:02d}/a.txt", "word " * (100 - number))
    first = world.tick(dataset_discovery_sensor)
    smallest = [f"acme.d{number:02d}.00000" for number in range(MAX_UNANSWERED + 2, 2, -1)]
    assert requested(first) == smallest
    skipped = world.tick(dataset_discovery_sensor)
    assert requested(skipped) == []
    assert "3 shards wait" in str(skipped.skip_reason)
    for request in (first.run_requests or [])[:2]:
        world.run(request)
    assert requested(world.tick(dataset_discovery_sensor)) == ["acme.d02.00000", "acme.d01.00000"]


def test_a_shard_that_is_being_written_is_left_alone(world: World) -> None:
    world.write("acme/manuals/a.txt", "Alpha beta gamma.")
    with opened(world.lake.root) as (store, _), store.ledger.leases.holding(f"shard:{SHARD}"):
        assert requested(world.tick(dataset_discovery_sensor)) == []
    assert requested(world.tick(dataset_discovery_sensor)) == [SHARD]


def test_a_run_that_never_came_is_requested_again_after_a_pause(world: World) -> None:
    world.write("acme/manuals/a.txt", "Alpha beta gamma.")
    assert requested(world.tick(dataset_discovery_sensor)) == [SHARD]
    with opened(world.lake.root) as (store, _), store.ledger.database.write() as connection:
        connection.exec_driver_sql("UPDATE run_request SET requested_at = requested_at - 3600")
    assert requested(world.tick(dataset_discovery_sensor)) == [SHARD]
    assert set(world.keys.values()) == {1}


def test_an_unmounted_source_root_is_said_and_nothing_is_lost(world: World) -> None:
    world.write("acme/manuals/a.txt", "Alpha beta gamma.")
    world.serve(dataset_discovery_sensor)
    world.sources.rename(world.sources.with_name("away"))
    world.sources.mkdir()
    result = world.tick(dataset_discovery_sensor)
    assert requested(result) == []
    assert "nothing was changed" in str(result.skip_reason)
    world.pass_time()
    assert world.serve(gemini_batch_sensor) == ["advance_batches"]
    assert sorted(world.serve(gemini_batch_sensor)) == ["index_dataset", "settle_shard"]
    with opened(world.lake.root) as (store, gemini):
        assert [hit.uri for hit in search(store, gemini, "alpha", k=1)] == ["acme/manuals/a.txt"]


def test_a_broken_dataset_is_said_and_the_others_go_on(world: World) -> None:
    world.write("acme/broken/a.txt", "Alpha beta gamma.")
    world.write("acme/broken/dataset.toml", "mode = 'fast'")
    world.write("acme/manuals/a.txt", "Alpha beta gamma.")
    assert requested(world.tick(dataset_discovery_sensor)) == [SHARD]
    result = world.tick(dataset_discovery_sensor)
    assert "use one of async, sync, auto" in str(result.skip_reason)


@pytest.mark.parametrize("job", ["embed_shard", "settle_shard"])
def test_a_run_queued_for_a_removed_dataset_is_green_and_empty(world: World, job: str) -> None:
    world.write("acme/manuals/a.txt", "Alpha beta gamma.")
    world.serve(dataset_discovery_sensor)
    with opened(world.lake.root) as (store, _):
        remove(store, DatasetKey("acme", "manuals"), dry_run=False)
    result = world.run(dg.RunRequest(partition_key=SHARD, job_name=job))
    assert result.success
    _require_empty(result)
    index = world.run(
        dg.RunRequest(partition_key=DATASET, job_name="index_dataset"), "index_dataset"
    )
    assert index.success
    _require_empty(index)


def _require_empty(result: dg.ExecuteInProcessResult) -> None:
    materialized = [event.materialization for event in result.get_asset_materialization_events()]
    assert materialized
    for one in materialized:
        assert "removed" in str(one.metadata["empty_because"].value)


def test_partitions_of_a_removed_dataset_go_a_day_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write("acme/manuals/a.txt", "Alpha beta gamma.")
    world.write("acme/other/a.txt", "Delta.")
    world.serve(dataset_discovery_sensor)
    with opened(world.lake.root) as (store, _):
        remove(store, DatasetKey("acme", "manuals"), dry_run=False)
    world.tick(dataset_discovery_sensor)
    assert SHARD in world.instance.get_dynamic_partitions("shards")
    monkeypatch.setattr("semantic_assets.orchestration.partitions._KEPT_SECONDS", -1.0)
    world.tick(dataset_discovery_sensor)
    assert world.instance.get_dynamic_partitions("shards") == ["acme.other.00000"]
    assert world.instance.get_dynamic_partitions("datasets") == ["acme.other"]


@pytest.mark.parametrize(
    ("projects", "each"), [(3, 2), pytest.param(20, 5, marks=pytest.mark.long)]
)
def test_many_datasets_appear_and_are_embedded_and_indexed_without_a_restart(
    world: World, projects: int, each: int
) -> None:
    names = [(p, d) for p in range(projects) for d in range(each)]
    for project, dataset in names:
        uri = f"project{project:02d}/dataset{dataset}/a.txt"
        world.write(uri, f"Text {dataset} of project {project}.")
    wanted = {f"project{project:02d}.dataset{dataset}" for project, dataset in names}
    for _ in range(20):
        world.serve(dataset_discovery_sensor, gemini_batch_sensor)
        world.pass_time()
        if world.green("vector_index") == wanted:
            break
    assert world.green("vector_index") == wanted
    assert world.green("embeddings") == {f"{name}.00000" for name in wanted}
    assert world.serve(dataset_discovery_sensor, gemini_batch_sensor) == []
    assert set(world.keys.values()) == {1}
    bill = httpx2.get(f"{world.url}/emulator/bill", timeout=30).json()
    assert bill["paid_more_than_once"] == []


def test_each_sensor_does_its_work_without_the_other(world: World) -> None:
    world.write("acme/manuals/a.txt", "Alpha beta gamma.")
    assert world.serve(dataset_discovery_sensor) == ["embed_shard"]
    world.write("acme/other/a.txt", "Delta epsilon.")
    assert world.serve(dataset_discovery_sensor) == ["embed_shard"]  # nobody polled meanwhile
    world.pass_time()
    world.write("acme/third/a.txt", "Zeta eta.")
    world.serve(gemini_batch_sensor)
    world.serve(gemini_batch_sensor)
    assert world.green("vector_index") == {"acme.manuals", "acme.other"}  # nobody listed meanwhile


# -- schedules ------------------------------------------------------------------------------------


def requests_of(world: World, schedule: dg.ScheduleDefinition) -> list[dg.RunRequest]:
    with dg.build_schedule_context(
        instance=world.instance,
        repository_def=world.defs.get_repository_def(),
        resources={"lake": world.lake},
    ) as context:
        return list(schedule.evaluate_tick(context).run_requests or [])


def test_both_schedules_are_stopped_until_somebody_wants_them() -> None:
    for schedule in (refresh_schedule, rebuild_schedule):
        assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED


def test_the_refresh_schedule_requests_what_is_due_and_nothing_twice(world: World) -> None:
    world.write("acme/manuals/a.txt", "Alpha beta gamma.")
    [request] = requests_of(world, refresh_schedule)
    assert request.partition_key == SHARD
    assert requests_of(world, refresh_schedule) == []
    assert world.tick(dataset_discovery_sensor).run_requests == []
    assert world.run(request).success
    assert requests_of(world, refresh_schedule) == []


THREE_SHARDS = [f"acme.manuals.0000{number}" for number in range(3)]


def write_three_shards(world: World, name: str) -> None:
    world.write(name, "".join(f'{{"id": {n}, "text": "Record {n}."}}\n' for n in range(36_000)))


def test_a_file_of_three_shards_is_three_partitions_after_one_tick(world: World) -> None:
    write_three_shards(world, "acme/manuals/all.jsonl")
    assert requested(world.tick(dataset_discovery_sensor)) == THREE_SHARDS
    assert world.instance.get_dynamic_partitions("shards") == THREE_SHARDS


def test_a_file_of_three_shards_is_three_partitions_after_one_schedule(world: World) -> None:
    write_three_shards(world, "acme/manuals/all.jsonl")
    assert [one.partition_key for one in requests_of(world, refresh_schedule)] == THREE_SHARDS
    assert world.instance.get_dynamic_partitions("shards") == THREE_SHARDS


def test_make_dev_registers_every_shard_before_anything_is_read(
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SEMANTIC_ASSETS_ROOT", world.lake.root)
    write_three_shards(world, "acme/manuals/all.jsonl")
    register.main()
    assert "counted 36,000 records in 1 files; 4 partitions registered" in capsys.readouterr().out
    with dg.DagsterInstance.get() as instance:
        assert instance.get_dynamic_partitions("shards") == THREE_SHARDS


def test_the_rebuild_schedule_requests_the_indexes_that_lack_vectors(world: World) -> None:
    world.write("acme/manuals/a.txt", "Alpha beta gamma.")
    world.serve(dataset_discovery_sensor)
    assert requests_of(world, rebuild_schedule) == []  # there are no vectors yet
    world.pass_time()
    world.serve(gemini_batch_sensor)
    [request] = requests_of(world, rebuild_schedule)
    assert request.partition_key == DATASET
    assert world.run(request, "index_dataset").success
    assert requests_of(world, rebuild_schedule) == []
