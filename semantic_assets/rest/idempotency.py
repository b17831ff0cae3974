"""Stored answers to requests with an Idempotency-Key: a repeated request gets the same."""

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from semantic_assets.rest.problems import Problem
from semantic_assets.system.durable import is_writable
from semantic_assets.system.presence import Presence, is_present
from semantic_assets.system.sqlite import open_private

KEPT_SECONDS = 24 * 3600.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS replay (
    key TEXT PRIMARY KEY, asked TEXT NOT NULL, at REAL NOT NULL, status INTEGER, body TEXT,
    holder TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID
"""
#: A file of an earlier version has no holders.
_ADD_HOLDER = "ALTER TABLE replay ADD COLUMN holder TEXT NOT NULL DEFAULT ''"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    #: JSON.
    body: str
    is_replayed: bool = False


class Replays:
    """The stored answers, kept for a day beside the lake, so that a restart does not lose them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    @cached_property
    def _db(self) -> sqlite3.Connection:
        """Opened with the first key: a server that is only read from writes nothing."""
        if not is_writable(self._path.parent):
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE, "the lake is read-only: nothing was changed"
            )
        opened = open_private(self._path, _SCHEMA)
        with suppress(sqlite3.OperationalError):  # it is there
            opened.execute(_ADD_HOLDER)
        return opened

    @cached_property
    def _presence(self) -> Presence:
        return Presence(self._path.parent)

    def close(self) -> None:
        if "_db" in self.__dict__:
            self._db.close()
        if "_presence" in self.__dict__:
            self._presence.end()

    def once(
        self, key: str | None, caller: str, asked: str, answer: Callable[[], Answer]
    ) -> Answer:
        """Return the stored answer if this caller made this request under the key, else answer it.

        Raises:
            Problem: the key was used for another request, or is being answered now.
        """
        if key is None:
            return answer()
        name = sha256(f"{caller}\x1f{key}".encode(errors="surrogatepass")).hexdigest()
        before = self._begin(name, asked)
        if before is not None:
            return before
        try:
            done = answer()
        except BaseException:
            self._forget(name)
            raise
        with self._lock:
            self._db.execute(
                "UPDATE replay SET status = ?, body = ? WHERE key = ?",
                (done.status, done.body, name),
            )
        return done

    def _begin(self, name: str, asked: str) -> Answer | None:
        now = time.time()
        with self._lock:
            self._db.execute("DELETE FROM replay WHERE at < ?", (now - KEPT_SECONDS,))
            self._forget_killed(name)
            made = self._db.execute(
                "INSERT INTO replay VALUES (?, ?, ?, NULL, NULL, ?) "
                "ON CONFLICT DO NOTHING RETURNING 1",
                (name, asked, now, self._presence.name),
            ).fetchone()
            if made:
                return None
            found = self._db.execute(
                "SELECT asked, status, body FROM replay WHERE key = ?", (name,)
            ).fetchone()
        if found[0] != asked:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY, "this Idempotency-Key was used for another request"
            )
        if found[1] is None:
            raise Problem(
                HTTPStatus.CONFLICT,
                "the request of this Idempotency-Key is being answered: ask again",
            )
        return Answer(found[1], found[2], is_replayed=True)

    def _forget_killed(self, name: str) -> None:
        """Forget a request whose server was killed: asked again, it sends and stores nothing twice.

        Another server on the same lake may be answering it.
        """
        query = "SELECT holder FROM replay WHERE key = ? AND status IS NULL"
        for (by,) in self._db.execute(query, (name,)).fetchall():
            if not by or not is_present(self._path.parent, by):
                self._db.execute(
                    "DELETE FROM replay WHERE key = ? AND status IS NULL AND holder = ?", (name, by)
                )

    def _forget(self, name: str) -> None:
        with self._lock:
            self._db.execute("DELETE FROM replay WHERE key = ? AND status IS NULL", (name,))
