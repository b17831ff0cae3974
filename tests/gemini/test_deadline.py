"""A call has a deadline as a whole, whatever trickles in."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from semantic_assets.emulator.server import RunningServer, serve_in_thread
from semantic_assets.gemini.deadline import deadline_transport


@pytest.fixture
def emulator(tmp_path: Path, background: ThreadPoolExecutor) -> Iterator[RunningServer]:
    server = serve_in_thread(tmp_path / "state", tier=1, latency_seconds=1.0)
    yield server
    background.submit(server.stop)


def test_a_body_that_trickles_ends_with_the_deadline_and_not_with_its_last_byte(
    emulator: RunningServer,
) -> None:
    fault = {"name": "trickle", "parameters": {"bytes": 1, "seconds": 0.05}}
    httpx2.post(f"{emulator.base_url}/emulator/faults", json=fault)
    client = httpx2.Client(transport=deadline_transport(), timeout=0.2)
    began = time.monotonic()
    with pytest.raises(httpx2.ReadTimeout, match="not whole in time"):  # 92 bytes: five seconds
        client.get(f"{emulator.base_url}/v1/batches?filter=x", headers={"x-goog-api-key": "k"})
    assert time.monotonic() - began < 3.0
