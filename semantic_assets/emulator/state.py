"""The state directory: one SQLite file for facts, plain files for bytes.

Any number of servers, threads or processes, may have it open. Nothing is kept in memory between
two requests. Not here: what the rows mean.
"""

import json
import os
import queue
import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS call (endpoint TEXT PRIMARY KEY, count INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS upload (
    upload_id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    file_id TEXT NOT NULL,
    display_name TEXT,
    mime_type TEXT NOT NULL,
    received_bytes INTEGER NOT NULL DEFAULT 0,
    is_final INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS file (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    file_id TEXT NOT NULL,
    owner TEXT NOT NULL,
    display_name TEXT,
    mime_type TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    blob TEXT NOT NULL,
    created_at REAL NOT NULL,
    expires_at REAL NOT NULL,
    deleted_at REAL
);
CREATE INDEX IF NOT EXISTS file_by_id ON file (file_id);
CREATE TABLE IF NOT EXISTS job (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    kind TEXT NOT NULL,            -- embed | generate
    model TEXT NOT NULL,
    display_name TEXT,
    source_file TEXT,              -- NULL: the requests came inlined
    blob TEXT NOT NULL,
    request_count INTEGER NOT NULL,
    token_count INTEGER NOT NULL,
    invalid_lines TEXT NOT NULL,   -- JSON list of line numbers that get an error line
    created_at REAL NOT NULL,
    starts_at REAL NOT NULL,       -- PENDING before
    ends_at REAL NOT NULL,         -- RUNNING before, end_state from then on
    end_state TEXT NOT NULL,
    served_count INTEGER,          -- NULL: all of them
    error_code INTEGER,
    error_message TEXT,
    listed_from REAL,              -- NULL: at once
    deleted_at REAL,               -- may lie in the future
    lingers_seconds REAL NOT NULL DEFAULT 0, -- so long its tokens stay enqueued after its end
    faults TEXT NOT NULL,          -- JSON list of the faults it was born with
    output_prefix TEXT             -- of the Agent Platform: where its output folder is made
);
CREATE INDEX IF NOT EXISTS job_by_owner ON job (owner, ends_at);
CREATE TABLE IF NOT EXISTS fault (
    name TEXT PRIMARY KEY,
    parameters TEXT NOT NULL,      -- JSON
    remaining INTEGER,             -- NULL: any number of firings
    until REAL,                    -- NULL: until disarmed
    fired INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS tally (name TEXT PRIMARY KEY, count INTEGER NOT NULL);
-- The files that requests of a job name; the bytes stay readable unless lost before its end.
CREATE TABLE IF NOT EXISTS media_use (
    job_id TEXT NOT NULL,
    file_id TEXT NOT NULL,
    file_sequence INTEGER NOT NULL,
    lines TEXT NOT NULL,           -- JSON list of the lines that name it
    is_lost INTEGER NOT NULL,
    PRIMARY KEY (job_id, file_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS media_use_by_file ON media_use (file_sequence);
-- What bytes show, by their hash: the looks of `media.py`, computed once.
CREATE TABLE IF NOT EXISTS look (
    sha256 TEXT NOT NULL,
    mime_type TEXT NOT NULL,
    look TEXT NOT NULL,            -- JSON; null: not to be decoded
    PRIMARY KEY (sha256, mime_type)
) WITHOUT ROWID;
-- What ended generation jobs cost, counted when somebody first asks.
CREATE TABLE IF NOT EXISTS generation_cost (
    job_id TEXT PRIMARY KEY,
    paid INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL
);
-- Jobs whose answers are written into their bucket, or begun to be.
CREATE TABLE IF NOT EXISTS delivery (job_id TEXT PRIMARY KEY, is_whole INTEGER NOT NULL);
-- Texts that an armed transient-error-lines has seen.
CREATE TABLE IF NOT EXISTS seen_text (digest BLOB PRIMARY KEY) WITHOUT ROWID;
"""
# Columns that a state directory of an earlier version lacks.
_ADDED_COLUMNS = (
    ("job", "listed_from REAL"),
    ("job", "faults TEXT NOT NULL DEFAULT '[]'"),
    ("job", "lingers_seconds REAL NOT NULL DEFAULT 0"),
    ("job", "output_prefix TEXT"),
    ("fault", "until REAL"),
)

_OPEN_ATTEMPTS = 100


class State:
    """An opened state directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._blobs = directory / "blobs"
        self._blobs.mkdir(parents=True, exist_ok=True)
        self._path = directory / "emulator.sqlite"
        # Texts are in it: its owner alone may read them.
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._prepare()

    def _prepare(self) -> None:
        connection = self._connect()
        # Two processes that turn one new file to WAL collide without waiting for each other.
        for attempt in range(1, _OPEN_ATTEMPTS + 1):
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.executescript(_SCHEMA)
                _add_columns(connection)
                break
            except sqlite3.OperationalError:
                if attempt == _OPEN_ATTEMPTS:
                    raise
                time.sleep(0.05)
        connection.execute(
            "INSERT OR IGNORE INTO setting VALUES ('salt', ?)", [json.dumps(secrets.token_hex(16))]
        )
        self._idle.put(connection)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=60, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        # A killed process loses nothing; only a power cut could, and this is a test double.
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection; each statement stands alone."""
        try:
            connection = self._idle.get_nowait()
        except queue.Empty:
            connection = self._connect()
        try:
            yield connection
        finally:
            self._idle.put(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection inside one BEGIN IMMEDIATE transaction; an exception rolls it back."""
        with self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close the idle connections."""
        with suppress(queue.Empty):
            while True:
                self._idle.get_nowait().close()

    def owner_of(self, api_key: str) -> str:
        """Return the keyed hash that stands for a key in every row, so a key is never written."""
        with self.reading() as db:
            salt = str(read_setting(db, "salt", default=""))
        return blake2b(api_key.encode(), key=salt.encode(), digest_size=16).hexdigest()

    def count_call(self, endpoint: str) -> None:
        """Add one to the calls of an endpoint."""
        with self.reading() as db:
            db.execute(
                "INSERT INTO call VALUES (?, 1) ON CONFLICT DO UPDATE SET count = count + 1",
                [endpoint],
            )

    def add_to_tally(self, name: str, number: int) -> None:
        """Add a number to a tally of evidence that is not a call."""
        with self.reading() as db:
            db.execute(
                "INSERT INTO tally VALUES (?, ?)"
                " ON CONFLICT DO UPDATE SET count = count + excluded.count",
                [name, number],
            )

    def blob_path(self, blob: str) -> Path:
        """Return the path of a blob's bytes."""
        return self._blobs / blob

    def store_blob(self, pieces: Iterable[bytes]) -> str:
        """Write bytes under a new name, whole or not at all, and return the name."""
        blob = secrets.token_hex(16)
        partial = self.blob_path(f"{blob}.part")
        with os.fdopen(os.open(partial, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as out:
            out.writelines(pieces)
        partial.rename(self.blob_path(blob))
        return blob

    def write_part(self, blob: str, offset: int, data: bytes) -> None:
        """Put bytes at an offset of a blob that is still being uploaded."""
        descriptor = os.open(self.blob_path(f"{blob}.part"), os.O_CREAT | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.seek(offset)
            out.write(data)
            out.truncate()

    def seal_part(self, blob: str) -> Path:
        """Give an uploaded blob its final name and return its path."""
        return self.blob_path(f"{blob}.part").rename(self.blob_path(blob))


def _add_columns(db: sqlite3.Connection) -> None:
    for table, column in _ADDED_COLUMNS:
        known = {row["name"] for row in db.execute(f"PRAGMA table_info({table})")}
        if column.split()[0] not in known:
            db.execute(f"ALTER TABLE {table} ADD COLUMN {column}")


def read_setting(db: sqlite3.Connection, name: str, *, default: Any) -> Any:
    """Return a stored setting, or the default where none is stored."""
    row = db.execute("SELECT value FROM setting WHERE name = ?", [name]).fetchone()
    return default if row is None else json.loads(row["value"])


def write_setting(db: sqlite3.Connection, name: str, value: Any) -> None:
    """Store a setting for every server on this state directory."""
    db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", [name, json.dumps(value)])
