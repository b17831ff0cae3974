"""Moving a lake and its ledger: all of it, compared, and never two that are in use."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from semantic_assets.errors import ConfigError, Conflict, CorruptResult
from semantic_assets.lake.lake import Lake
from semantic_assets.ledger.database import schema
from semantic_assets.ledger.database.engine import Database
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.maintenance import migrate as migrating
from semantic_assets.pipeline.maintenance.migrate import cancel_migration, migrate
from semantic_assets.pipeline.reports.checks import check_index
from semantic_assets.settings.settings import Settings
from semantic_assets.store import lake_of, open_store
from tests.bucket_and_postgres.conftest import lines
from tests.services.postgres import PostgresServer
from tests.services.s3 import S3Server
from tests.trial import Trial

DATASET = DatasetKey("acme", "manuals")
Place = Callable[[str], Settings]


@pytest.fixture
def filled(trial: Trial) -> Trial:
    """Something of everything: settled, in flight, failed before, and handed over."""
    trial.write("acme/manuals/pumps.jsonl", lines(40, "pump"))
    trial.refresh()
    trial.write("acme/manuals/valves.jsonl", lines(20, "valve"))
    trial.refresh(wait_minutes=0)  # a job is out
    trial.store.close()
    return trial


@pytest.fixture
def place(
    filled: Trial,
    tmp_path: Path,
    s3: S3Server,
    postgres: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Place:
    """Settings of another place for the same sources: `bucket`, `folder` or `server`."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)

    def settings(kind: str) -> Settings:
        name, here = uuid4().hex, filled.settings
        if kind == "folder":
            return replace(here, root=tmp_path / name, root_url=None, ledger_url=None)
        ledger_url = postgres.new_schema()
        if kind == "server":
            return replace(here, ledger_url=ledger_url)
        url = s3.url(f"{name}/lake")
        return replace(here, root=tmp_path / name, root_url=url, ledger_url=ledger_url)

    return settings


def contents(lake: Lake) -> dict[str, str | None]:
    local = ("keys", "intake", "copies", "ledger.", "ledger_id")
    return {name: lake.digest(name) for name, _ in lake.below("") if not name.startswith(local)}


def rows(database: Database) -> dict[str, list[object]]:
    with database.read() as connection:
        return {
            table.name: sorted(
                str(row) for row in connection.execute(sa.select(table)) if table.name != "meta"
            )
            for table in schema.metadata.sorted_tables
            if table.name not in ("meta", "lease")
        }


def at(trial: Trial, settings: Settings) -> Trial:
    store = open_store(settings, clock=trial.clock)
    return replace(trial, settings=settings, store=store)


def test_to_a_bucket_and_back_every_hash_is_equal(filled: Trial, place: Place) -> None:
    here, bucket, back = filled.settings, place("bucket"), place("folder")
    before = contents(lake_of(here))
    found = migrate(here, bucket, clock=filled.clock)
    assert found.moved
    assert (found.files, found.files_there) == (len(before), 0)
    assert found.rows["job"] == 2
    assert contents(lake_of(bucket)) == before
    away = at(filled, bucket)
    with away.store:
        rows_away = rows(away.store.ledger.database)
    assert migrate(bucket, back, clock=filled.clock).moved
    assert contents(lake_of(back)) == before
    home = at(filled, back)
    with home.store:
        assert rows(home.store.ledger.database) == rows_away
        home.refresh()
        assert check_index(home.store, DATASET).counted == 0
        assert set(home.sent().values()) == {1}  # what was out was collected, nothing sent again
        assert len(home.sent()) == 60


def test_work_goes_on_where_it_went(filled: Trial, place: Place) -> None:
    bucket = place("bucket")
    migrate(filled.settings, bucket, clock=filled.clock)
    away = at(filled, bucket)
    with away.store:
        away.write("acme/manuals/more.jsonl", lines(5, "gasket"))
        away.refresh()
        assert len(away.sent()) == 65
        assert away.paid_twice() == []
        assert check_index(away.store, DATASET).counted == 0


def test_what_is_left_behind_refuses_and_says_where_it_went(filled: Trial, place: Place) -> None:
    bucket = place("bucket")
    migrate(filled.settings, bucket, clock=filled.clock)
    with pytest.raises(ConfigError, match=r"was moved to s3://.*set SEMANTIC_ASSETS_ROOT"):
        open_store(filled.settings)
    (filled.settings.root / "ledger.sqlite3").unlink()
    with pytest.raises(ConfigError, match="moved to"):  # also where its ledger is made anew
        open_store(filled.settings, create=True)


