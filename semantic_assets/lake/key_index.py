"""Which text has which outcomes, and in which results file: one SQLite file per space.

A cache of the results directory and nothing else: it lists the files it covers, is compared with
the directory before any planning, and can be deleted at any time. Its cost follows the batch: a
lookup touches the asked keys, an insertion the new ones.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from semantic_assets.sqlite import use_wal

# whole_job: requests of a job that failed as a whole, 0 otherwise.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS file (
  file_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, whole_job INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS retry (
  text_hash BLOB PRIMARY KEY, retry_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
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


#: A job of 50,000 texts is halved 16 times until one is left: so often a text may go down with
#: others before that counts against it.
_BISECTIONS = 17


@dataclass(slots=True)
class Landed:
    """All known of one text: where its vector is, or how often and how it failed."""

    job_id: str | None = None
    position: int = -1
    #: Error rows of its own, since the last retry.
    attempts: int = 0
    #: Jobs of several texts that failed as a whole with it.
    whole_failures: int = 0
    is_permanent: bool = False
    #: (job_id, position) of the latest error row.
    last_error: tuple[str, int] | None = None
    #: (job_id, requests) where the latest error was one of the whole job.
    failed_with: tuple[str, int] | None = None

    def is_failed(self, max_attempts: int) -> bool:
        return self.job_id is None and (
            self.is_permanent
            or self.attempts >= max_attempts
            or self.whole_failures >= max_attempts + _BISECTIONS
        )


@dataclass(frozen=True, slots=True)
class KeyIndex:
    path: Path

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, timeout=60, isolation_level=None)) as connection:
            # Rebuildable: a lost transaction costs a re-read of one results file.
            use_wal(connection)
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.executescript(_SCHEMA)
            yield connection

    def covered(self) -> set[str]:
        """Names of the results files whose keys are in here."""
        with self._connected() as connection:
            return {name for (name,) in connection.execute("SELECT name FROM file")}

    def add(
        self,
        name: str,
        keys: Sequence[str],
        outcomes: Sequence[OutcomeCode],
        *,
        whole_job: int = 0,
    ) -> None:
        """Cover one results file; a second time changes nothing."""
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            cursor = connection.execute(
                "INSERT INTO file (name, whole_job) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (name, whole_job),
            )
            if cursor.rowcount:
                rows = (
                    (bytes.fromhex(key), cursor.lastrowid, position, int(outcome))
                    for position, (key, outcome) in enumerate(zip(keys, outcomes, strict=True))
                )
                # Sorted, so that a large index is touched page by page and not all over.
                connection.executemany("INSERT INTO outcome VALUES (?, ?, ?, ?)", sorted(rows))
            connection.execute("COMMIT")

    def add_retry(self, name: str, keys: Sequence[str]) -> None:
        """Cover one retry file: errors older than it no longer count for these texts."""
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            cursor = connection.execute(
                "INSERT INTO file (name, whole_job) VALUES (?, 0) ON CONFLICT DO NOTHING", (name,)
            )
            if cursor.rowcount:
                connection.executemany(
                    "INSERT INTO retry VALUES (?, ?) ON CONFLICT (text_hash) DO UPDATE "
                    "SET retry_id = max(retry_id, excluded.retry_id)",
                    ((bytes.fromhex(key), name.rpartition("/")[2]) for key in keys),
                )
            connection.execute("COMMIT")

    def forget(self, names: Sequence[str]) -> None:
        """Results files that are gone from the directory no longer count, nor do retries of theirs."""
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            for name in names:
                found = connection.execute("SELECT file_id FROM file WHERE name = ?", (name,))
                for (file_id,) in found.fetchall():
                    connection.execute("DELETE FROM outcome WHERE file_id = ?", (file_id,))
                    connection.execute("DELETE FROM file WHERE file_id = ?", (file_id,))
            connection.execute(
                "DELETE FROM retry WHERE NOT EXISTS "
                "(SELECT 1 FROM outcome WHERE outcome.text_hash = retry.text_hash)"
            )
            connection.execute("COMMIT")

    def files_of(self, keys: Sequence[str]) -> set[str]:
        """Names of the results files with any outcome of these texts."""
        with self._asking(keys) as connection:
            rows = connection.execute(
                "SELECT DISTINCT f.name FROM asked JOIN outcome USING (text_hash) "
                "JOIN file f USING (file_id)"
            )
            return {name for (name,) in rows}

    @contextmanager
    def _asking(self, keys: Sequence[str]) -> Iterator[sqlite3.Connection]:
        """A connection with a table `asked` of these texts."""
        with self._connected() as connection:
            connection.execute("PRAGMA temp_store=MEMORY")
            connection.execute("CREATE TEMP TABLE asked (text_hash BLOB PRIMARY KEY) WITHOUT ROWID")
            connection.executemany(
                "INSERT OR IGNORE INTO asked VALUES (?)", ((bytes.fromhex(key),) for key in keys)
            )
            yield connection

    def look_up(self, keys: Sequence[str]) -> dict[str, Landed]:
        """What is known of these texts; texts nobody answered yet are absent."""
        with self._asking(keys) as connection:
            rows = connection.execute(
                "SELECT o.text_hash, replace(f.name, '.parquet', ''), o.position, o.outcome, "
                "f.whole_job "
                "FROM asked a JOIN outcome o USING (text_hash) JOIN file f USING (file_id) "
                "LEFT JOIN retry r ON r.text_hash = o.text_hash "
                "WHERE o.outcome = 0 OR r.retry_id IS NULL OR f.name > r.retry_id "
                "ORDER BY o.text_hash, f.name"
            )
            return _folded(rows)


def _folded(rows: Iterable[tuple[bytes, str, int, int, int]]) -> dict[str, Landed]:
    """One entry for each text. Rows come by name, so the lowest job_id's vector stands first.

    Nearly every text has one row and it is ok; a shard has 50,000 of them.
    """
    known: dict[bytes, Landed] = {}
    for key, job_id, position, outcome, whole_job in rows:
        landed = known.get(key)
        if landed is None and outcome == 0:
            known[key] = Landed(job_id, position, 1)
            continue
        if landed is None:
            landed = known[key] = Landed()
        if landed.job_id is None:
            _count(landed, job_id, position, outcome, whole_job)
    return {key.hex(): landed for key, landed in known.items()}


def _count(landed: Landed, job_id: str, position: int, outcome: int, whole_job: int) -> None:
    if outcome == OutcomeCode.OK:
        landed.job_id, landed.position = job_id, position
        landed.attempts += 1
        landed.last_error = landed.failed_with = None
        return
    together = whole_job > 1
    landed.whole_failures += together
    landed.attempts += not together
    landed.is_permanent = landed.is_permanent or outcome == OutcomeCode.PERMANENT
    landed.last_error = (job_id, position)
    landed.failed_with = (job_id, whole_job) if together else None
