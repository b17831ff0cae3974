"""A lake, its sources and an emulator whose clock the test moves."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2

from semantic_assets.emulator.server import serve_in_thread
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.pipeline.chunks.chunk_shard import chunk_documents
from semantic_assets.pipeline.costs.estimate import estimate
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.documents.read import read_documents
from semantic_assets.pipeline.flows.advance import AdvanceReport, advance
from semantic_assets.pipeline.flows.refresh import RefreshReport, refresh
from semantic_assets.settings.settings import Settings
from semantic_assets.store import Store, open_store

LATENCY_SECONDS = 60.0


@dataclass
class ShiftedClock:
    """The ledger's clock: real time, and what the test let pass."""

    offset: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.offset


@dataclass
class Trial:
    """One lake under test. Time passes on the emulator only when `pass_time` is called."""

    settings: Settings
    store: Store
    gemini: Gemini
    url: str
    clock: ShiftedClock

    def write(self, uri: str, content: str | bytes) -> Path:
        path = self.settings.sources / uri
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def pass_time(self, seconds: float = LATENCY_SECONDS) -> None:
        """On the emulator's clock and on the ledger's."""
        httpx2.post(f"{self.url}/emulator/clock", json={"advance_seconds": seconds})
        self.clock.offset += seconds

    def arm(
        self,
        fault: str,
        *,
        times: int | None = 1,
        for_seconds: float | None = None,
        **parameters: Any,
    ) -> None:
        """Arm a fault for some firings, some time of the emulator's clock, or (None) until disarmed."""
        limits = {"times": times, "for_seconds": for_seconds}
        body = {"name": fault, "parameters": parameters, **limits}
        answer = httpx2.post(f"{self.url}/emulator/faults", json=body)
        assert answer.status_code == 200, answer.text

    def disarm(self) -> None:
        httpx2.delete(f"{self.url}/emulator/faults")

    def fired(self, fault: str) -> int:
        found = httpx2.get(f"{self.url}/emulator/faults").json()["faults"]
        return int(next(item["fired"] for item in found if item["name"] == fault))

    def paid_twice(self) -> list[dict[str, Any]]:
        """Texts that were answered in more than one job that is billed."""
        bill = httpx2.get(f"{self.url}/emulator/bill", timeout=30).json()
        found: list[dict[str, Any]] = bill["paid_more_than_once"]
        return found

    def advance_until_done(self, *, rounds: int = 120) -> list[AdvanceReport]:
        """Advance, letting more and more time pass, until nothing is left that time can mend."""
        reports: list[AdvanceReport] = []
        step = LATENCY_SECONDS
        for _ in range(rounds):
            reports.append(advance(self.store, self.gemini))
            if reports[-1].is_done:
                break
            self.pass_time(step)
            step = min(step * 1.3, 1_300.0)
        return reports

    def prepare(self) -> None:
        """Discover, read and cut; send nothing."""
        discover(self.store)
        for shard in self.store.ledger.sources.shards():
            read_documents(self.store, shard.key)
            chunk_documents(self.store, shard.key)

    def quote(self) -> float:
        """What is pending costs, at the upper bound."""
        return estimate(self.store).usd_high

    def refresh(self, *, wait_minutes: float = 60.0, **options: Any) -> RefreshReport:
        return refresh(
            self.store,
            self.gemini,
            wait_minutes=wait_minutes,
            sleep=lambda _: self.pass_time(),
            **options,
        )

    def remote_jobs(self) -> list[dict[str, Any]]:
        """Every job ever created on the emulator, deleted ones too."""
        jobs: list[dict[str, Any]] = httpx2.get(f"{self.url}/emulator/state").json()["jobs"]
        return jobs

    def bill(self) -> dict[str, Any]:
        found: dict[str, Any] = httpx2.get(f"{self.url}/emulator/bill", timeout=30).json()
        return found

    def prompts(self) -> list[str]:
        """Of all generation jobs, in their order."""
        found: list[str] = []
        for job in self.remote_jobs():
            if job["model"].startswith("gemini-embedding"):
                continue
            name = job["name"].removeprefix("batches/")
            lines = httpx2.get(f"{self.url}/emulator/jobs/{name}/texts").text
            found += [json.loads(line)["text"] for line in lines.split("\n") if line]
        return found

    def sent(self) -> Counter[str]:
        """How many times each request key was in a job that was created."""
        keys: Counter[str] = Counter()
        for job in self.remote_jobs():
            name = job["name"].removeprefix("batches/")
            lines = httpx2.get(f"{self.url}/emulator/jobs/{name}/texts").text
            keys.update(json.loads(line)["key"] for line in lines.split("\n") if line)
        return keys

    def reopened(self, *, unchecked: bool = False, **changes: Any) -> "Trial":
        """The same world with other settings; close its store."""
        settings = replace(self.settings, **changes)
        store = open_store(settings, clock=self.clock, unchecked=unchecked)
        return Trial(settings, store, Gemini(endpoint_of(settings)), self.url, self.clock)


def on_the_emulator(url: str) -> dict[str, str]:
    """The settings of the backend `emulator`."""
    return {"SEMANTIC_ASSETS_EMULATOR_URL": url}


def on_the_agent_platform(url: str) -> dict[str, str]:
    """The settings of the backend `agent-platform`, with the emulator in Google's place."""
    return {
        "SEMANTIC_ASSETS_BACKEND": "agent-platform",
        "SEMANTIC_ASSETS_AGENT_PROJECT": "harbour",
        "SEMANTIC_ASSETS_AGENT_LOCATION": "us-central1",
        "SEMANTIC_ASSETS_AGENT_STAGING": "gs://bucket/staging",
        "SEMANTIC_ASSETS_AGENT_URL": url,
        "SEMANTIC_ASSETS_STORAGE_URL": f"{url}/storage",
        "SEMANTIC_ASSETS_MAX_COST_USD_PER_DAY": "10",
        "SEMANTIC_ASSETS_UNPROBED": "1",
    }


@contextmanager
def opened_trial(
    folder: Path,
    vectors: str,
    background: Executor,
    backend: Callable[[str], dict[str, str]] = on_the_emulator,
) -> Iterator[Trial]:
    running = serve_in_thread(
        folder / "emulator", tier=1, latency_seconds=LATENCY_SECONDS, vectors=vectors
    )
    environ = {
        "SEMANTIC_ASSETS_SOURCES": str(folder / "sources"),
        "SEMANTIC_ASSETS_TASKS": str(folder / "tasks"),
        "SEMANTIC_ASSETS_DIMENSIONS": "128",
        **backend(running.base_url),
    }
    settings = Settings.load(root=folder / "lake", environ=environ)
    clock = ShiftedClock()
    gemini = Gemini(endpoint_of(settings))
    with open_store(settings, clock=clock, create=True) as store:
        yield Trial(settings, store, gemini, running.base_url, clock)
    gemini.close()
    background.submit(running.stop)
