"""The ledger in a SQLite file, for processes of one machine, on a disk of that machine."""

import sqlite3
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from semantic_assets.errors import ConfigError
from semantic_assets.ledger.database.schema import lease
from semantic_assets.system.machine import file_system_of, machine_id
from semantic_assets.system.sqlite import can_be_written, connect_empty, connect_reading, use_wal

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
    made = sa.create_engine(url, connect_args={"timeout": 60, "isolation_level": None})
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


def empty_engine() -> sa.Engine:
    """Return an engine in memory, gone with its last connection."""
    name = f"ledger-{uuid.uuid4().hex}"
    return _engine_of(lambda: connect_empty(name), sa.QueuePool)


def _engine_of(connect: Callable[[], sqlite3.Connection], pool: type[sa.Pool]) -> sa.Engine:
    made = sa.create_engine("sqlite://", creator=connect, poolclass=pool)
    sa.event.listen(made, "begin", _begin)
    return made


def is_there(url: sa.URL) -> bool:
    return url.database is not None and Path(url.database).is_file()


def refuse_other_machines(connection: sa.Connection, now: float) -> None:
    """Refuse a ledger that another machine uses.

    Raises:
        ConfigError: a process of another machine holds a lease in this file.
    """
    query = sa.select(lease.c.holder).where(lease.c.expires_at >= now)
    here = f"{machine_id()}:"
    for holder in connection.execute(query).scalars():
        if holder.count(":") == 3 and not holder.startswith(here):
            raise ConfigError(
                f"{holder.split(':')[1]} is another machine and is at work on this SQLite ledger, "
                f"which serves the processes of one: {_REMEDY}, or let it end first (a machine that "
                "was just restarted waits half a minute)"
            )


def _refuse_network(folder: Path, file_system: str | None) -> None:
    if file_system in _NETWORK:
        raise ConfigError(
            f"{folder} is on a network file system ({file_system}), where SQLite loses what it "
            f"writes: {_REMEDY}, or put SEMANTIC_ASSETS_ROOT on a disk of this machine"
        )


def _configure(connection: Any, _record: Any) -> None:
    use_wal(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    # A deferred transaction that reads and then writes fails with "database is locked" at any
    # timeout: 2,173 of 2,400 did with eight processes, none with IMMEDIATE.
    reading = connection.get_execution_options().get("semantic_assets_reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
