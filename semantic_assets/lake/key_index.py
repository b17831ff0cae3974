"""The key index: the outcomes of each text and their results files, one SQLite file per space.

A cache of the results directory and nothing else: it lists the files it covers, is compared with
the directory before any planning, and can be deleted at any time. Its cost follows the batch, in
bulk: keys as two integers each, a lookup's keys as one JSON list and its answer as five (57,000
keys in 0.13 CPU seconds; rows to and from Python took about 0.5).
"""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.lake.key_halves import as_binary, halves, keys_of
from semantic_assets.lake.key_index_file import at_one_moment, opened
from semantic_assets.lake.outcomes import (
    Indices,
    KnownTexts,
    Landed,
    OutcomeCode,
    OutcomeRow,
    fold,
)
from semantic_assets.system.durable import make_private

# CROSS JOIN: SQLite must walk the asked keys, never the index.
_ROWS = """
SELECT json_group_array(a.key), json_group_array(o.low), json_group_array(o.file_id),
       json_group_array(o.position), json_group_array(o.outcome)
FROM json_each(?) a CROSS JOIN outcome o ON o.high = a.value
"""
_RETRIES = """
SELECT r.high, r.low, r.retry_id FROM json_each(?) a CROSS JOIN retry r ON r.high = a.value
"""


#: Rows that are Python's objects at once: 400,000 took 80 MB.
_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class _Found:
    """Rows of the outcome table, as columns; `asked` is a row's place among the asked keys."""

    asked: Indices
    file_id: Indices
    position: Indices
    outcome: Indices

    def where(self, mask: npt.NDArray[np.bool_]) -> "_Found":
        columns = (self.asked, self.file_id, self.position, self.outcome)
        return _Found(*(column[mask] for column in columns))


@dataclass(frozen=True, slots=True)
class Covered:
    """What an index covers: later files have a higher id, and an id is never given again."""

    index: int
    files: int
    last_id: int


