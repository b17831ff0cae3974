"""Backfills by a real daemon, with both sensors on: they end green, and nothing is run twice."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import httpx2
import pytest
import yaml

from semantic_assets.api.functions import opened
from semantic_assets.emulator.server import serve_in_thread
from semantic_assets.orchestration.build import build_definitions
from semantic_assets.orchestration.partitions import register_partitions
from semantic_assets.orchestration.place import Place
from semantic_assets.orchestration.waiting_run import WAITS_FOR
from semantic_assets.pipeline.discovery.discover import discover
from tests.backfills import launch, outcome
from tests.dagster_daemon import environment, running_daemon

pytestmark = pytest.mark.long

READ_ASSETS = ["documents", "generation_jobs", "generations", "chunks", "batch_jobs"]
_MODULE = "semantic_assets.definitions"
_DAY_SECONDS = 86_400.0
#: A run takes seconds to start, and many of them on a busy machine.
_LONGEST_SECONDS = 1_800.0


@contextmanager
def lake_of(
    folder: Path, patch: pytest.MonkeyPatch, datasets: Sequence[str], *, places: int
) -> Iterator[tuple[dg.DagsterInstance, dict[str, str], str]]:
    """Registered datasets of one shard each, one of them not embedded, and a queue of few places."""
    for name in datasets:
        path = folder / "sources" / "acme" / name / "a.txt"
        path.parent.mkdir(parents=True)
        path.write_text(f"Alpha beta gamma of {name}.")
        if name == "plain":
            (path.parent / "dataset.toml").write_text("embed = false\n")
    server = serve_in_thread(folder / "emulator", tier=1, latency_seconds=_DAY_SECONDS)
    try:
        environ = environment(folder, server.base_url)
        _limit_queue(Path(environ["DAGSTER_HOME"]) / "dagster.yaml", places)
        for name, value in environ.items():
            patch.setenv(name, value)
        with dg.DagsterInstance.get() as instance:
            with opened() as (store, _):
                discover(store)
                register_partitions(instance, store, Place())
            yield instance, environ, server.base_url
    finally:
        server.stop()


def _limit_queue(settings: Path, places: int) -> None:
    found = yaml.safe_load(settings.read_text())
    found["concurrency"]["runs"]["max_concurrent_runs"] = places
    settings.write_text(yaml.safe_dump(found))


def runs_that_read(instance: dg.DagsterInstance) -> Counter[str]:
    """How often each shard was read, by whomever."""
    key = dg.AssetKey("documents")
    return Counter(
        run.tags["dagster/partition"]
        for run in instance.get_runs()
        if run.job_name == "embed_shard" or key in (run.asset_selection or ())
    )


def green(instance: dg.DagsterInstance, asset: str) -> set[str]:
    return set(instance.get_materialized_partitions(dg.AssetKey(asset)))


def discoveries(instance: dg.DagsterInstance) -> int:
    """How many ticks of the discovery sensor are over."""
    name = "dataset_discovery_sensor"
    states = [s for s in instance.all_instigator_state() if s.instigator_name == name]
    ticks = [t for s in states for t in instance.get_ticks(s.instigator_origin_id, s.selector_id)]
    assert not [tick.error for tick in ticks if tick.is_failure]
    return sum(tick.is_completed for tick in ticks)


def waits_in_queue(instance: dg.DagsterInstance) -> bool:
    """Whether a run that waited for its batch has made room for another."""
    return any(WAITS_FOR in run.tags for run in instance.get_runs())


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _LONGEST_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.5)


def test_materialize_all_ends_green_though_one_run_at_a_time_has_a_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["handbook", "notices", "plain"]
    with lake_of(tmp_path, monkeypatch, names, places=1) as (instance, environ, url):
        backfill = launch(instance, build_definitions())
        with running_daemon(_MODULE, environ, tmp_path / "daemon.log"):
            until(lambda: "acme.plain.00000" in green(instance, "embeddings"))
            late = tmp_path / "sources" / "acme" / "late" / "a.txt"  # has to be read meanwhile
            late.parent.mkdir()
            late.write_text("Delta came late.")
            until(lambda: waits_in_queue(instance))
            assert green(instance, "embeddings") <= {"acme.plain.00000"}
            until(lambda: "acme.late.00000" in green(instance, "documents"))
            httpx2.post(f"{url}/emulator/clock", json={"advance_seconds": _DAY_SECONDS})
            assert outcome(instance, backfill, seconds=_LONGEST_SECONDS) == "COMPLETED_SUCCESS"
        datasets = {f"acme.{name}" for name in names}
        shards = {f"{name}.00000" for name in datasets}
        for asset in (*READ_ASSETS, "embeddings"):
            assert green(instance, asset) >= shards
        for asset in ("vector_index", "retrieval_quality"):
            assert green(instance, asset) >= datasets
        assert runs_that_read(instance) == Counter([*shards, "acme.late.00000"])
        assert all(run.is_success for run in instance.get_runs())


def test_a_backfill_in_a_short_queue_has_one_run_a_shard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"d{number:02d}" for number in range(24)]
    with lake_of(tmp_path, monkeypatch, names, places=2) as (instance, environ, _):
        backfill = launch(instance, build_definitions(), READ_ASSETS)
        once = Counter(f"acme.{name}.00000" for name in names)
        with running_daemon(_MODULE, environ, tmp_path / "daemon.log"):
            until(lambda: runs_that_read(instance) == once)
            ticks = discoveries(instance)
            until(lambda: discoveries(instance) > ticks + 1)  # most of the runs are in the queue
            assert runs_that_read(instance) == once
            assert outcome(instance, backfill, seconds=_LONGEST_SECONDS) == "COMPLETED_SUCCESS"
            assert runs_that_read(instance) == once
