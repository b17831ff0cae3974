"""The flow as Google bills it: one run, against the emulator as if it were Google, and Google.

`pytest -m live` with SEMANTIC_ASSETS_BACKEND=gemini and a key. Its lake is data/live, so a run that
was stopped is gone on with. It polls every 30 seconds and has no time-out: Google answers within a
day.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from semantic_assets.emulator.server import RunningServer, serve_in_thread
from tests.live_run import live_run

PROJECT = Path(__file__).resolve().parents[1]
POLL_SECONDS = 30
#: Of the person's environment: the key, and what changes where and how much is sent.
_TAKEN = ("GEMINI_API_KEY", "GOOGLE_API_KEY", "SEMANTIC_ASSETS_TIER", "SEMANTIC_ASSETS_GEMINI_URL")
_LIVE = {name: os.environ[name] for name in _TAKEN if os.environ.get(name)}
_ASKED = os.environ.get("SEMANTIC_ASSETS_BACKEND") == "gemini" and any("KEY" in n for n in _LIVE)


@pytest.fixture
def google(tmp_path: Path, background: ThreadPoolExecutor) -> Iterator[RunningServer]:
    """An emulator that the backend `gemini` takes for Google; its jobs end when time passes there."""
    running = serve_in_thread(tmp_path / "emulator", tier=1, latency_seconds=60)
    yield running
    background.submit(running.stop)


def _environ(google: RunningServer) -> dict[str, str]:
    return {
        "SEMANTIC_ASSETS_BACKEND": "gemini",
        "SEMANTIC_ASSETS_GEMINI_URL": google.base_url,
        "GEMINI_API_KEY": "AIza-no-key-of-anybody",
    }


def _pass_time(google: RunningServer) -> None:
    httpx2.post(f"{google.base_url}/emulator/clock", json={"advance_seconds": POLL_SECONDS})


def _jobs(google: RunningServer) -> list[dict[str, Any]]:
    """Every job ever created there, deleted ones too."""
    found: list[dict[str, Any]] = httpx2.get(f"{google.base_url}/emulator/state").json()["jobs"]
    return found


def _paid_twice(google: RunningServer) -> list[dict[str, Any]]:
    """Texts that were paid for in two jobs; those of a probe are the same for every ledger."""
    bill = httpx2.get(f"{google.base_url}/emulator/bill", timeout=30).json()
    found: list[dict[str, Any]] = bill["paid_more_than_once"]
    return found


def _killed(google: RunningServer, folder: Path, jobs: int) -> None:
    """Start a run in a process of its own, and kill it when so many jobs were created."""
    command = [sys.executable, "-m", "tests.live_run", str(folder)]
    run = subprocess.Popen(command, cwd=PROJECT, env=os.environ | _environ(google))
    deadline = time.monotonic() + 120
    while len(_jobs(google)) < jobs:
        assert run.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        if jobs > 3 and len(_jobs(google)) >= 1:  # let the probe's jobs end
            _pass_time(google)
        time.sleep(0.1)
    run.send_signal(signal.SIGKILL)
    run.wait()


def test_the_live_run_ends_and_so_does_the_next(tmp_path: Path, google: RunningServer) -> None:
    for _ in range(2):  # the second finds the first's ledger, its probe and none of its texts
        live_run(tmp_path / "live", _environ(google), lambda: _pass_time(google))
    assert _paid_twice(google) == []


@pytest.mark.sample(1)
@pytest.mark.parametrize("jobs", [1, 4, 6])
def test_a_live_run_that_was_killed_is_gone_on_with(
    tmp_path: Path, google: RunningServer, jobs: int
) -> None:
    """While the probe's job is out; or those of the embeddings; or of the answers."""
    _killed(google, tmp_path / "live", jobs)
    live_run(tmp_path / "live", _environ(google), lambda: _pass_time(google))
    assert [one for one in _paid_twice(google) if jobs > 3] == []


@pytest.mark.sample(1)
@pytest.mark.parametrize("jobs", [1, 4])
def test_a_killed_run_whose_folder_was_deleted_does_not_stop_the_next(
    tmp_path: Path, google: RunningServer, jobs: int
) -> None:
    _killed(google, tmp_path / "deleted", jobs)
    live_run(tmp_path / "live", _environ(google), lambda: _pass_time(google))


@pytest.mark.live
@pytest.mark.skipif(not _ASKED, reason="needs SEMANTIC_ASSETS_BACKEND=gemini and a key")
def test_the_live_run_on_google() -> None:
    """A first run is about a cent, later ones a tenth of one; ten cents a day at most."""
    environ = {**_LIVE, "SEMANTIC_ASSETS_BACKEND": "gemini"}
    live_run(PROJECT / "data" / "live", environ, lambda: time.sleep(POLL_SECONDS))
