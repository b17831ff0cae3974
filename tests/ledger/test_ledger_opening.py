"""Opening a ledger: made on request only, one identity, and durable when it says so."""

import gc
import sqlite3
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from semantic_assets.errors import ConfigError
from semantic_assets.ledger.database import schema
from semantic_assets.ledger.database.engine import SCHEMA_VERSION
from semantic_assets.ledger.ledger import Ledger, open_ledger
from tests.factories import Clock, kill_after, run_together, sqlite_being_made
from tests.ledger.conftest import BACKENDS, sqlite_path
from tests.ledger.ledger_processes import commit_for_ever, open_and_tell_id
from tests.services.postgres import missing_for_postgres


def test_the_tests_of_the_ledger_run_on_postgres_too() -> None:
    if reason := missing_for_postgres():
        pytest.skip(reason)
    assert "postgres" in BACKENDS


def test_opened_twice_a_ledger_has_one_id(opened: Callable[[], Ledger]) -> None:
    one, other = opened(), opened()
    assert one.ledger_id == other.ledger_id
    assert len(one.ledger_id) == 10


def test_opened_by_processes_at_one_moment_a_ledger_is_made_once(ledger_url: str) -> None:
    if ledger_url.startswith("sqlite"):
        _make_empty(ledger_url)
    ids = run_together(open_and_tell_id, ledger_url)
    assert len(set(ids)) == 1


def _make_empty(ledger_url: str) -> None:
    path = sqlite_path(ledger_url)
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


def test_a_ledger_that_another_process_is_just_making_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "lake" / "ledger.sqlite3"
    with sqlite_being_made(path, seconds=0.1):
        open_ledger(f"sqlite:///{path}", create=True).close()


def test_without_create_a_missing_ledger_is_refused_and_not_made(ledger_url: str) -> None:
    for _ in range(2):
        with pytest.raises(ConfigError, match="semantic-assets init"):
            open_ledger(ledger_url, create=False)


def test_without_create_a_ledger_that_is_there_is_opened(ledger_url: str, ledger: Ledger) -> None:
    again = open_ledger(ledger_url, create=False)
    assert again.ledger_id == ledger.ledger_id
    again.close()


def test_a_ledger_of_another_version_is_refused_with_both_versions_and_closed(
    ledger_url: str, ledger: Ledger
) -> None:
    with ledger.database.write() as connection:
        connection.execute(
            sa.update(schema.meta).where(schema.meta.c.name == "schema_version").values(value="99")
        )
    with pytest.raises(ConfigError, match=f"schema 99, this version needs {SCHEMA_VERSION}"):
        open_ledger(ledger_url, create=True)
    gc.collect()


def test_the_ledgers_time_is_the_clock_it_was_opened_with(ledger: Ledger, clock: Clock) -> None:
    clock.advance(5)
    assert ledger.now() == clock.now


def test_a_transaction_that_raises_leaves_nothing(ledger: Ledger) -> None:
    def write_and_fail() -> None:
        with ledger.database.write() as connection:
            connection.execute(sa.insert(schema.meta).values(name="half", value="done"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    with ledger.database.read() as connection:
        names = set(connection.execute(sa.select(schema.meta.c.name)).scalars())
    assert names == {"ledger_id", "schema_version"}


def test_on_sqlite_a_commit_is_on_the_disk_before_it_returns(
    ledger_url: str, ledger: Ledger
) -> None:
    if not ledger_url.startswith("sqlite"):
        pytest.skip("the server decides")
    with ledger.database.read() as connection:
        values = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous")
        ]
    assert values == ["wal", 2]


def test_kill_9_loses_no_row_that_was_acknowledged(ledger_url: str, ledger: Ledger) -> None:
    acknowledged = kill_after(40, commit_for_ever, ledger_url)
    assert len(acknowledged) >= 40
    states: dict[str, list[str]] = defaultdict(list)
    for job_id, state in acknowledged:
        states[job_id].append(state)
    jobs = {job.job_id: job for job in ledger.jobs.list()}
    assert len(jobs) - len(states) in (0, 1)  # one may be committed and not yet acknowledged
    for job_id, told in states.items():
        events = [event.to_state for event in ledger.jobs.events(job_id)]
        assert events[: len(told)] == told
        assert jobs[job_id].state == events[-1]


def test_a_ledger_made_anew_can_take_the_id_of_the_lost_one(ledger_url: str) -> None:
    made = open_ledger(ledger_url, create=True, ledger_id="0123456789")
    assert made.ledger_id == "0123456789"
    made.close()
    again = open_ledger(ledger_url, create=True, ledger_id="another")
    assert again.ledger_id == "0123456789"  # its jobs at Google carry this one
    again.close()


def test_ledgers_that_share_the_key_by_intent_are_remembered_once(ledger: Ledger) -> None:
    assert ledger.beside() == []
    for name in ("aaa", "bbb", "aaa"):
        ledger.register_beside(name)
    assert sorted(ledger.beside()) == ["aaa", "bbb"]
