"""Fixtures of the doors."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from semantic_assets.emulator.server import serve_in_thread
from tests.interfaces.dagster_world import LATENCY_SECONDS, World


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
