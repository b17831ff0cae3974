"""The ledger in a SQLite file, for processes of one machine, on a disk of that machine."""

import sqlite3
import uuid
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from semantic_assets.errors import SetupError
from semantic_assets.ledger.database.schema import lease
from semantic_assets.system.durable import make_private
from semantic_assets.system.machine import file_system_of, machine_id
from semantic_assets.system.sqlite import (
    ChangeCounter,
    can_be_written,
    connect_empty,
    connect_reading,
    use_wal,
)

#: A write-ahead log is shared memory: over a network its locks hold on one host only, or nowhere.
_NETWORK = frozenset(
    [
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "9p",
        "afs",
        "ceph",
        "lustre",
        "glusterfs",
        "beegfs",
        "gpfs",
        "ocfs2",
        "gfs2",
        "fuse.sshfs",
        "fuse.s3fs",
        "fuse.gcsfuse",
        "fuse.goofys",
        "fuse.rclone",
        "fuse.glusterfs",
        "fuse.juicefs",
        "fuse.mount-s3",
        "fuse.blobfuse2",
    ]
)
#: How long a write waits for the transactions of other processes.
_PATIENCE_SECONDS = 60.0
#: No lease is given for so long: a wrong clock wrote what ends later.
_LONGEST_SECONDS = 60.0
#: Options of a transaction: it only reads; its commit need not reach the disk at once.
READING, UNSYNCED = "semantic_assets_reading", "semantic_assets_unsynced"
_REMEDY = "set SEMANTIC_ASSETS_LEDGER_URL to a Postgres database (docs/scaling.md says how to move)"


def engine(url: sa.URL) -> sa.Engine:
    """Return an engine for a ledger in a SQLite file.

    Raises:
        ConfigError: the file would lie on a network file system.
    """
    if url.database:
        folder = Path(url.database).absolute().parent
        _refuse_network(folder, file_system_of(folder))
        folder.mkdir(parents=True, exist_ok=True)
        make_private(Path(url.database))  # its log and shared memory take its mode
    made = sa.create_engine(
        url, connect_args={"timeout": _PATIENCE_SECONDS, "isolation_level": None}
    )
    sa.event.listen(made, "connect", _configure)
    sa.event.listen(made, "begin", _begin)
    return made


def reading_engine(url: sa.URL) -> sa.Engine:
    """For reading: what it opens is left as it was, also where nothing can be written.

    Raises:
        ConfigError: the file lies on a network file system.
    """
    path = Path(str(url.database)).absolute()
    _refuse_network(path.parent, file_system_of(path.parent))
    # Where a connection takes the file for unchanging, none is kept: somebody else may change it.
    pool = sa.QueuePool if can_be_written(path) else sa.NullPool
    return _engine_of(lambda: connect_reading(path), pool)


def change_counter(url: sa.URL) -> ChangeCounter:
    return ChangeCounter(Path(str(url.database)))


def empty_engine() -> sa.Engine:
    """Return an engine in memory, gone with its last connection."""
    name = f"ledger-{uuid.uuid4().hex}"
    return _engine_of(lambda: connect_empty(name), sa.QueuePool)


def _engine_of(connect: Callable[[], sqlite3.Connection], pool: type[sa.Pool]) -> sa.Engine:
    made = sa.create_engine("sqlite://", creator=connect, poolclass=pool)
    sa.event.listen(made, "begin", _begin)
    return made


def is_there(url: sa.URL) -> bool:
    return url.database is not None and Path(url.database).exists()