def test_the_ledger_alone_moves_too(filled: Trial, place: Place) -> None:
    server = place("server")
    found = migrate(filled.settings, server, clock=filled.clock)
    assert (found.files, found.rows["shard"]) == (0, 1)
    with pytest.raises(ConfigError, match=r"was moved to .*Postgres"):
        open_store(filled.settings)
    away = at(filled, server)
    with away.store:
        away.write("acme/manuals/more.jsonl", lines(5, "gasket"))
        away.refresh()  # new rows get numbers of their own
        assert len(away.sent()) == 65
        assert set(away.sent().values()) == {1}


def test_the_lake_alone_moves_too(filled: Trial, place: Place) -> None:
    server, bucket = place("server"), place("bucket")
    migrate(filled.settings, server, clock=filled.clock)
    opened_before = open_store(server, clock=filled.clock)
    target = replace(bucket, ledger_url=server.ledger_url)
    assert migrate(server, target, clock=filled.clock).rows == {}
    with opened_before, pytest.raises(Conflict, match="the lake was moved"):
        opened_before.ledger.leases.acquire("plan")
    with pytest.raises(ConfigError, match="was moved to s3://"):
        open_store(server)
    away = at(filled, target)
    with away.store:
        away.refresh()
        assert len(away.sent()) == 60


def test_a_lake_that_is_at_work_does_not_move(filled: Trial, place: Place) -> None:
    bucket = place("bucket")
    with open_store(filled.settings, clock=filled.clock) as store:
        assert store.ledger.leases.acquire("shard:acme.manuals.00000")
        with pytest.raises(
            Conflict, match=r"shard:acme\.manuals\.00000 is held by .*stop the daemon"
        ):
            migrate(filled.settings, bucket, clock=filled.clock)
        filled.clock.offset += 40
        migrate(filled.settings, bucket, clock=filled.clock)
        with pytest.raises(Conflict, match="the lake was moved"):  # it had it open all the time
            store.ledger.leases.acquire("shard:acme.manuals.00000")


