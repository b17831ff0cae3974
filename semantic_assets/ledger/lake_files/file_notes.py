"""What files of the lake held when they were last read, so that they need not be opened again."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.schema import file_note

#: More paths are looked up by reading the whole table, so that the number of queries stays one.
_NAMED = 200


@dataclass(frozen=True, slots=True)
class FileNote:
    """What a file held that had this stamp."""

    path: str
    #: Size and time, or the ETag.
    stamp: str
    fingerprint: str
    counts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FileNotes:
    database: Database

    def find(self, paths: Collection[str]) -> dict[str, FileNote]:
        """Map those of these paths that were noted to their notes, by one query."""
        query = sa.select(file_note)
        if len(paths) <= _NAMED:
            query = query.where(file_note.c.path.in_(paths))
        with self.database.read() as connection:
            found = (FileNote(*row) for row in connection.execute(query))
            return {note.path: note for note in found if note.path in paths}

    def record(self, notes: Iterable[FileNote]) -> None:
        """Replace the notes of these files, in one transaction; without any, nothing is written."""
        rows = [asdict(note) for note in notes]
        if not rows:
            return
        insert = self.database.insert(file_note)
        values = {name: insert.excluded[name] for name in ("stamp", "fingerprint", "counts")}
        with self.database.write(synced=False) as connection:
            connection.execute(
                insert.on_conflict_do_update(index_elements=["path"], set_=values), rows
            )

    def forget(self, paths: Collection[str]) -> None:
        """Delete the notes of files that are gone."""
        with self.database.write() as connection:
            for path in paths:
                connection.execute(sa.delete(file_note).where(file_note.c.path == path))