@dataclass(frozen=True, slots=True)
class KeyIndex:
    path: Path
    #: Of what cannot be read it holds nothing; it is not made, changed or brought to this form.
    is_reading: bool = False

    def _connected(self) -> AbstractContextManager[sqlite3.Connection]:
        return opened(self.path, reading=self.is_reading)

    def _at_one_moment(self) -> AbstractContextManager[sqlite3.Connection]:
        return at_one_moment(self.path, reading=self.is_reading)

    def etags(self) -> dict[str, str]:
        """Map the name of each covered results file to the ETag it was covered with."""
        with self._connected() as connection:
            return dict(connection.execute("SELECT name, mark FROM file"))

    def covered(self) -> Covered:
        """Return what is covered now, to ask `added_since` later."""
        with self._connected() as connection:
            return _covered(connection)

    def added_since(self, before: Covered) -> tuple[list[str], Covered] | None:
        """Return the names of files covered since, and what is covered now.

        None: a file was also covered again or forgotten, or the index was made anew. The answer
        costs what is new, so that whoever remembers outcomes may ask each time.
        """
        with self._at_one_moment() as connection:
            query = "SELECT name FROM file WHERE file_id > ?"
            names = [name for (name,) in connection.execute(query, (before.last_id,))]
            now = _covered(connection)
        is_grown = now.index == before.index and now.files == before.files + len(names)
        return (names, now) if is_grown else None

    def add(
        self,
        name: str,
        keys: pa.Array | Sequence[str],
        outcomes: Sequence[OutcomeCode] | npt.NDArray[np.int64],
        *,
        whole_job: int = 0,
        etag: str = "",
        anew: bool = False,
    ) -> None:
        """Cover one results file, once per content unless `anew`.

        One transaction: a concurrent lookup finds the outcomes before it or after it.
        """
        pairs, codes = halves(keys), np.asarray(outcomes, dtype=np.int64)
        if len(pairs) != len(codes):
            raise ValueError(f"{name}: {len(pairs)} keys and {len(codes)} outcomes")
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            held = connection.execute("SELECT mark FROM file WHERE name = ?", (name,)).fetchone()
            if held is not None and (anew or held[0] != etag):
                _forget(connection, name)
            file_id = _insert_file(connection, name, whole_job, etag)
            if file_id is not None:
                # Sorted, so that a large index is touched page by page and not all over.
                order = np.lexsort((pairs[:, 1], pairs[:, 0]))
                columns = (pairs[order, 0], pairs[order, 1], order, codes[order])
                for first in range(0, len(order), _AT_ONCE):
                    part = (column[first : first + _AT_ONCE].tolist() for column in columns)
                    connection.executemany(
                        f"INSERT INTO outcome VALUES (?, ?, {file_id:d}, ?, ?)",
                        zip(*part, strict=True),
                    )
            connection.execute("COMMIT")

    def add_retry(self, name: str, keys: pa.Array | Sequence[str]) -> None:
        """Cover one retry file: errors older than it no longer count for these texts."""
        pairs, retry_id = halves(keys), name.rpartition("/")[2]
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            if _insert_file(connection, name, 0) is not None:
                connection.executemany(
                    "INSERT INTO retry VALUES (?, ?, ?) ON CONFLICT (high, low) DO UPDATE "
                    "SET retry_id = max(retry_id, excluded.retry_id)",
                    ((high, low, retry_id) for high, low in pairs.tolist()),
                )
            connection.execute("COMMIT")

    def forget(self, etags: Mapping[str, str]) -> None:
        """Remove results files that left the directory, and retries without an outcome.

        Args:
            etags: the gone content by file name; other content that was covered since stays.
        """
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            held = dict(connection.execute("SELECT name, mark FROM file"))
            for name, etag in etags.items():
                if held.get(name) == etag:
                    _forget(connection, name)
            connection.execute(
                "DELETE FROM retry WHERE NOT EXISTS (SELECT 1 FROM outcome o "
                "WHERE o.high = retry.high AND o.low = retry.low)"
            )
            connection.execute("COMMIT")

    def copied(self, to: Path) -> "KeyIndex":
        """Return an index of one's own, with the same in it."""
        with self._connected() as ours, closing(sqlite3.connect(make_private(to))) as theirs:
            ours.backup(theirs)
        return KeyIndex(to)

    def files_of(self, keys: pa.Array | Sequence[str]) -> set[str]:
        """Return the names of the results files with any outcome of these texts."""
        with self._at_one_moment() as connection:
            found = _rows(connection, halves(keys))
            return {name for name, _ in _files(connection, found.file_id).values()}

    def keys_of(self, name: str) -> list[str]:
        """Return the texts of a covered results file, in its order; none if it is not covered."""
        query = "SELECT o.high, o.low FROM outcome o JOIN file USING (file_id) WHERE name = ?"
        with self._connected() as connection:
            found = connection.execute(f"{query} ORDER BY o.position", (name,)).fetchall()
        return keys_of(np.array(found, dtype=np.int64).reshape(-1, 2))

    def known(self, keys: pa.Array | Sequence[str]) -> KnownTexts:
        """Return the outcomes of these texts, in their order."""
        once = as_binary(halves(keys)).dictionary_encode()
        pairs = np.frombuffer(once.dictionary.buffers()[1], dtype=np.int64).reshape(-1, 2)
        with self._at_one_moment() as connection:
            found = _rows(connection, pairs)
            files = _files(connection, found.file_id)
            # The plain case: a single row, with outcome ok.
            is_plain = (np.bincount(found.asked, minlength=len(pairs))[found.asked] == 1) & (
                found.outcome == OutcomeCode.OK
            )
            troubled = _fold(connection, pairs, found.where(~is_plain), files)
        known = _known(len(pairs), found.where(is_plain), files, troubled)
        return known.repeated(once.indices.to_numpy())

    def look_up(self, keys: Sequence[str]) -> dict[str, Landed]:
        """Return the outcomes of a few texts; texts without any are absent."""
        known = self.known(keys)
        answers = {key: known.at(place) for place, key in enumerate(keys)}
        return {key: landed for key, landed in answers.items() if landed is not None}


def _covered(connection: sqlite3.Connection) -> Covered:
    (index,) = connection.execute("PRAGMA application_id").fetchone()
    query = "SELECT count(*), coalesce(max(file_id), 0) FROM file"
    return Covered(index, *connection.execute(query).fetchone())


