"""Fixtures of the whole suite: a clean environment, a lake, a clock, an emulator and its client."""

import gc
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from semantic_assets.settings.settings import PREFIX, Settings
from semantic_assets.store import Store, open_store
from tests import thrift
from tests.factories import BLANK, Clock

if TYPE_CHECKING:  # both import google.genai or a web server: only the tests that use them pay
    from semantic_assets.emulator.server import RunningServer
    from semantic_assets.gemini.client import Gemini
    from tests.trial import Trial

pytest_plugins = ["tests.extent"]

EMULATOR_LATENCY_SECONDS = 0.2

#: Processes are killed in tests, machines are not: what an fsync waits for need not be a disk.
MEMORY = Path("/dev/shm")
FREE_BYTES = 2 << 30

# Machines differ in speed, and a suite that is red on Tuesdays is not read.
hypothesis.settings.register_profile("full", deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile(
    "short", hypothesis.settings.get_profile("full"), max_examples=30
)


def pytest_configure(config: pytest.Config) -> None:
    """Choose how many examples are tried; have temporary folders in memory, if there is enough."""
    gc.disable()  # what is imported and collected stays
    if "live" not in str(config.getoption("markexpr")):
        thrift.trust_one_authority()
    hypothesis.settings.load_profile("full" if config.getoption("full") else "short")
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > FREE_BYTES:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_finish() -> None:
    thrift.collect_garbage_rarely()


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting, key or home of the person who runs the tests reaches them."""
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    for name, value in BLANK.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000_000.0)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    environ = {
        **BLANK,
        PREFIX + "SOURCES": str(tmp_path / "sources"),
        PREFIX + "EMULATOR_LATENCY_SECONDS": str(EMULATOR_LATENCY_SECONDS),
    }
    return Settings.load(root=tmp_path / "lake", environ=environ)


@pytest.fixture
def store(settings: Settings, clock: Clock) -> Iterator[Store]:
    with open_store(settings, clock=clock) as opened:
        yield opened


@pytest.fixture(scope="session")
def background() -> Iterator[ThreadPoolExecutor]:
    """Where servers are stopped: it takes 0.2 s, which no test has to wait for."""
    with ThreadPoolExecutor() as pool:
        yield pool


@pytest.fixture
def emulator(settings: Settings, background: ThreadPoolExecutor) -> Iterator["RunningServer"]:
    """A server whose jobs take 0.2 s, or as long as the test moves its clock."""
    from semantic_assets.emulator.server import serve_in_thread

    server = serve_in_thread(
        settings.emulator_dir,
        tier=settings.tier,
        latency_seconds=settings.emulator_latency_seconds,
    )
    yield server
    background.submit(server.stop)


@pytest.fixture
def gemini(emulator: "RunningServer", settings: Settings) -> Iterator["Gemini"]:
    """A client of `emulator`. It connects at its first call."""
    from semantic_assets.gemini.client import Gemini
    from semantic_assets.gemini.endpoint import endpoint_of

    client = Gemini(endpoint_of(replace(settings, emulator_url=emulator.base_url)))
    yield client
    client.close()


@pytest.fixture
def trial(tmp_path: Path, background: ThreadPoolExecutor) -> Iterator["Trial"]:
    """Vectors are computed from the text alone: predictable, and without meaning."""
    from tests.trial import opened_trial

    with opened_trial(tmp_path, "computable", background) as found:
        yield found


@pytest.fixture
def meaningful_trial(tmp_path: Path, background: ThreadPoolExecutor) -> Iterator["Trial"]:
    """Texts about the same things have vectors near each other."""
    from tests.trial import opened_trial

    with opened_trial(tmp_path, "hashed", background) as found:
        yield found
