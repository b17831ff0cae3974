"""Which text has which outcomes, and in which results file: one SQLite file per space.

A cache of the results directory and nothing else: it lists the files it covers, is compared with
the directory before any planning, and can be deleted at any time. Its cost follows the batch: a
lookup touches the asked keys, an insertion the new ones.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS file (
  file_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE IF NOT EXISTS outcome (
  text_hash BLOB NOT NULL, file_id INTEGER NOT NULL, position INTEGER NOT NULL,
  outcome INTEGER NOT NULL, PRIMARY KEY (text_hash, file_id)
) STRICT, WITHOUT ROWID;
"""


class OutcomeCode(IntEnum):
    """How one text of one job ended."""

    OK = 0
    PERMANENT = 1
    TRANSIENT = 2
    MISSING = 3
    EXPIRED = 4


@dataclass(frozen=True, slots=True)
class Landed:
    """All known of one text: where its vector is, or how often and how it failed."""

    job_id: str | None
    position: int
    attempts: int
    is_permanent: bool
    last_error: tuple[str, int] | None

    def is_failed(self, max_attempts: int) -> bool:
        return self.job_id is None and (self.is_permanent or self.attempts >= max_attempts)


@dataclass(frozen=True, slots=True)
class KeyIndex:
    path: Path

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, timeout=60, isolation_level=None)) as connection:
            # Rebuildable: a lost transaction costs a re-read of one results file.
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.executescript(_SCHEMA)
            yield connection

    def covered(self) -> set[str]:
        """Names of the results files whose keys are in here."""
        with self._connected() as connection:
            return {name for (name,) in connection.execute("SELECT name FROM file")}

    def add(self, name: str, keys: Sequence[str], outcomes: Sequence[OutcomeCode]) -> None:
        """Cover one results file; a second time changes nothing."""
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            cursor = connection.execute(
                "INSERT INTO file (name) VALUES (?) ON CONFLICT DO NOTHING", (name,)
            )
            if cursor.rowcount:
                rows = (
                    (bytes.fromhex(key), cursor.lastrowid, position, int(outcome))
                    for position, (key, outcome) in enumerate(zip(keys, outcomes, strict=True))
                )
                # Sorted, so that a large index is touched page by page and not all over.
                connection.executemany("INSERT INTO outcome VALUES (?, ?, ?, ?)", sorted(rows))
            connection.execute("COMMIT")

    def forget(self, names: Sequence[str]) -> None:
        """Results files that are gone from the directory no longer count."""
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            for name in names:
                found = connection.execute("SELECT file_id FROM file WHERE name = ?", (name,))
                for (file_id,) in found.fetchall():
                    connection.execute("DELETE FROM outcome WHERE file_id = ?", (file_id,))
                    connection.execute("DELETE FROM file WHERE file_id = ?", (file_id,))
            connection.execute("COMMIT")

    def look_up(self, keys: Sequence[str]) -> dict[str, Landed]:
        """What is known of these texts; texts nobody answered yet are absent."""
        with self._connected() as connection:
            connection.execute("PRAGMA temp_store=MEMORY")
            connection.execute("CREATE TEMP TABLE asked (text_hash BLOB PRIMARY KEY) WITHOUT ROWID")
            connection.executemany(
                "INSERT OR IGNORE INTO asked VALUES (?)", ((bytes.fromhex(key),) for key in keys)
            )
            rows = connection.execute(
                "SELECT lower(hex(o.text_hash)), f.name, o.position, o.outcome "
                "FROM asked a JOIN outcome o USING (text_hash) JOIN file f USING (file_id) "
                "ORDER BY o.text_hash, f.name"
            )
            return _folded(rows)


def _folded(rows: Iterator[tuple[str, str, int, int]]) -> dict[str, Landed]:
    """One entry for each text. Rows come by name, so the lowest job_id's vector stands first."""
    known: dict[str, Landed] = {}
    for key, name, position, outcome in rows:
        job_id = name.removesuffix(".parquet")
        before = known.get(key)
        if before is not None and before.job_id is not None:
            continue
        attempts = (before.attempts if before else 0) + 1
        permanent = before.is_permanent if before else False
        if outcome == OutcomeCode.OK:
            known[key] = Landed(job_id, position, attempts, permanent, None)
        else:
            permanent = permanent or outcome == OutcomeCode.PERMANENT
            known[key] = Landed(None, -1, attempts, permanent, (job_id, position))
    return known
