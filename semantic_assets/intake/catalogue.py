"""The catalogue of a dataset's segments: the segment of each document, rebuilt from the segments.

It holds nothing that they do not: a row is written after its line, and a segment whose size or
time differs from the catalogue's (after a crash, or an edit of the file) is read again.
"""

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from semantic_assets.intake import segments
from semantic_assets.system.durable import make_private
from semantic_assets.system.sqlite import connect_empty, connect_reading, use_wal

_PATIENCE_SECONDS = 60.0
#: Two changes of a folder closer than this may leave it the same time.
_TICK_NS = 50_000_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS document (
    name TEXT PRIMARY KEY, segment INTEGER NOT NULL, digest TEXT NOT NULL,
    bytes INTEGER NOT NULL, stored_at_ns INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS of_segment ON document (segment, stored_at_ns);
CREATE TABLE IF NOT EXISTS measured (
    number INTEGER PRIMARY KEY, bytes INTEGER NOT NULL, written_at_ns INTEGER NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One text in a segment."""

    name: str
    segment: int
    digest: str
    bytes: int
    #: Modification time of the segment after the text was written.
    stored_at_ns: int


class Catalogue:
    """The catalogue of one dataset over one connection, for one thread at a time."""

    def __init__(self, path: Path, folder: Path, *, reading: bool = False) -> None:
        self._folder = folder
        #: The folder's time at the last check of all segments: rewriting a segment changes it.
        self._checked_at_ns: int | None = None
        if reading:
            self._db = _read(path)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(
            make_private(path),
            timeout=_PATIENCE_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        use_wal(self._db)
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the dataset's only write lock; the catalogue is up to date in the block."""
        with _alone_in(self._folder):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._catch_up()
                yield
                self._db.execute("COMMIT")
            except BaseException:
                self._checked_at_ns = None
                if self._db.in_transaction:  # a full disk has ended it already
                    self._db.execute("ROLLBACK")
                raise

    def find(self, names: Sequence[str]) -> dict[str, Entry]:
        found = {}
        for name in names:
            row = self._db.execute("SELECT * FROM document WHERE name = ?", (name,)).fetchone()
            if row is not None:
                found[name] = Entry(*row)
        return found

    def last(self) -> tuple[int, int]:
        """Return (number, bytes) of the segment to append to; (0, 0) before the first."""
        query = "SELECT number, bytes FROM measured ORDER BY number DESC LIMIT 1"
        number, size = self._db.execute(query).fetchone() or (0, 0)
        return int(number), int(size)

    def stored(self, number: int, size: int, lines: Mapping[str, bytes]) -> None:
        """Record that a segment now contains these lines and has this size."""
        now = segments.path_of(self._folder, number).stat().st_mtime_ns
        self._db.executemany(
            "INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?, ?)",
            [
                (name, number, segments.digest_of(line), len(line), now)
                for name, line in lines.items()
            ],
        )
        self._measured(number, size, now)

    def removed(self, number: int, size: int, names: Sequence[str]) -> None:
        now = segments.path_of(self._folder, number).stat().st_mtime_ns
        self._db.executemany("DELETE FROM document WHERE name = ?", [(name,) for name in names])
        self._measured(number, size, now)

    def entries(self) -> list[Entry]:
        with self.writing():
            rows = self._db.execute("SELECT * FROM document ORDER BY name").fetchall()
        return [Entry(*row) for row in rows]

    def count_since(self, number: int, moment_ns: int) -> int:
        """Count the documents stored in a segment after a time of it."""
        query = "SELECT count(*) FROM document WHERE segment = ? AND stored_at_ns > ?"
        return int(self._db.execute(query, (number, moment_ns)).fetchone()[0])

    def _measured(self, number: int, size: int, now: int) -> None:
        self._db.execute("INSERT OR REPLACE INTO measured VALUES (?, ?, ?)", (number, size, now))

    def _catch_up(self) -> None:
        """Read changed segments again; check all after a rewrite, else only the last."""
        number, size = self.last()
        changed_at_ns = _stat(self._folder)[1]
        is_last_known = _stat(segments.path_of(self._folder, number))[0] == size
        if self._checked_at_ns == changed_at_ns and is_last_known:
            return
        rows = self._db.execute("SELECT * FROM measured").fetchall()
        recorded = {number: (size, at) for number, size, at in rows}
        there = segments.numbers(self._folder)
        for number in sorted(recorded.keys() | there.keys()):
            if recorded.get(number) != there.get(number):
                self._read_again(number)
        is_settled = time.time_ns() - changed_at_ns > _TICK_NS
        self._checked_at_ns = changed_at_ns if is_settled else None

    def _read_again(self, number: int) -> None:
        self._db.execute("DELETE FROM document WHERE segment = ?", (number,))
        self._db.execute("DELETE FROM measured WHERE number = ?", (number,))
        path = segments.path_of(self._folder, number)
        if path.exists():
            lines = segments.mended_lines(path)
            names = {segments.name_of(line, path): line for line in lines}
            self.stored(number, path.stat().st_size, names)


def _read(path: Path) -> sqlite3.Connection:
    """Open it for reading; an empty one where it cannot be read."""
    with suppress(sqlite3.OperationalError):
        return connect_reading(path)
    empty = connect_empty()
    empty.executescript(_SCHEMA)
    return empty


def _stat(path: Path) -> tuple[int, int]:
    """Return size and modification time; zeros if the path is missing."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return 0, 0
    return stat.st_size, stat.st_mtime_ns


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Lock the folder, also against another lake over the same sources with its own catalogue."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        yield
        return
    try:
        with suppress(OSError):  # a network file system may have no such locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
