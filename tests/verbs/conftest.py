"""A lake, its sources and an emulator whose clock the test moves."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from semantic_assets.config import Settings
from semantic_assets.emulator.server import serve_in_thread
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.store import Store, open_store
from semantic_assets.verbs.refresh import RefreshReport, refresh

LATENCY_SECONDS = 60.0


@dataclass
class Trial:
    """One lake under test. Time passes on the emulator only when `pass_time` is called."""

    settings: Settings
    store: Store
    gemini: Gemini
    url: str

    def write(self, uri: str, content: str | bytes) -> Path:
        path = self.settings.sources / uri
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def pass_time(self, seconds: float = LATENCY_SECONDS) -> None:
        httpx2.post(f"{self.url}/emulator/clock", json={"advance_seconds": seconds})

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

    def sent(self) -> Counter[str]:
        """How many times each request key was in a job that was created."""
        keys: Counter[str] = Counter()
        for job in self.remote_jobs():
            name = job["name"].removeprefix("batches/")
            lines = httpx2.get(f"{self.url}/emulator/jobs/{name}/texts").text
            keys.update(json.loads(line)["key"] for line in lines.split("\n") if line)
        return keys

    def reopened(self, **changes: Any) -> "Trial":
        """The same world with other settings; close its store."""
        settings = replace(self.settings, **changes)
        return Trial(settings, open_store(settings), Gemini(endpoint_of(settings)), self.url)


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    running = serve_in_thread(
        tmp_path / "emulator", tier=1, latency_seconds=LATENCY_SECONDS, vectors="computable"
    )
    environ = {
        "SEMANTIC_ASSETS_SOURCES": str(tmp_path / "sources"),
        "SEMANTIC_ASSETS_EMULATOR_URL": running.base_url,
        "SEMANTIC_ASSETS_DIMENSIONS": "128",
    }
    settings = Settings.load(root=tmp_path / "lake", environ=environ)
    with open_store(settings) as store:
        yield Trial(settings, store, Gemini(endpoint_of(settings)), running.base_url)
    running.stop()