def refuse_other_files(url: sa.URL, *, is_known: bool) -> None:
    """Refuse a file that is no ledger.

    Args:
        is_known: the lake names its ledger: an empty file was one that had rows.

    Raises:
        ConfigError: the file is another database, or is empty. Silently made a ledger, an empty one
            had a bill of $0 and no job of those that were out.
    """
    if not is_there(url):
        return
    path = Path(str(url.database))
    if path.is_dir():
        raise SetupError(
            f"the ledger {path} is a folder: move it aside, put a copy of the ledger in its place or "
            "run `semantic-assets init`, then in both cases `semantic-assets recover`"
        )
    if not path.stat().st_size and is_known and not _log_of(path).exists():
        raise SetupError(
            f"the ledger {path} is an empty file, and the lake had one with rows: put a copy in its "
            "place, or delete the file and run `semantic-assets init` and `semantic-assets recover`"
        )
    tables: set[str] = set()
    with (
        suppress(sqlite3.DatabaseError),  # opening it says what is wrong
        closing(connect_reading(path)) as connection,
    ):
        query = "SELECT name FROM sqlite_master WHERE type = 'table'"
        tables = {name for (name,) in connection.execute(query)}
    if tables and "meta" not in tables:
        raise SetupError(
            f"{path} is a SQLite database of something else (it has the table {min(tables)}): set "
            "SEMANTIC_ASSETS_LEDGER_URL or SEMANTIC_ASSETS_ROOT to the ledger's place"
        )


def _log_of(path: Path) -> Path:
    """Return the write-ahead log, which may hold all there is of a ledger just made."""
    return path.with_name(f"{path.name}-wal")


def trouble(url: sa.URL, error: sa.exc.DatabaseError, *, reading: bool) -> str:
    """Say in one line why SQLite did not open a ledger, what is safe, and what to do."""
    path, said = url.database, str(error.orig)
    if "locked" in said:
        return (
            f"the ledger {path} is locked by another process for a minute already; nothing was "
            "changed: end that process, then run this again"
        )
    if "malformed" in said or "not a database" in said:
        return (
            f"the ledger {path} is damaged ({said}); what was paid for is safe in the lake: put a "
            "copy in its place, or move it aside and run `semantic-assets init`, then in both "
            "cases `semantic-assets recover`"
        )
    if reading:
        return (
            f"the ledger {path} cannot be read as it is ({said}), as where a process that wrote it "
            "was killed: run `semantic-assets init` once, where it can be written"
        )
    return (
        f"the ledger {path} cannot be opened ({said}); nothing was changed: see that this user may "
        "write the file and its folder, and that the disk is not full"
    )


def refuse_other_machines(connection: sa.Connection, now: float) -> None:
    """Refuse a ledger that another machine uses.

    Raises:
        ConfigError: a process of another machine holds a lease in this file.
    """
    query = sa.select(lease.c.holder).where(lease.c.expires_at.between(now, now + _LONGEST_SECONDS))
    here = f"{machine_id()}:"
    for holder in connection.execute(query).scalars():
        if holder.count(":") == 3 and not holder.startswith(here):
            raise SetupError(
                f"{holder.split(':')[1]} is another machine and is at work on this SQLite ledger, "
                f"which serves the processes of one: {_REMEDY}, or let it end first (a machine that "
                "was just restarted waits half a minute)"
            )


def _refuse_network(folder: Path, file_system: str | None) -> None:
    if file_system in _NETWORK:
        raise SetupError(
            f"{folder} is on a network file system ({file_system}), where SQLite loses what it "
            f"writes: {_REMEDY}, or put SEMANTIC_ASSETS_ROOT on a disk of this machine"
        )


def _configure(connection: Any, _record: Any) -> None:
    use_wal(connection)
    connection.execute("PRAGMA foreign_keys=ON")


def _begin(connection: sa.Connection) -> None:
    """Begin by the driver itself: by SQLAlchemy it takes as long as a query."""
    options = connection.get_execution_options()
    # A deferred transaction that reads and then writes fails with "database is locked" at any
    # timeout: 2,173 of 2,400 did with eight processes, none with IMMEDIATE.
    statement = "BEGIN" if options.get(READING) else "BEGIN IMMEDIATE"
    driver: Any = connection.connection.driver_connection
    try:
        if not options.get(READING):
            # The level is of the connection, which the next transaction may get.
            driver.execute(f"PRAGMA synchronous={'NORMAL' if options.get(UNSYNCED) else 'FULL'}")
        driver.execute(statement)
    except sqlite3.Error as error:
        raise sa.exc.DBAPIError.instance(statement, None, error, sqlite3.Error) from error
