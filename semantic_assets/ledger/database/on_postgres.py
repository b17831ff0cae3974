"""The ledger in Postgres, for processes of any number of machines.

Writing transactions run one after the other, as on SQLite: each first takes a lock on the
ledger's schema. A decision based on a read (the window's sum, a fence, the last shard) then still
holds when it is written. They are a few statements each; a fleet writes some tens a second.
"""

import time
from typing import Any

import sqlalchemy as sa

from semantic_assets.errors import SetupError
from semantic_assets.ledger.database.on_sqlite import READING

#: One statement: a writer that stops in the middle must not block all others for ever.
_LOCK = sa.text(
    "SELECT set_config('lock_timeout', '60s', true), "
    "set_config('idle_in_transaction_session_timeout', '60s', true), "
    "pg_advisory_xact_lock(hashtext('semantic_assets'), hashtext(current_schema()))"
)
#: A process rarely needs two connections at once; a fleet has many processes.
_KEPT, _MORE, _RECYCLE_SECONDS = 2, 8, 1_800
_IDLE_SECONDS = 0.2


def engine(url: sa.URL) -> sa.Engine:
    """Return an engine for a ledger in Postgres.

    Raises:
        ConfigError: the driver is not installed.
    """
    try:
        made = sa.create_engine(
            url,
            pool_size=_KEPT,
            max_overflow=_MORE,
            pool_recycle=_RECYCLE_SECONDS,
            # Not the server's default: after the lock, the other writers' changes must be visible.
            isolation_level="READ COMMITTED",
            connect_args=_arguments(url),
        )
    except ImportError as error:
        raise SetupError(
            "the ledger is in Postgres: install its driver with "
            "`pip install semantic-assets[postgres]`"
        ) from error
    sa.event.listen(made, "begin", _begin)
    sa.event.listen(made, "checkin", _note_use)
    sa.event.listen(made, "checkout", _try_idle)
    return made


def reading_engine(url: sa.URL) -> sa.Engine:
    """Return the same engine: each transaction tells the server that it only reads."""
    return engine(url)


def change_counter(_url: sa.URL) -> None:
    """Return none: one question to the server costs no more than asking whether it is due."""


def _note_use(_connection: Any, record: Any) -> None:
    record.info["used_at"] = time.monotonic()


def _try_idle(connection: Any, record: Any, _proxy: Any) -> None:
    """Check a connection that lay idle; if it is dead, the pool makes another.

    A ping before each read would be a fourth round trip, and a tick makes dozens of reads in a row.
    """
    if time.monotonic() - record.info.get("used_at", time.monotonic()) < _IDLE_SECONDS:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except Exception as error:
        raise sa.exc.DisconnectionError from error


def is_there(url: sa.URL) -> bool:
    made = engine(url)
    try:
        return sa.inspect(made).has_table("meta")
    finally:
        made.dispose()


def _arguments(url: sa.URL) -> dict[str, object]:
    """Return the connection arguments; prepared statements are off, as PgBouncer breaks them."""
    found: dict[str, object] = {
        "connect_timeout": 10,
        "application_name": "semantic_assets",
        # If the network drops all packets, a heartbeat must fail before its lease has expired.
        "keepalives_idle": 5,
        "keepalives_interval": 5,
        "keepalives_count": 2,
        "tcp_user_timeout": 15_000,
    }
    if url.get_driver_name() == "psycopg":
        found["prepare_threshold"] = None
    return {name: value for name, value in found.items() if name not in url.query}


def _begin(connection: sa.Connection) -> None:
    if not connection.get_execution_options().get(READING):
        connection.execute(_LOCK)
