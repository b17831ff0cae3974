"""A lake has one ledger and a ledger one place: copies, older copies and other files are told."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from semantic_assets.cli import main
from semantic_assets.errors import ConfigError, Conflict, TransientError
from semantic_assets.lake.lake import Lake
from semantic_assets.ledger.identity import Identity
from semantic_assets.lineage import noting_events, require_newest
from semantic_assets.model.batch_job import JobState
from semantic_assets.pipeline.batch_jobs.poll import poll
from semantic_assets.pipeline.batch_jobs.recover import recover
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.maintenance import init as init_module
from semantic_assets.pipeline.maintenance.init import Fate, init
from semantic_assets.store import open_store
from tests.factories import make_job
from tests.trial import Trial

TEXTS = 12


@pytest.fixture
def out(trial: Trial) -> Trial:
    """A lake with one job out; its ledger is closed."""
    for number in range(TEXTS):
        trial.write(f"acme/manuals/{number}.txt", f"The gauge of part {number} is read daily.")
    trial.prepare()
    advance(trial.store, trial.gemini)
    trial.store.close()
    return trial


def copied(trial: Trial, name: str = "copy") -> Trial:
    root = trial.settings.root.with_name(name)
    shutil.copytree(trial.settings.root, root)
    return replace(trial, settings=replace(trial.settings, root=root))


def test_a_copy_of_a_lake_is_refused_with_the_place_of_the_original(out: Trial) -> None:
    copy = copied(out)
    with pytest.raises(ConfigError, match=r"is a copy of the one at .*/lake, .* init --copied"):
        open_store(copy.settings, clock=copy.clock)
    out.reopened().store.close()  # the original goes on


def test_a_copy_can_be_read(out: Trial) -> None:
    with open_store(copied(out).settings, reading=True) as store:
        assert len(store.ledger.jobs.list()) == 1


def test_a_moved_lake_goes_on_once_that_was_said(out: Trial) -> None:
    moved = copied(out)
    shutil.rmtree(out.settings.root)
    init(moved.settings, fate=Fate.MOVED)
    again = moved.reopened()
    with again.store:
        again.advance_until_done()
        assert again.paid_twice() == []
        assert len(again.remote_jobs()) == 1


@pytest.mark.parametrize("again", ["renamed", "linked"])
def test_a_renamed_folder_is_no_copy(out: Trial, again: str) -> None:
    place = out.settings.root.with_name(again)
    if again == "renamed":
        out.settings.root.rename(place)
    else:
        place.symlink_to(out.settings.root)
    open_store(replace(out.settings, root=place), clock=out.clock).close()


def test_a_copy_that_becomes_a_lake_of_its_own_leaves_the_jobs_to_the_original(out: Trial) -> None:
    copy = copied(out)
    made = init(copy.settings, fate=Fate.COPIED)
    assert made.given_up == 1
    original = out.reopened()
    own = copy.reopened()
    with original.store, own.store:
        assert own.store.ledger.ledger_id == made.ledger_id != original.store.ledger.ledger_id
        assert [job.state for job in own.store.ledger.jobs.list()] == ["abandoned"]
        own.pass_time(120.0)
        poll(own.store, own.gemini)
        assert [job.state for job in own.store.ledger.jobs.list()] == ["abandoned"]
        original.advance_until_done()
        assert [job.state for job in original.store.ledger.jobs.list()] == ["collected"]
        assert original.store.ledger.spending.totals().possibly_billed_usd == 0


def test_a_copy_killed_before_its_id_was_written_goes_on(out: Trial) -> None:
    copy = copied(out)
    before = (copy.settings.root / "ledger_id").read_text()
    made = init(copy.settings, fate=Fate.COPIED)
    (copy.settings.root / "ledger_id").write_text(before)
    with open_store(copy.settings, clock=copy.clock) as store:
        assert store.ledger.ledger_id == made.ledger_id
    assert (copy.settings.root / "ledger_id").read_text() == made.ledger_id


def test_an_older_ledger_spends_nothing_until_it_is_recovered(trial: Trial) -> None:
    trial.write("acme/manuals/a.txt", "A valve is opened by hand.")
    trial.refresh()
    trial.store.close()
    morning = trial.settings.root / "ledger.sqlite3"
    kept = morning.read_bytes()
    later = trial.reopened()
    with later.store:
        later.write("acme/manuals/b.txt", "A pump is primed before its first start.")
        later.refresh()
        tokens = [job.tokens_actual for job in later.store.ledger.jobs.list()]
    morning.write_bytes(kept)
    with pytest.raises(
        ConfigError, match=r"restored from an older copy.*`semantic-assets recover`"
    ):
        trial.reopened()
    recovered = trial.reopened(unchecked=True)
    with recovered.store as store:
        recover(store)
        assert [job.tokens_actual for job in store.ledger.jobs.list()] == tokens
    again = trial.reopened()
    with again.store:
        again.refresh()
        assert again.paid_twice() == []
    morning.write_bytes(kept)  # the same copy a second time
    with pytest.raises(ConfigError, match="older copy"):
        trial.reopened()


def test_a_ledger_made_anew_is_recognised(out: Trial) -> None:
    for path in out.settings.root.glob("ledger.sqlite3*"):
        path.unlink()
    with pytest.raises(ConfigError, match="made anew"):
        out.reopened()


def test_ids_after_a_recovery_are_above_all_in_the_lake(out: Trial) -> None:
    for path in out.settings.root.glob("ledger.sqlite3*"):
        path.unlink()
    ahead = out.settings.root / "retries" / "space=x" / "fffffffffff0aaaaaaaa.parquet"
    ahead.parent.mkdir(parents=True)
    ahead.touch()
    with out.reopened(unchecked=True).store as store:
        recover(store)
        assert store.ledger.job_ids.new() > "fffffffffff0aaaaaaaa"


def test_an_empty_ledger_file_is_not_made_a_ledger(out: Trial) -> None:
    ledger = out.settings.root / "ledger.sqlite3"
    ledger.write_bytes(b"")
    with pytest.raises(ConfigError, match=r"is an empty file.*`semantic-assets recover`"):
        out.reopened()
    ledger.unlink()  # the cure
    init(out.settings)
    with out.reopened(unchecked=True).store as store:
        assert len(recover(store).unconfirmed) == 1


def test_a_database_of_something_else_is_not_written_to(out: Trial) -> None:
    ledger = out.settings.root / "ledger.sqlite3"
    ledger.unlink()
    with closing(sqlite3.connect(ledger)) as connection:
        connection.execute("CREATE TABLE invoices (number)")
    with pytest.raises(ConfigError, match=r"something else .*invoices"):
        out.reopened()
    with closing(sqlite3.connect(ledger)) as connection:
        found = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert found == [("invoices",)]


@pytest.mark.parametrize("damage", ["text", "cut", "folder"])
@pytest.mark.parametrize("command", [["status"], ["refresh"], ["jobs"], ["advance"]])
def test_a_ledger_that_cannot_be_read_is_one_line(
    out: Trial, damage: str, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _spoil(out.settings.root / "ledger.sqlite3", damage)
    monkeypatch.setenv("SEMANTIC_ASSETS_SOURCES", str(out.settings.sources))
    found = CliRunner().invoke(main, [*command, "--root", str(out.settings.root)])
    assert found.exit_code in (1, 2)
    assert found.exception is None or isinstance(found.exception, SystemExit)
    assert found.stderr.startswith("error: ")
    assert len(found.stderr.splitlines()) == 1
    assert "ledger.sqlite3" in found.stderr


def _spoil(ledger: Path, damage: str) -> None:
    content = ledger.read_bytes()
    ledger.unlink()
    if damage == "folder":
        ledger.mkdir()
    else:
        ledger.write_bytes(b"Dear Sirs, " * 2_000 if damage == "text" else content[:5_000])


def test_an_event_between_the_two_looks_is_no_sign_of_an_older_ledger(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = Identity.reached

    def reached_while_another_works(identity: Identity) -> int:
        found = reached(identity)
        (trial.settings.root / "ledger_events").write_text(str(found + 1))
        return found

    monkeypatch.setattr(Identity, "reached", reached_while_another_works)
    require_newest(trial.store.lake, trial.store.ledger)


def test_a_lake_that_is_no_copy_gives_up_none_of_its_jobs(out: Trial) -> None:
    with out.reopened().store:
        pass
    with pytest.raises(ConfigError, match="it is no copy, and nothing was changed"):
        init(out.settings, fate=Fate.COPIED)
    with out.reopened().store as store:
        assert {job.state for job in store.ledger.jobs.list()} == {"submitted"}


def test_a_copy_is_made_a_lake_of_its_own_once(out: Trial) -> None:
    copy = copied(out)
    made = init(copy.settings, fate=Fate.COPIED)
    again = init(copy.settings, fate=Fate.COPIED)
    assert (again.ledger_id, again.given_up) == (made.ledger_id, 0)


def test_a_copy_whose_job_is_in_another_hand_stays_a_copy(
    out: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = copied(out)
    monkeypatch.setattr(init_module, "abandon", lambda *_, **__: False)
    with pytest.raises(Conflict, match="in another process's hand"):
        init(copy.settings, fate=Fate.COPIED)
    monkeypatch.undo()
    with pytest.raises(ConfigError, match="is a copy of"):
        copy.reopened()


def test_a_note_that_fails_does_not_fail_the_move(trial: Trial) -> None:
    ledger = trial.store.ledger
    job = make_job()
    ledger.jobs.insert(job, detail="new")
    noted = (trial.settings.root / "ledger_events").read_text()

    @contextmanager
    def failing(lake: Lake, relative: str, *_: object) -> Iterator[Path]:
        raise TransientError("the bucket is away")
        yield Path()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lake, "replacing", failing)
        moved = ledger.jobs.move(job.job_id, JobState.CREATING, of=[JobState.UPLOADING])
    assert moved is not None
    assert (trial.settings.root / "ledger_events").read_text() == noted
    ledger.jobs.move(job.job_id, JobState.RELEASED, of=[JobState.CREATING])
    assert int((trial.settings.root / "ledger_events").read_text()) == int(noted) + 2


def test_who_was_open_while_a_ledger_was_recovered_counts_on_above_it(out: Trial) -> None:
    for path in out.settings.root.glob("ledger.sqlite3*"):
        path.unlink()
    (out.settings.root / "ledger_events").write_text("500")
    recovering = out.reopened(unchecked=True)
    with recovering.store as store:
        open_meanwhile = noting_events(store.lake, store.ledger)
        recover(store)
        open_meanwhile.jobs.insert(make_job(), detail="new")
    assert int((out.settings.root / "ledger_events").read_text()) > 500
