"""SQLite connections: with a write-ahead log, or for reading, which leaves the files as they are."""

import os
import sqlite3
import threading
import time
import uuid
from pathlib import Path

from semantic_assets.system.durable import make_private

_PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 0.02
_READ_WRITE, _UNCHANGING = "mode=rw", "mode=ro&immutable=1"


def use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL. The switch ignores the busy time-out (8 of 2,000 first openings failed).

    Raises:
        sqlite3.OperationalError: it was still locked after a minute.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def open_private(path: Path, schema: str) -> sqlite3.Connection:
    """Open a database that its owner alone can read, for several threads; make its tables."""
    path.parent.mkdir(parents=True, exist_ok=True)
    opened = sqlite3.connect(
        make_private(path),
        timeout=_PATIENCE_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    use_wal(opened)
    opened.executescript(schema)
    return opened


def connect_reading(path: Path) -> sqlite3.Connection:
    """Open a database that may lie in a place nobody can write to, and change nothing there.

    Raises:
        sqlite3.OperationalError: it cannot be read like this: the place cannot be written, and a
            writer left its log there without the file that indexes it.
    """
    uri, mode = path.absolute().as_uri(), _mode(path)
    try:
        return _connected(f"{uri}?{mode}")
    except sqlite3.OperationalError:
        if mode != _READ_WRITE:
            raise
        # No room for its shared memory: the disk is full, and nobody else writes there either.
        return _connected(f"{uri}?{_UNCHANGING}")


class ChangeCounter:
    """A number that stands still for as long as nobody commits to a database, whoever it is."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def __call__(self) -> int | None:
        """Return the number; None: it cannot be known here, so that something may have changed."""
        with self._lock:
            try:
                self._connection = self._connection or self._connect()
                found: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
            except sqlite3.OperationalError:
                return None
            return found

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _connect(self) -> sqlite3.Connection:
        """Open a connection that never writes: what itself commits it does not count.

        Raises:
            sqlite3.OperationalError: only as `immutable`, which does not look for changes.
        """
        mode = _mode(self._path)
        if mode == _UNCHANGING:
            raise sqlite3.OperationalError("nobody can write there")
        return _connected(f"{self._path.absolute().as_uri()}?{mode}")


def connect_empty(name: str = "") -> sqlite3.Connection:
    """Open a database of no file; connections by one name share it while one of them is open."""
    return _connected(f"file:{name or uuid.uuid4().hex}?mode=memory&cache=shared", is_read=False)


def can_be_written(path: Path) -> bool:
    """Whether a file and its folder can be written to by this process."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _mode(path: Path) -> str:
    """Choose how to open a WAL database without leaving a trace; tried with SQLite 3.40.

    With something in the log only `ro` leaves log and database alone: `rw` moves the log into the
    database when it closes, and `immutable` does not see what is in the log.
    With nothing in the log, `ro` makes a log and a shared-memory file and leaves them behind, or
    fails where it cannot make them. `rw` takes both away again when it closes, and is safe beside
    a writer that comes meanwhile. `immutable` makes neither; it looks for no other process, so it
    is for places that cannot be written to.
    """
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        return "mode=ro"
    return _READ_WRITE if can_be_written(path) else _UNCHANGING


def _connected(uri: str, *, is_read: bool = True) -> sqlite3.Connection:
    connection = sqlite3.connect(
        uri, uri=True, timeout=_PATIENCE_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        if is_read:
            connection.execute("PRAGMA query_only=ON")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection
