"""The SQLite file of a key index: made, brought to its form, or only read."""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from semantic_assets.lake.verified_file import broken
from semantic_assets.system.durable import make_private
from semantic_assets.system.sqlite import connect_empty, connect_reading, use_wal

_VERSION = 4
_FOLDER = "keys"
#: What SQLite says of a file that is no whole database.
_BROKEN = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_IOERR_SHORT_READ,
}
# whole_job: requests of a job that failed as a whole, 0 otherwise; below 0: texts that failed side by side.
# AUTOINCREMENT: an id is never given twice, so that whoever remembers the last one misses no change.
_FILE = """
CREATE TABLE file (
  file_id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, whole_job INTEGER NOT NULL,
  mark TEXT NOT NULL
) STRICT;
"""
_SCHEMA = f"""
{_FILE}
CREATE TABLE retry (
  high INTEGER NOT NULL, low INTEGER NOT NULL, retry_id TEXT NOT NULL, PRIMARY KEY (high, low)
) STRICT, WITHOUT ROWID;
CREATE TABLE outcome (
  high INTEGER NOT NULL, low INTEGER NOT NULL, file_id INTEGER NOT NULL,
  position INTEGER NOT NULL, outcome INTEGER NOT NULL, PRIMARY KEY (high, low, file_id)
) STRICT, WITHOUT ROWID;
"""
#: From the form before this one, whose file ids were given again.
_STEP = f"""
ALTER TABLE file RENAME TO file_before;
{_FILE}
INSERT INTO file SELECT file_id, name, whole_job, mark FROM file_before;
DROP TABLE file_before;
"""


@contextmanager
def opened(path: Path, *, reading: bool) -> Iterator[sqlite3.Connection]:
    """Open it; `reading` changes nothing, and of what cannot be read holds nothing.

    Raises:
        BrokenFile: it is no database, or one that is cut off; also from what is read of it.
    """
    try:
        with closing(_read(path) if reading else _made(path)) as connection:
            yield connection
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) not in _BROKEN:
            raise
        raise broken(f"{_FOLDER}/{path.name}", str(error)) from error


@contextmanager
def at_one_moment(path: Path, *, reading: bool) -> Iterator[sqlite3.Connection]:
    """Open it for several reads of one state.

    A file that is covered anew between the rows of its texts and its name has no name: one of eight
    processes that embedded at once died of it.
    """
    with opened(path, reading=reading) as connection:
        connection.execute("BEGIN")
        yield connection
        connection.execute("COMMIT")


def delete(path: Path) -> None:
    """Delete it; who has it open goes on with what was deleted."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)


def _made(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(make_private(path), timeout=60, isolation_level=None)
    try:
        # Rebuildable: a lost transaction costs a re-read of one results file.
        use_wal(connection)
        connection.execute("PRAGMA synchronous=NORMAL")
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _read(path: Path) -> sqlite3.Connection:
    with suppress(sqlite3.DatabaseError):
        found = connect_reading(path)
        if _version(found) in (_VERSION, _VERSION - 1):  # of both, the same is read
            return found
        found.close()
    empty = connect_empty()
    _prepare(empty)
    return empty


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the tables, or change those of the last form; of an earlier one, files are covered again.

    The application id is of this making: another index has another.
    """
    if _version(connection) == _VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    version = _version(connection)
    if version != _VERSION:  # nobody else made them meanwhile
        for name in ("file", "retry", "outcome") if version != _VERSION - 1 else ():
            connection.execute(f"DROP TABLE IF EXISTS {name}")
        for statement in (_STEP if version == _VERSION - 1 else _SCHEMA).split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {secrets.randbits(31)}")
        connection.execute(f"PRAGMA user_version = {_VERSION}")
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)
