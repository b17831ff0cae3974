"""Backfills by a real daemon, with both sensors on: they end green, and nothing is run twice."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
import yaml

from semantic_assets.api.functions import opened
from semantic_assets.definitions import defs
from semantic_assets.emulator.server import serve_in_thread
from semantic_assets.orchestration.partitions import register_partitions
from semantic_assets.orchestration.place import Place
from semantic_assets.pipeline.discovery.discover import discover
from tests.backfills import launch, outcome
from tests.dagster_daemon import environment, running_daemon

pytestmark = pytest.mark.long

READ_ASSETS = ["documents", "generation_jobs", "generations", "chunks", "batch_jobs"]
_MODULE = "semantic_assets.definitions"
#: Longer than a run waits before it makes room, and than the sensors take for two ticks.
_JOB_SECONDS = 75.0


@contextmanager
def lake_of(
    folder: Path, patch: pytest.MonkeyPatch, datasets: Sequence[str], *, places: int
) -> Iterator[tuple[dg.DagsterInstance, dict[str, str]]]:
    """Registered datasets of one shard each, one of them not embedded, and a queue of few places."""
    for name in datasets:
        path = folder / "sources" / "acme" / name / "a.txt"
        path.parent.mkdir(parents=True)
        path.write_text(f"Alpha beta gamma of {name}.")
        if name == "plain":
            (path.parent / "dataset.toml").write_text("embed = false\n")
    server = serve_in_thread(folder / "emulator", tier=1, latency_seconds=_JOB_SECONDS)
    try:
        environ = environment(folder, server.base_url)
        _limit_queue(Path(environ["DAGSTER_HOME"]) / "dagster.yaml", places)
        for name, value in environ.items():
            patch.setenv(name, value)
        with dg.DagsterInstance.get() as instance:
            with opened() as (store, _):
                discover(store)
                register_partitions(instance, store, Place())
            yield instance, environ
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


def test_materialize_all_ends_green_though_one_run_at_a_time_has_a_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["handbook", "notices", "plain"]
    with lake_of(tmp_path, monkeypatch, names, places=1) as (instance, environ):
        backfill = launch(instance, defs)
        with running_daemon(_MODULE, environ, tmp_path / "daemon.log"):
            assert outcome(instance, backfill, seconds=560) == "COMPLETED_SUCCESS"
        datasets = {f"acme.{name}" for name in names}
        shards = {f"{name}.00000" for name in datasets}
        for asset in (*READ_ASSETS, "embeddings"):
            assert green(instance, asset) == shards
        for asset in ("vector_index", "retrieval_quality"):
            assert green(instance, asset) == datasets
        assert runs_that_read(instance) == Counter(shards)
        runs = instance.get_runs()
        assert all(run.is_success for run in runs)
        # While the batch was out, runs of the sensor had the place of the run that waited for it.
        assert any("semantic_assets/waits_for_partitions" in run.tags for run in runs)


def test_a_backfill_in_a_short_queue_has_one_run_a_shard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"d{number:02d}" for number in range(24)]
    with lake_of(tmp_path, monkeypatch, names, places=2) as (instance, environ):
        backfill = launch(instance, defs, READ_ASSETS)
        with running_daemon(_MODULE, environ, tmp_path / "daemon.log"):
            assert outcome(instance, backfill, seconds=560) == "COMPLETED_SUCCESS"
            assert runs_that_read(instance) == Counter(f"acme.{name}.00000" for name in names)
