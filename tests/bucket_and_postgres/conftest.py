"""A lake and sources in a bucket, a ledger in Postgres, and machines that share them."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from semantic_assets.emulator.server import serve_in_thread
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.objects.bucket import Bucket
from semantic_assets.settings.settings import Settings
from semantic_assets.store import open_store
from tests.services.postgres import PostgresServer, missing_for_postgres, postgres_server
from tests.services.s3 import S3Server, needs_s3, s3_server
from tests.trial import LATENCY_SECONDS, ShiftedClock, Trial

MISSING = missing_for_postgres()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(needs_s3)
            item.add_marker(pytest.mark.skipif(MISSING is not None, reason=str(MISSING)))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@dataclass(frozen=True)
class Far:
    """What machines share; `machine` is one of them, with nothing on its disk yet."""

    lake: Bucket
    sources: Bucket
    ledger_url: str
    machine: Callable[..., Trial]

    def put(self, uri: str, content: str) -> None:
        self.sources.put(uri, content.encode(), over=self.sources.find(uri))


@pytest.fixture
def far(
    tmp_path: Path,
    postgres: PostgresServer,
    s3: S3Server,
    monkeypatch: pytest.MonkeyPatch,
    background: ThreadPoolExecutor,
) -> Iterator[Far]:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    place = f"t{uuid4().hex}"
    clock, url = ShiftedClock(), postgres.new_schema()
    with ExitStack() as stack:
        running = serve_in_thread(
            tmp_path / "emulator", tier=1, latency_seconds=LATENCY_SECONDS, vectors="hashed"
        )
        stack.callback(background.submit, running.stop)

        def machine(name: str, *, unchecked: bool = False) -> Trial:
            environ = {
                "SEMANTIC_ASSETS_ROOT": s3.url(f"{place}/lake"),
                "SEMANTIC_ASSETS_SOURCES": s3.url(f"{place}/sources"),
                "SEMANTIC_ASSETS_CACHE": str(tmp_path / name),
                "SEMANTIC_ASSETS_TASKS": str(tmp_path / "tasks"),
                "SEMANTIC_ASSETS_LEDGER_URL": url,
                "SEMANTIC_ASSETS_DIMENSIONS": "128",
                "SEMANTIC_ASSETS_EMULATOR_URL": running.base_url,
            }
            settings = Settings.load(environ=environ)
            opened = open_store(settings, clock=clock, unchecked=unchecked)
            store = stack.enter_context(opened)
            return Trial(settings, store, Gemini(endpoint_of(settings)), running.base_url, clock)

        yield Far(Bucket(s3.url(f"{place}/lake")), Bucket(s3.url(f"{place}/sources")), url, machine)


def lines(count: int, word: str) -> str:
    return "".join(
        json.dumps({"id": f"{word}{n}", "title": f"{word} {n}", "text": f"The {word} number {n}."})
        + "\n"
        for n in range(count)
    )
