"""A Dagster instance over an emulator whose clock the test moves, and a lake of one dataset."""

import os
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import httpx2
import pytest

from semantic_assets.api.functions import opened
from semantic_assets.emulator.server import serve_in_thread
from semantic_assets.orchestration.build import build_definitions
from semantic_assets.orchestration.partitions import register_partitions
from semantic_assets.orchestration.place import Place
from semantic_assets.orchestration.resources import LakeResource
from semantic_assets.orchestration.sensors import gemini_batch_sensor
from semantic_assets.pipeline.discovery.discover import discover

SHARD, DATASET = "acme.manuals.00000", "acme.manuals"
LATENCY_SECONDS = 60.0


class World:
    """A lake, an emulator with a clock of its own, and an ephemeral Dagster instance."""

    def __init__(self, root: Path, url: str, instance: dg.DagsterInstance) -> None:
        self.url, self.instance = url, instance
        self.lake = LakeResource(root=str(root))
        self.defs = build_definitions(self.lake)

    @property
    def folder(self) -> Path:
        """Where the dataset's files are."""
        return Path(os.environ["SEMANTIC_ASSETS_SOURCES"]) / "acme" / "manuals"

    def pass_time(self) -> None:
        httpx2.post(f"{self.url}/emulator/clock", json={"advance_seconds": LATENCY_SECONDS})

    def arm(self, fault: str, **parameters: object) -> None:
        """Arm a fault of the emulator until the world ends."""
        body = {"name": fault, "times": None, "parameters": parameters}
        assert httpx2.post(f"{self.url}/emulator/faults", json=body).status_code == 200

    def register(self) -> None:
        with opened(self.lake.root) as (store, _):
            discover(store)
            register_partitions(self.instance, store, Place())

    def run(self, job: str, partition: str | None = None) -> dg.ExecuteInProcessResult:
        return self.defs.resolve_job_def(job).execute_in_process(
            instance=self.instance, partition_key=partition, raise_on_error=False
        )

    def green(self, asset: str) -> set[str]:
        return set(self.instance.get_materialized_partitions(dg.AssetKey(asset)))

    def tick(self, cursor: str | None = None) -> dg.SensorResult:
        context = dg.build_sensor_context(
            instance=self.instance,
            definitions=self.defs,
            resources={"lake": self.lake},
            cursor=cursor,
        )
        with context:
            result = gemini_batch_sensor(context, self.lake, Place())
        assert isinstance(result, dg.SensorResult)
        return result

    def run_requested(self, result: dg.SensorResult) -> list[str]:
        """Run what a tick asked for, as the daemon would; the jobs' names in order."""
        for request in result.run_requests or []:
            assert request.job_name
            assert self.run(request.job_name, request.partition_key).success
        return [str(request.job_name) for request in result.run_requests or []]

    def settle(self) -> None:
        """Everything there is, through Dagster's runs, to the index."""
        self.register()
        assert self.run("embed_shard", SHARD).success
        self.pass_time()
        while self.run_requested(self.tick()):
            pass

    def metadata(self, asset: str) -> dict[str, dg.MetadataValue[object]]:
        """Of the latest materialization."""
        event = self.instance.get_latest_materialization_event(dg.AssetKey(asset))
        assert event is not None
        assert event.asset_materialization is not None
        return dict(event.asset_materialization.metadata)


@contextmanager
def opened_world(
    folder: Path, environment: pytest.MonkeyPatch, background: Executor
) -> Iterator[World]:
    """Open one with two files, one of which cannot be read."""
    sources = folder / "sources" / "acme" / "manuals"
    sources.mkdir(parents=True)
    (sources / "a.txt").write_text("The valve is opened by turning the red wheel.")
    (sources / "broken.pdf").write_bytes(b"%PDF-1.4 and nothing else")
    running = serve_in_thread(folder / "emulator", tier=1, latency_seconds=LATENCY_SECONDS)
    environment.setenv("SEMANTIC_ASSETS_SOURCES", str(folder / "sources"))
    environment.setenv("SEMANTIC_ASSETS_EMULATOR_URL", running.base_url)
    with dg.DagsterInstance.ephemeral() as instance:
        yield World(folder / "lake", running.base_url, instance)
    background.submit(running.stop)
