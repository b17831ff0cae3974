"""The catalogue of a dataset's segments: which document is where. Rebuilt from the segments.

It says nothing that they do not: its row comes after the line, and where a segment is not as large
as it says (a crash came between, or somebody edited the file) that segment is read again.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from semantic_assets.intake import segments
from semantic_assets.sqlite import use_wal

_PATIENCE_SECONDS = 60.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS document (
    name TEXT PRIMARY KEY, segment INTEGER NOT NULL, digest TEXT NOT NULL,
    bytes INTEGER NOT NULL, stored_at_ns INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS of_segment ON document (segment, stored_at_ns);
CREATE TABLE IF NOT EXISTS segment (number INTEGER PRIMARY KEY, bytes INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One text that is in a segment."""

    name: str
    segment: int
    digest: str
    bytes: int
    #: The time of its segment after it was written.
    stored_at_ns: int


class Catalogue:
    """One connection; a thread at a time."""

    def __init__(self, path: Path, folder: Path) -> None:
        self._folder, self._is_checked = folder, False
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(
            path, timeout=_PATIENCE_SECONDS, isolation_level=None, check_same_thread=False
        )
        use_wal(self._db)
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """The one writer of the dataset's segments, over all processes; they are as recorded."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._catch_up()
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def find(self, names: Sequence[str]) -> dict[str, Entry]:
        found = {}
        for name in names:
            row = self._db.execute("SELECT * FROM document WHERE name = ?", (name,)).fetchone()
            if row is not None:
                found[name] = Entry(*row)
        return found

    def last(self) -> tuple[int, int]:
        """(number, bytes) of the segment that is appended to; (0, 0) before the first."""
        query = "SELECT number, bytes FROM segment ORDER BY number DESC LIMIT 1"
        number, size = self._db.execute(query).fetchone() or (0, 0)
        return int(number), int(size)

    def stored(self, number: int, size: int, lines: Mapping[str, bytes]) -> None:
        """These lines are in a segment now, which has this size."""
        now = segments.path_of(self._folder, number).stat().st_mtime_ns
        self._db.executemany(
            "INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?, ?)",
            [
                (name, number, segments.digest_of(line), len(line), now)
                for name, line in lines.items()
            ],
        )
        self._measured(number, size)

    def removed(self, number: int, size: int, names: Sequence[str]) -> None:
        self._db.executemany("DELETE FROM document WHERE name = ?", [(name,) for name in names])
        self._measured(number, size)

    def entries(self) -> list[Entry]:
        with self.writing():
            rows = self._db.execute("SELECT * FROM document ORDER BY name").fetchall()
        return [Entry(*row) for row in rows]

    def count_since(self, number: int, moment_ns: int) -> int:
        """Documents of a segment that were stored after a time of it."""
        query = "SELECT count(*) FROM document WHERE segment = ? AND stored_at_ns > ?"
        return int(self._db.execute(query, (number, moment_ns)).fetchone()[0])

    def _measured(self, number: int, size: int) -> None:
        self._db.execute("INSERT OR REPLACE INTO segment VALUES (?, ?)", (number, size))

    def _catch_up(self) -> None:
        """All segments at first, then the last: nothing else is appended to."""
        number, size = self.last()
        path = segments.path_of(self._folder, number)
        if self._is_checked and _size(path) == size:
            return
        recorded = dict(self._db.execute("SELECT number, bytes FROM segment").fetchall())
        there = segments.numbers(self._folder)
        for number in sorted(recorded.keys() | there.keys()):
            if recorded.get(number) != there.get(number):
                self._read_again(number)
        self._is_checked = True

    def _read_again(self, number: int) -> None:
        self._db.execute("DELETE FROM document WHERE segment = ?", (number,))
        self._db.execute("DELETE FROM segment WHERE number = ?", (number,))
        path = segments.path_of(self._folder, number)
        if path.exists():
            lines = segments.mended_lines(path)
            names = {segments.name_of(line): line for line in lines}
            self.stored(number, path.stat().st_size, names)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
