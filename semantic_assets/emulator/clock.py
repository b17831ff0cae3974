"""The clock that all servers on a state directory share: real, shifted, or frozen."""

import sqlite3
import time

from semantic_assets.emulator.state import read_setting, write_setting

_OFFSET = "clock_offset_seconds"
_FROZEN = "clock_frozen_at"


def now(db: sqlite3.Connection) -> float:
    """Return the seconds since 1970 by the stored clock."""
    frozen = read_setting(db, _FROZEN, default=None)
    if frozen is not None:
        return float(frozen)
    return time.time() + float(read_setting(db, _OFFSET, default=0.0))


def is_frozen(db: sqlite3.Connection) -> bool:
    """Return whether the clock stands still."""
    return read_setting(db, _FROZEN, default=None) is not None


def advance(db: sqlite3.Connection, seconds: float) -> None:
    """Move the clock by `seconds`, running or frozen; negative seconds move it back."""
    if is_frozen(db):
        write_setting(db, _FROZEN, now(db) + seconds)
    else:
        write_setting(db, _OFFSET, float(read_setting(db, _OFFSET, default=0.0)) + seconds)


def freeze(db: sqlite3.Connection) -> None:
    """Stop the clock where it is."""
    write_setting(db, _FROZEN, now(db))


def unfreeze(db: sqlite3.Connection) -> None:
    """Let the clock run on from where it stands."""
    if is_frozen(db):
        write_setting(db, _OFFSET, now(db) - time.time())
        write_setting(db, _FROZEN, None)
