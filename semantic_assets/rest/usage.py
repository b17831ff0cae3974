"""What each key has used: its requests of the minute, its bytes of the day and its datasets."""

import sqlite3
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Self

from semantic_assets.lake.lake import Lake
from semantic_assets.model.keys import DatasetKey
from semantic_assets.rest.api_keys import ApiKey
from semantic_assets.rest.problems import Problem
from semantic_assets.system.durable import is_writable
from semantic_assets.system.sqlite import connect_reading, open_private

_MINUTE = 60.0
#: The last use of a key is noted about so often.
_NOTE_SECONDS = 60.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (key_id TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS minute (
    key_id TEXT PRIMARY KEY, began REAL NOT NULL, requests INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bytes (
    key_id TEXT, day TEXT, bytes INTEGER NOT NULL, PRIMARY KEY (key_id, day)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dataset (
    key_id TEXT, dataset TEXT, PRIMARY KEY (key_id, dataset)
) WITHOUT ROWID;
"""


#: A minute that began in the future was begun under another clock.
_IN_MINUTE = f"?2 >= began AND ?2 - began < {_MINUTE}"
_COUNT_REQUEST = f"""
INSERT INTO minute VALUES (?1, ?2, 1) ON CONFLICT DO UPDATE SET
    requests = CASE WHEN {_IN_MINUTE} THEN requests + 1 ELSE 1 END,
    began = CASE WHEN {_IN_MINUTE} THEN began ELSE ?2 END
RETURNING began, requests
"""


class Usage:
    """The use of the keys of one lake; several servers and workers share its file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._noted: dict[str, float] = {}

    @classmethod
    def of(cls, lake: Lake) -> Self:
        return cls(lake.path("rest/usage.sqlite3"))

    def close(self) -> None:
        for name in {"_db", "_minutes"} & self.__dict__.keys():
            self.__dict__[name].close()

    def count_request(self, key: ApiKey) -> None:
        """Count a request, and note now and then when the key was used.

        Raises:
            Problem: the key has had its requests of this minute.
        """
        now = time.monotonic()
        with self._lock:
            is_due = now - self._noted.get(key.key_id, -_NOTE_SECONDS) >= _NOTE_SECONDS
            if is_due:
                self._noted[key.key_id] = now
        if is_due and is_writable(self._path.parent):
            self._run("INSERT OR REPLACE INTO seen VALUES (?, ?)", (key.key_id, time.time()))
        most = key.quota.requests_per_minute
        if most is None:
            return
        with self._lock:
            began, count = self._minutes.execute(
                _COUNT_REQUEST, (key.key_id, time.time())
            ).fetchone()
        if count > most:
            left = int(began + _MINUTE - time.time()) + 1
            raise _over(f"this key may make {most} requests a minute", left)

    def require_room(self, key: ApiKey, told: int) -> None:
        """Refuse a body of so many bytes before it is received.

        Raises:
            Problem: it is more than is left to the key today.
        """
        most = key.quota.upload_bytes_per_day
        if most is not None and self._bytes(key) + told > most:
            raise _over_bytes(most)

    def count_bytes(self, key: ApiKey, received: int) -> None:
        """Count what was received of a body; several requests share what is left.

        Raises:
            Problem: it is more than was left to the key today.
        """
        most = key.quota.upload_bytes_per_day
        if most is None or not received:
            return
        rows = self._run(
            "INSERT INTO bytes VALUES (?, ?, ?) ON CONFLICT DO UPDATE "
            "SET bytes = bytes + excluded.bytes RETURNING bytes",
            (key.key_id, _today(), received),
        )
        if rows[0][0] > most:
            raise _over_bytes(most)

    def claim_dataset(self, key: ApiKey, dataset: DatasetKey) -> None:
        """Note that a key stores into a dataset.

        Raises:
            Problem: it is one more than the key may store into.
        """
        most = key.quota.datasets
        if most is None:
            return
        self._run(
            "INSERT OR IGNORE INTO dataset SELECT ?1, ?2 "
            "WHERE (SELECT count(*) FROM dataset WHERE key_id = ?1) < ?3",
            (key.key_id, str(dataset), most),
        )
        query = "SELECT 1 FROM dataset WHERE key_id = ? AND dataset = ?"
        if not self._run(query, (key.key_id, str(dataset))):
            raise Problem(
                HTTPStatus.FORBIDDEN,
                f"this key may store into {most} datasets, and {dataset} would be one more: ask the "
                "operator for a key with a larger --datasets",
            )

    def last_used(self) -> dict[str, float]:
        """Return when each key was last used, to about a minute, in epoch seconds."""
        if not self._path.exists():
            return {}
        reading = connect_reading(self._path)
        try:
            return dict(reading.execute("SELECT key_id, at FROM seen").fetchall())
        finally:
            reading.close()

    def _bytes(self, key: ApiKey) -> int:
        query = "SELECT bytes FROM bytes WHERE key_id = ? AND day = ?"
        rows = self._run(query, (key.key_id, _today()))
        return int(rows[0][0]) if rows else 0

    def _run(self, query: str, values: Sequence[object]) -> list[tuple[int]]:
        with self._lock:
            return self._db.execute(query, values).fetchall()

    @cached_property
    def _db(self) -> sqlite3.Connection:
        """Opened with the first use to note: a server that is only read from writes nothing."""
        if not is_writable(self._path.parent):
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE, "the lake is read-only: nothing was changed"
            )
        opened = open_private(self._path, _SCHEMA)
        # A power cut may lose the last counts, and each request does not wait for the disk.
        opened.execute("PRAGMA synchronous=NORMAL")
        return opened

    @cached_property
    def _minutes(self) -> sqlite3.Connection:
        """Counted in memory where nothing can be written."""
        if is_writable(self._path.parent):
            return self._db
        counting = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        counting.executescript(_SCHEMA)
        return counting


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


def _over_bytes(most: int) -> Problem:
    tomorrow = 86_400 - int(time.time()) % 86_400
    return _over(f"this key may upload {most} bytes a day (UTC)", tomorrow)


def _over(what: str, seconds: int) -> Problem:
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        f"{what}: ask again in {seconds} s",
        {"Retry-After": str(seconds)},
    )