@pytest.mark.sample(2)
@pytest.mark.parametrize("step", ["copying", "rows", "left_behind", "finish"])
def test_killed_at_any_step_the_same_command_goes_on(
    filled: Trial, place: Place, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, bucket = filled.settings, place("bucket")
    before = contents(lake_of(here))
    with monkeypatch.context() as context:
        _break_at(step, context)
        with pytest.raises(ZeroDivisionError):
            migrate(here, bucket, clock=filled.clock)
    with pytest.raises(ConfigError, match="moved to"):
        open_store(here)
    if step in ("copying", "rows"):
        with pytest.raises(ConfigError, match="is being filled from ledger"):
            open_store(bucket, create=True)
    assert migrate(here, bucket, clock=filled.clock).moved
    assert contents(lake_of(bucket)) == before
    away = at(filled, bucket)
    with away.store:
        away.refresh()
        assert set(away.sent().values()) == {1}


def _break_at(step: str, context: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    def die(*arguments: object, **named: object) -> bool:
        calls.append(arguments)
        if step == "copying" and len(calls) < 4:
            return bool(copy(*arguments))  # type: ignore[arg-type]
        raise ZeroDivisionError

    copy = migrating._copy
    if step == "copying":
        context.setattr(migrating, "_copy", die)
    elif step == "left_behind":
        context.setattr(Lake, "write_text", _unless_left_behind(Lake.write_text))
    else:
        context.setattr(migrating.Move, {"rows": "copy_rows", "finish": "finish"}[step], die)


def _unless_left_behind(
    write: Callable[[Lake, str, str], None],
) -> Callable[[Lake, str, str], None]:
    def write_text(self: Lake, relative: str, text: str) -> None:
        if text.startswith("moved to"):
            raise ZeroDivisionError
        write(self, relative, text)

    return write_text


def test_of_two_at_once_one_moves(
    filled: Trial, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, bucket, copy = filled.settings, place("bucket"), migrating._copy
    refused: list[str] = []

    def meanwhile(*arguments: object) -> bool:
        if not refused:
            refused.append("")
            for attempt in (migrate, cancel_migration):
                with pytest.raises(Conflict, match="another process moves this lake"):
                    attempt(here, bucket, clock=filled.clock)  # type: ignore[operator]
        return copy(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(migrating, "_copy", meanwhile)
    assert migrate(here, bucket, clock=filled.clock).moved
    assert refused


def test_what_has_arrived_is_not_moved_over_again(filled: Trial, place: Place) -> None:
    here, bucket, server = filled.settings, place("bucket"), place("server")
    migrate(here, server, clock=filled.clock)
    target = replace(bucket, ledger_url=server.ledger_url)
    migrate(server, target, clock=filled.clock)  # the lake alone: the ledger stays
    with pytest.raises(ConfigError, match=r"was moved to .* already"):
        migrate(server, target, clock=filled.clock)


def test_a_move_to_one_place_is_not_finished_at_another(
    filled: Trial, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, one, other = filled.settings, place("server"), place("server")
    with monkeypatch.context() as context:
        _break_at("finish", context)
        with pytest.raises(ZeroDivisionError):
            migrate(here, one, clock=filled.clock)
    with pytest.raises(Conflict, match="is being moved to"):
        migrate(here, other, clock=filled.clock)
    migrate(here, one, clock=filled.clock)


def test_what_lands_while_the_lake_is_listed_goes_along(
    filled: Trial, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, bucket, copy = filled.settings, place("bucket"), migrating._copy

    def late(*arguments: object) -> bool:
        lake_of(here).write_text("results/late.txt", "by who held its lease to the last moment")
        return copy(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(migrating, "_copy", late)
    migrate(here, bucket, clock=filled.clock)
    assert lake_of(bucket).exists("results/late.txt")


def test_a_refused_move_locks_nobody_out(filled: Trial, place: Place) -> None:
    folder = place("folder")
    open_store(folder, create=True).close()
    with pytest.raises(ConfigError, match="already"):
        migrate(filled.settings, folder, clock=filled.clock)
    with open_store(filled.settings, clock=filled.clock) as store:
        assert store.ledger.leases.acquire("plan")
    bucket = place("bucket")
    with pytest.raises(Conflict, match="plan is held"):
        migrate(filled.settings, bucket, clock=filled.clock)
    with pytest.raises(ConfigError, match="there is no ledger"):
        open_store(bucket, create=False)


def test_a_process_that_slept_over_a_move_has_no_lease_when_it_wakes(
    filled: Trial, place: Place
) -> None:
    with open_store(filled.settings, clock=filled.clock) as store:
        lease = store.ledger.leases.acquire("job:1")
        assert lease is not None
        filled.clock.offset += 40
        migrate(filled.settings, place("bucket"), clock=filled.clock)
        assert not store.ledger.leases.renew(lease)
        with pytest.raises(Conflict, match="taken over"):
            lease.require()


def test_a_move_that_did_not_end_can_be_given_up(
    filled: Trial, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, bucket = filled.settings, place("bucket")
    with monkeypatch.context() as context:
        _break_at("rows", context)
        with pytest.raises(ZeroDivisionError):
            migrate(here, bucket, clock=filled.clock)
    cancel_migration(here, bucket, clock=filled.clock)
    with open_store(here, clock=filled.clock) as store:
        assert store.ledger.leases.acquire("plan")
    filled.clock.offset += 40
    with monkeypatch.context() as context:
        _break_at("finish", context)
        with pytest.raises(ZeroDivisionError):
            migrate(here, bucket, clock=filled.clock)
    with pytest.raises(Conflict, match="has arrived"):
        cancel_migration(here, bucket, clock=filled.clock)


def test_a_lake_that_has_arrived_is_not_given_up(
    filled: Trial, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket, server = place("bucket"), place("server")
    migrate(filled.settings, server, clock=filled.clock)
    target = replace(bucket, ledger_url=server.ledger_url)
    with monkeypatch.context() as context:
        _break_at("left_behind", context)
        with pytest.raises(ZeroDivisionError):
            migrate(server, target, clock=filled.clock)
    with pytest.raises(Conflict, match="the lake has arrived"):
        cancel_migration(server, target, clock=filled.clock)
    assert migrate(server, target, clock=filled.clock).moved


def test_bytes_that_changed_on_the_way_are_seen(
    filled: Trial, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoilt(self: Lake, relative: str, to: Path) -> None:
        to.write_bytes(b"else")

    monkeypatch.setattr(Lake, "copy_out", spoilt)
    with pytest.raises(CorruptResult, match="is not at s3://"):
        migrate(filled.settings, place("bucket"), clock=filled.clock)


def test_nothing_is_put_over_another_lake_or_ledger(filled: Trial, place: Place) -> None:
    bucket, folder = place("bucket"), place("folder")
    open_store(folder, create=True).close()
    with pytest.raises(ConfigError, match=r"there is a lake at .* already"):
        migrate(filled.settings, folder, clock=filled.clock)
    migrate(filled.settings, bucket, clock=filled.clock)
    with pytest.raises(ConfigError, match="already"):
        migrate(bucket, replace(folder, ledger_url=bucket.ledger_url), clock=filled.clock)
    with pytest.raises(ConfigError, match="name another place"):
        migrate(bucket, bucket, clock=filled.clock)


def test_a_dry_run_only_counts(filled: Trial, place: Place) -> None:
    bucket = place("bucket")
    found = migrate(filled.settings, bucket, dry_run=True)
    assert (found.moved, found.files) == (False, len(contents(lake_of(filled.settings))))
    assert contents(lake_of(bucket)) == {}
    open_store(filled.settings).close()
