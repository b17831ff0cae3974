"""The flow as Google bills it, through either of its services: one run, against the emulator as if it
were Google, and Google.

`pytest -m live` with SEMANTIC_ASSETS_BACKEND=gemini and a key, or with agent-platform, its settings
and credentials of Google Cloud. Its lake is data/live or data/live-platform, so a run that was stopped
is gone on with. It polls every 30 seconds and has no time-out: Google answers within a day, or four.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from semantic_assets.emulator.server import serve_in_thread
from tests.agent_platform.account import write_account
from tests.live_run import live_run
from tests.trial import on_the_agent_platform

PROJECT = Path(__file__).resolve().parents[1]
POLL_SECONDS = 30
SERVICES = ("gemini", "agent-platform")
_PREFIX = "SEMANTIC_ASSETS_"
_AGENT = ("AGENT_PROJECT", "AGENT_LOCATION", "AGENT_STAGING")
_NAMES = ("TIER", "GEMINI_URL", "MAX_COST_USD_PER_DAY", "AGENT_URL", "STORAGE_URL", *_AGENT)
#: Of the person's environment: the key, and what changes where and how much is sent.
_TAKEN = ("GEMINI_API_KEY", "GOOGLE_API_KEY", *(f"{_PREFIX}{name}" for name in _NAMES))
_LIVE = {name: os.environ[name] for name in _TAKEN if os.environ.get(name)}
_BACKEND = os.environ.get(f"{_PREFIX}BACKEND")
_HAS_KEY = any("API_KEY" in name for name in _LIVE)
_HAS_PROJECT = all(f"{_PREFIX}{name}" in _LIVE for name in _AGENT)


@dataclass(frozen=True)
class Google:
    """An emulator that a backend takes for Google; its jobs end when time passes there."""

    url: str
    #: The settings of the service, with credentials of nobody's.
    environ: dict[str, str]

    def pass_time(self) -> None:
        httpx2.post(f"{self.url}/emulator/clock", json={"advance_seconds": POLL_SECONDS})

    def jobs(self) -> list[dict[str, Any]]:
        """Every job ever created there, deleted ones too."""
        found: list[dict[str, Any]] = httpx2.get(f"{self.url}/emulator/state").json()["jobs"]
        return found

    def paid_twice(self) -> list[dict[str, Any]]:
        """Texts that were paid for in two jobs; those of a probe are the same for every ledger."""
        bill = httpx2.get(f"{self.url}/emulator/bill", timeout=30).json()
        found: list[dict[str, Any]] = bill["paid_more_than_once"]
        return found


@pytest.fixture(params=SERVICES)
def google(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    background: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Google]:
    running = serve_in_thread(tmp_path / "emulator", tier=1, latency_seconds=60)
    url = running.base_url
    environ = {"GEMINI_API_KEY": "AIza-no-key-of-anybody", f"{_PREFIX}GEMINI_URL": url}
    if request.param == "agent-platform":
        settings = on_the_agent_platform(url)
        del settings[f"{_PREFIX}UNPROBED"], settings[f"{_PREFIX}MAX_COST_USD_PER_DAY"]
        environ |= settings
        file = write_account(tmp_path / "account.json", url)
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    yield Google(url, {**environ, f"{_PREFIX}BACKEND": request.param})
    background.submit(running.stop)


def _killed(google: Google, folder: Path, jobs: int) -> None:
    """Start a run in a process of its own, and kill it when so many jobs were created."""
    command = [sys.executable, "-m", "tests.live_run", str(folder)]
    run = subprocess.Popen(command, cwd=PROJECT, env=os.environ | google.environ)
    deadline = time.monotonic() + 120
    while len(google.jobs()) < jobs:
        assert run.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        if jobs > 3 and len(google.jobs()) >= 1:  # let the probe's jobs end
            google.pass_time()
        time.sleep(0.1)
    run.send_signal(signal.SIGKILL)
    run.wait()


def test_the_live_run_ends_and_so_does_the_next(tmp_path: Path, google: Google) -> None:
    for _ in range(2):  # the second finds the first's ledger, its probe and none of its texts
        live_run(tmp_path / "live", google.environ, google.pass_time)
    assert google.paid_twice() == []


@pytest.mark.sample(1)
@pytest.mark.parametrize("jobs", [1, 4, 6])
def test_a_live_run_that_was_killed_is_gone_on_with(
    tmp_path: Path, google: Google, jobs: int
) -> None:
    """While the probe's job is out; or those of the embeddings; or of the answers."""
    _killed(google, tmp_path / "live", jobs)
    live_run(tmp_path / "live", google.environ, google.pass_time)
    assert [one for one in google.paid_twice() if jobs > 3] == []


@pytest.mark.sample(1)
@pytest.mark.parametrize("jobs", [1, 4])
def test_a_killed_run_whose_folder_was_deleted_does_not_stop_the_next(
    tmp_path: Path, google: Google, jobs: int
) -> None:
    _killed(google, tmp_path / "deleted", jobs)
    live_run(tmp_path / "live", google.environ, google.pass_time)


@pytest.mark.live
@pytest.mark.skipif(
    not (_BACKEND == "gemini" and _HAS_KEY),
    reason="needs SEMANTIC_ASSETS_BACKEND=gemini and a key",
)
def test_the_live_run_on_google() -> None:
    """A first run is about a cent, later ones a tenth of one; ten cents a day at most."""
    _run_live("live", "gemini")


@pytest.mark.live
@pytest.mark.skipif(
    not (_BACKEND == "agent-platform" and _HAS_PROJECT),
    reason="needs SEMANTIC_ASSETS_BACKEND=agent-platform, a project, a location and a bucket",
)
def test_the_live_run_on_the_agent_platform() -> None:
    """Well under a cent by the prices of the Developer API; its own are not known."""
    _run_live("live-platform", "agent-platform")


def _run_live(folder: str, backend: str) -> None:
    environ = {**_LIVE, f"{_PREFIX}BACKEND": backend}
    live_run(PROJECT / "data" / folder, environ, lambda: time.sleep(POLL_SECONDS))
