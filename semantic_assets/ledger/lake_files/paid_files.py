"""The digests of files that were paid for, or say what was: a file that differs is not used."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.schema import paid_file

_PATHS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class PaidFile:
    """A file as it was when it began to count."""

    #: Below the lake's root.
    path: str
    #: SHA-256 of its bytes, in hex.
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class PaidFiles:
    database: Database

    def find(self, path: str) -> PaidFile | None:
        """Return what a file must be; None: it counts since before digests were kept."""
        query = sa.select(paid_file).where(paid_file.c.path == path)
        with self.database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else PaidFile(row.path, row.digest, row.size)

    def below(self, folder: str = "") -> dict[str, PaidFile]:
        """Map the path of each known file below a folder to what it must be."""
        query = sa.select(paid_file).where(paid_file.c.path.startswith(folder, autoescape=True))
        with self.database.read() as connection:
            rows = connection.execute(query.order_by(paid_file.c.path)).all()
        return {row.path: PaidFile(row.path, row.digest, row.size) for row in rows}

    def record(self, file: PaidFile) -> None:
        """Record a file that no job's move makes count."""
        with self.database.write() as connection:
            record_paid(connection, self.database, file)

    def forget(self, paths: Collection[str]) -> None:
        """Delete the records of files that are about to be deleted."""
        listed = sorted(paths)
        with self.database.write() as connection:
            for first in range(0, len(listed), _PATHS_AT_ONCE):
                these = listed[first : first + _PATHS_AT_ONCE]
                connection.execute(sa.delete(paid_file).where(paid_file.c.path.in_(these)))


def record_paid(connection: sa.Connection, database: Database, file: PaidFile | None) -> None:
    """Record a file in the transaction that makes it count; None: there is none."""
    if file is None:
        return
    values = {"digest": file.digest, "size": file.size}
    connection.execute(
        database.insert(paid_file)
        .values(path=file.path, **values)
        .on_conflict_do_update(index_elements=["path"], set_=values)
    )
