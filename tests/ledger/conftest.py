"""A ledger on SQLite and, where a server and a driver are on the machine, on Postgres."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from semantic_assets.ledger.ledger import Ledger, open_ledger
from tests.factories import Clock
from tests.services.postgres import PostgresServer, missing_for_postgres, postgres_server

BACKENDS = ["sqlite"] if missing_for_postgres() else ["sqlite", "postgres"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(params=BACKENDS)
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where there is no ledger yet; another place for each test."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/lake/ledger.sqlite3"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_schema()


def sqlite_path(ledger_url: str) -> Path:
    return Path(ledger_url.removeprefix("sqlite:///"))


@pytest.fixture
def opened(ledger_url: str, clock: Clock) -> Iterator[Callable[[], Ledger]]:
    """Opens the test's ledger, as often as it is called; closes them all in the end."""
    with ExitStack() as stack:

        def open_one() -> Ledger:
            ledger = open_ledger(ledger_url, create=True, clock=clock)
            stack.callback(ledger.close)
            return ledger

        yield open_one


@pytest.fixture
def ledger(opened: Callable[[], Ledger]) -> Ledger:
    return opened()
