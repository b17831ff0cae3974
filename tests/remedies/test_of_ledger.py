"""What is said of a ledger that is missing, damaged, of another lake or out of reach cures it."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from semantic_assets.ledger.database import on_sqlite
from tests.remedies.desk import Desk, needs


def _ledger(desk: Desk) -> Path:
    return desk.root / "ledger.sqlite3"


def _lose_ledger(desk: Desk) -> None:
    for path in desk.root.glob("ledger.sqlite3*"):
        path.unlink()


def _refresh_without_sending(desk: Desk) -> None:
    told = desk.must("refresh")
    assert "1 index built" in told
    assert " sent in " not in told


def _begin_anew(desk: Desk, said: str) -> None:
    """Do what is said of a ledger that cannot be used: nothing is paid twice."""
    desk.follow(said, "init")
    desk.follow(said, "recover")
    _refresh_without_sending(desk)
    desk.must("search", "the valve")


@pytest.mark.cures("there is no ledger here yet: run `semantic-assets init`")
def test_the_real_backend_without_a_ledger(desk: Desk) -> None:
    desk.set("BACKEND", "gemini")
    desk.environment.setenv("GEMINI_API_KEY", "AIza-not-a-key")
    desk.follow(desk.refused("status"), "init")
    desk.must("status")


@pytest.mark.cures("the ledger {} is damaged ({}); what was paid for is safe in the lake")
def test_a_damaged_ledger(desk: Desk) -> None:
    desk.must("refresh")
    _lose_ledger(desk)
    _ledger(desk).write_bytes(b"not a database at all" * 400)
    said = desk.refused("status")
    _ledger(desk).rename(desk.folder / "aside")
    _begin_anew(desk, said)


@pytest.mark.cures("the ledger {} is a folder: move it aside")
def test_a_folder_where_the_ledger_should_be(desk: Desk) -> None:
    desk.must("refresh")
    _lose_ledger(desk)
    _ledger(desk).mkdir()
    said = desk.refused("refresh")
    _ledger(desk).rename(desk.folder / "aside")
    _begin_anew(desk, said)


@pytest.mark.cures("the ledger {} is an empty file, and the lake had one with rows")
def test_an_empty_file_where_the_ledger_was(desk: Desk) -> None:
    desk.must("refresh")
    _lose_ledger(desk)
    _ledger(desk).touch()
    said = desk.refused("refresh")
    _ledger(desk).unlink()
    _begin_anew(desk, said)


@pytest.mark.cures("{} is a SQLite database of something else (it has the table {})")
def test_another_program_s_database(desk: Desk) -> None:
    desk.root.mkdir()
    with closing(sqlite3.connect(_ledger(desk))) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    said = desk.refused("refresh")
    desk.settle(said, "ROOT", str(desk.folder / "elsewhere"))
    desk.must("refresh")


@pytest.mark.cures("{} is on a network file system ({}), where SQLite loses what it writes")
def test_a_ledger_on_a_network_file_system(desk: Desk) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(on_sqlite, "file_system_of", lambda _: "nfs4")
        said = desk.refused("init")
    desk.settle(said, "ROOT", str(desk.folder / "disk"))
    desk.must("init")


def test_a_ledger_that_another_machine_uses(desk: Desk) -> None:
    desk.must("init")
    with closing(sqlite3.connect(_ledger(desk))) as ledger, ledger:
        ledger.execute(
            "INSERT INTO lease (name, holder, expires_at, fence) "
            "VALUES ('plan', 'm:elsewhere:1:2', unixepoch() + 20, 1)"
        )
    said = desk.refused("refresh")
    desk.followed.append(said)
    with closing(sqlite3.connect(_ledger(desk))) as ledger, ledger:
        ledger.execute("UPDATE lease SET expires_at = 0")  # it has ended
    desk.must("refresh")


@pytest.mark.cures("the ledger was made by an older version, and reading does not change it")
def test_a_ledger_of_an_older_version_is_read(desk: Desk) -> None:
    desk.must("refresh")
    with closing(sqlite3.connect(_ledger(desk))) as ledger, ledger:
        ledger.execute("DROP TABLE file_note")
    desk.follow(desk.refused("status"), "init")
    desk.must("status")


@pytest.mark.cures("the ledger has schema {}, this version needs {}: move the ledger aside")
def test_a_ledger_of_a_version_that_is_not_known(desk: Desk) -> None:
    desk.must("refresh")
    with closing(sqlite3.connect(_ledger(desk))) as ledger, ledger:
        ledger.execute("UPDATE meta SET value = '999' WHERE name = 'schema_version'")
    said = desk.refused("refresh")
    _lose_ledger(desk)
    desk.follow(said, "init")
    for command in ("recover", "refresh"):
        assert f"`{command}`" in said
        desk.must(command)
    desk.must("search", "the valve")


@pytest.mark.cures("SEMANTIC_ASSETS_LEDGER_URL is no address of a ledger")
def test_an_address_that_is_none(desk: Desk) -> None:
    desk.set("LEDGER_URL", "mysql://u:secret@host/ledger")
    said = desk.refused("init")
    assert "secret" not in said
    desk.settle(said, "LEDGER_URL", f"sqlite:///{desk.folder}/other/ledger.sqlite3")
    desk.must("init")


@pytest.mark.cures("the ledger at {} cannot be reached: {}; see that Postgres runs there")
@needs("psycopg")
def test_a_server_that_does_not_answer(desk: Desk) -> None:
    desk.set("LEDGER_URL", "postgresql://u:secret@127.0.0.1:1/ledger")
    said = desk.refused("init")
    assert "secret" not in said
    desk.settle(said, "LEDGER_URL", None)
    desk.must("init")


@pytest.mark.cures("the lake at {} belongs to ledger {}, and this is {}")
def test_a_ledger_of_another_lake(desk: Desk) -> None:
    desk.must("refresh")
    other = desk.folder / "other"
    desk.must("init", "--root", str(other))
    desk.set("LEDGER_URL", f"sqlite:///{other}/ledger.sqlite3")
    said = desk.refused("status")
    desk.settle(said, "LEDGER_URL", None)
    desk.must("status")


@pytest.mark.cures("the lake at {} is a copy of the one at {}, whose jobs it would take away")
@pytest.mark.parametrize("fate", ["init --moved", "init --copied"])
def test_a_lake_at_another_place(desk: Desk, fate: str) -> None:
    desk.must("refresh")
    shutil.copytree(desk.root, desk.folder / "copy")
    desk.set("ROOT", str(desk.folder / "copy"))
    desk.follow(desk.refused("refresh"), fate)
    desk.must("refresh")


@pytest.mark.cures("the ledger of {} has come to event {} and its lake to {}")
def test_a_ledger_restored_from_an_older_copy(desk: Desk) -> None:
    desk.must("init")
    desk.must("status")
    kept = desk.folder / "kept"
    with closing(sqlite3.connect(_ledger(desk))) as ledger, closing(sqlite3.connect(kept)) as copy:
        ledger.backup(copy)
    desk.must("refresh")
    _lose_ledger(desk)
    shutil.copy(kept, _ledger(desk))
    desk.follow(desk.refused("refresh"), "recover")
    _refresh_without_sending(desk)


@pytest.mark.cures("the lake knows more than this ledger: run `semantic-assets recover`")
def test_a_new_ledger_for_an_old_lake(desk: Desk) -> None:
    desk.must("refresh")
    _lose_ledger(desk)
    desk.follow(desk.must("init"), "recover")
    desk.must("refresh")


@pytest.mark.cures(
    "{} jobs are the original's: their texts are pending here too, and would be paid for again; "
    "see `semantic-assets estimate`"
)
def test_a_copy_of_a_lake_with_jobs_out(desk: Desk) -> None:
    desk.send()
    shutil.copytree(desk.root, desk.folder / "copy")
    desk.set("ROOT", str(desk.folder / "copy"))
    assert "1" in desk.follow(desk.must("init", "--copied"), "estimate")


@pytest.mark.cures("the ledger at SEMANTIC_ASSETS_LEDGER_URL is the original's")
def test_a_copy_whose_ledger_is_elsewhere(desk: Desk) -> None:
    desk.must("refresh")
    shutil.copytree(desk.root, desk.folder / "copy")
    desk.set("LEDGER_URL", f"sqlite:///{_ledger(desk)}")
    desk.set("ROOT", str(desk.folder / "copy"))
    said = desk.refused("init", "--copied")
    desk.settle(said, "LEDGER_URL", None)
    desk.must("init", "--copied")


@pytest.mark.cures("the index is outside the lake (SEMANTIC_ASSETS_QDRANT_URL or _LANCE_URL)")
def test_a_copy_whose_index_is_elsewhere(desk: Desk) -> None:
    desk.must("refresh")
    shutil.copytree(desk.root, desk.folder / "copy")
    desk.set("ROOT", str(desk.folder / "copy"))
    desk.set("QDRANT_URL", "http://127.0.0.1:1")
    said = desk.refused("init", "--copied")
    desk.set("QDRANT_URL", None)
    desk.follow(said, "init --copied")
    desk.must("refresh")


@pytest.mark.cures("this ledger {}: set SEMANTIC_ASSETS_ROOT and SEMANTIC_ASSETS_LEDGER_URL")
def test_the_ledger_of_a_lake_that_was_moved(desk: Desk) -> None:
    desk.must("refresh")
    target = desk.folder / "target"
    ledger = f"sqlite:///{target}/ledger.sqlite3"
    told = desk.must("migrate", "--to-root", str(target), "--to-ledger", ledger)
    desk.followed.append(told)
    assert "set SEMANTIC_ASSETS_ROOT" in told
    desk.set("LEDGER_URL", f"sqlite:///{_ledger(desk)}")
    (desk.root / "ledger_id").unlink(missing_ok=True)
    said = desk.refused("refresh")
    desk.settle(said, "ROOT", str(target))
    desk.settle(said, "LEDGER_URL", None)
    desk.must("refresh")


@pytest.mark.cures(
    "the lake at {} was {}: set SEMANTIC_ASSETS_ROOT",
    "set SEMANTIC_ASSETS_ROOT and SEMANTIC_ASSETS_LEDGER_URL to the new place",
)
def test_a_lake_that_was_moved(desk: Desk) -> None:
    desk.must("refresh")
    target = desk.folder / "target"
    told = desk.must("migrate", "--to-root", str(target))
    desk.settle(told, "ROOT", str(desk.root))
    said = desk.refused("status")
    desk.settle(said, "ROOT", str(target))
    desk.must("status")


@pytest.mark.cures("the ledger failed ({}): what was going on was undone")
def test_a_ledger_whose_disk_fails(desk: Desk) -> None:
    desk.must("refresh")
    desk.write("b.txt", "The pump is primed.")
    with closing(sqlite3.connect(_ledger(desk))) as ledger, ledger:
        ledger.execute(
            "CREATE TRIGGER full BEFORE INSERT ON shard BEGIN SELECT RAISE(ABORT, 'disk'); END"
        )
        ledger.execute(
            "CREATE TRIGGER full2 BEFORE UPDATE ON shard BEGIN SELECT RAISE(ABORT, 'disk'); END"
        )
    said = desk.refused("refresh")
    with closing(sqlite3.connect(_ledger(desk))) as ledger, ledger:
        ledger.execute("DROP TRIGGER full")
        ledger.execute("DROP TRIGGER full2")
    desk.follow(said, "doctor")
    desk.must("refresh")


@pytest.mark.cures("there is no lake at {}{}: `semantic-assets init --root {}` makes one")
def test_a_root_where_no_lake_is(desk: Desk) -> None:
    said = desk.refused("refresh", "--root", str(desk.folder / "second"), "-y")
    assert not (desk.folder / "second").exists()
    desk.follow(said, "init")
    assert "1 index built" in desk.must("refresh", "--root", str(desk.folder / "second"), "-y")
