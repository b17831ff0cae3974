"""The fingerprints that table files of the lake must have to be trusted."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.schema import table_file
from semantic_assets.ledger.leases import Lease, require_fence

#: More paths are looked up by reading the whole table, so that the number of queries stays one.
_NAMED = 200
# Made once: every table that is opened is compared with its record.
_FIND = sa.select(table_file).where(table_file.c.path == sa.bindparam("of_path"))


@dataclass(frozen=True, slots=True)
class TableRecord:
    path: str
    fingerprint: str
    input_fingerprint: str
    rows: int
    updated_at: float


@dataclass(frozen=True, slots=True)
class TableFiles:
    database: Database

    def find(self, path: str) -> TableRecord | None:
        with self.database.read() as connection:
            row = connection.execute(_FIND, {"of_path": path}).one_or_none()
        if row is None:
            return None
        return TableRecord(
            row.path, row.fingerprint, row.input_fingerprint, row.rows, row.updated_at
        )

    def records(self, paths: Collection[str]) -> dict[str, TableRecord]:
        """Map those of these paths that have a record to it, by one query."""
        query = sa.select(table_file)
        if len(paths) <= _NAMED:
            query = query.where(table_file.c.path.in_(paths))
        with self.database.read() as connection:
            found = (TableRecord(*row) for row in connection.execute(query))
            return {record.path: record for record in found if record.path in paths}

    def fingerprints(self, table: str) -> dict[str, str]:
        """Map the paths of one table's files to their fingerprints, in one query."""
        query = sa.select(table_file.c.path, table_file.c.fingerprint)
        with self.database.read() as connection:
            rows = connection.execute(query.where(table_file.c.path.startswith(f"{table}/")))
            return {row.path: row.fingerprint for row in rows}

    def fingerprint(self, path: str) -> str | None:
        """Return the fingerprint of one file; None if the ledger has none."""
        query = sa.select(table_file.c.fingerprint).where(table_file.c.path == path)
        with self.database.read() as connection:
            return connection.execute(query).scalar_one_or_none()

    def inputs(self, table: str) -> dict[str, str]:
        """Map the paths of one table's files to the fingerprints of their inputs, in one query."""
        query = sa.select(table_file.c.path, table_file.c.input_fingerprint)
        with self.database.read() as connection:
            rows = connection.execute(query.where(table_file.c.path.startswith(f"{table}/")))
            return {row.path: row.input_fingerprint for row in rows}

    def written_at(self, table: str) -> dict[str, float]:
        """path -> when the ledger was last told of it, of all files of one table, in one query."""
        query = sa.select(table_file.c.path, table_file.c.updated_at)
        with self.database.read() as connection:
            rows = connection.execute(query.where(table_file.c.path.startswith(f"{table}/")))
            return {row.path: row.updated_at for row in rows}

    def forget(self, paths: Sequence[str]) -> None:
        """Delete the records of files that are about to be deleted."""
        with self.database.write() as connection:
            connection.execute(sa.delete(table_file).where(table_file.c.path.in_(paths)))

    def record(
        self, lease: Lease, path: str, *, fingerprint: str, input_fingerprint: str, rows: int
    ) -> None:
        """Record the content of a file under the fence of its shard's lease.

        Raises:
            Conflict: the lease was taken over; the file will be seen as stale and rewritten.
        """
        values = {
            "fingerprint": fingerprint,
            "input_fingerprint": input_fingerprint,
            "rows": rows,
            "updated_at": self.database.clock(),
        }
        with self.database.write(synced=False) as connection:
            require_fence(connection, lease)
            connection.execute(
                self.database.insert(table_file)
                .values(path=path, **values)
                .on_conflict_do_update(index_elements=["path"], set_=values)
            )