def _forget(connection: sqlite3.Connection, name: str) -> None:
    of_file = "(SELECT file_id FROM file WHERE name = ?)"
    connection.execute(f"DELETE FROM outcome WHERE file_id = {of_file}", (name,))
    connection.execute("DELETE FROM file WHERE name = ?", (name,))


def _insert_file(
    connection: sqlite3.Connection, name: str, whole_job: int, etag: str = ""
) -> int | None:
    """Insert a file and return its id; None if it was covered before."""
    cursor = connection.execute(
        "INSERT INTO file (name, whole_job, mark) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (name, whole_job, etag),
    )
    return cursor.lastrowid if cursor.rowcount else None


def _rows(connection: sqlite3.Connection, pairs: npt.NDArray[np.int64]) -> _Found:
    """Return all outcomes of these keys, which are distinct."""
    # In order, so that neighbours share a page; distinct, or keys with equal halves would multiply.
    highs = np.unique(pairs[:, 0])
    answer = connection.execute(_ROWS, (orjson.dumps(highs.tolist()).decode(),)).fetchone()
    place, low, *rest = (np.asarray(orjson.loads(column), dtype=np.int64) for column in answer)
    # The query matched half a key: the other half must agree too.
    found = pc.index_in(as_binary(np.column_stack((highs[place], low))), as_binary(pairs))
    is_asked = found.is_valid().to_numpy(zero_copy_only=False)
    asked = found.drop_null().to_numpy().astype(np.int64)
    return _Found(asked, *(column[is_asked] for column in rest))


def _files(connection: sqlite3.Connection, file_ids: Indices) -> dict[int, tuple[str, int]]:
    """Return (name, whole_job) by file id."""
    wanted = orjson.dumps(np.unique(file_ids).tolist()).decode()
    rows = connection.execute(
        "SELECT f.file_id, f.name, f.whole_job FROM json_each(?) a "
        "CROSS JOIN file f ON f.file_id = a.value",
        (wanted,),
    )
    return {file_id: (name, whole_job) for file_id, name, whole_job in rows}


def _fold(
    connection: sqlite3.Connection,
    pairs: npt.NDArray[np.int64],
    found: _Found,
    files: dict[int, tuple[str, int]],
) -> dict[int, Landed]:
    """Merge the rows of texts with an error or several rows; errors before a retry do not count."""
    if not len(found.asked):
        return {}
    highs = orjson.dumps(np.unique(pairs[found.asked, 0]).tolist()).decode()
    retried = {(high, low): name for high, low, name in connection.execute(_RETRIES, (highs,))}
    rows = []
    columns = (found.asked, found.file_id, found.position, found.outcome)
    for asked, file_id, position, outcome in zip(*(c.tolist() for c in columns), strict=True):
        name, whole_job = files[file_id]
        since = retried.get(tuple(pairs[asked].tolist()))
        if outcome == OutcomeCode.OK or since is None or name > since:
            rows.append(OutcomeRow(asked, _job_id(name), position, outcome, whole_job))
    return fold(sorted(rows, key=lambda row: row.job_id))


def _known(
    count: int, plain: _Found, files: dict[int, tuple[str, int]], troubled: dict[int, Landed]
) -> KnownTexts:
    jobs = sorted(_job_id(name) for name, _ in files.values())
    number = {job_id: place for place, job_id in enumerate(jobs)}
    job, position, attempts = np.full(count, -1), np.full(count, -1), np.zeros(count, np.int64)
    of_file = np.full(max(files, default=0) + 1, -1)
    for file_id, (name, _) in files.items():
        of_file[file_id] = number[_job_id(name)]
    job[plain.asked], position[plain.asked] = of_file[plain.file_id], plain.position
    attempts[plain.asked] = 1
    for asked, landed in troubled.items():
        attempts[asked] = landed.attempts + landed.whole_failures
        if landed.job_id is not None:
            job[asked], position[asked] = number[landed.job_id], landed.position
    return KnownTexts(jobs, job, position, attempts, troubled)


def _job_id(file: str) -> str:
    return file.removesuffix(".parquet")
