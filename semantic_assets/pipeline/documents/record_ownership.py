"""Claims: which records of a file a shard takes. A record that is in a shard's table stays there.

A file larger than a shard lies in several. Its records may be edited, reordered, inserted in front;
each shard keeps those it has, and what nobody has goes to the last one.
"""

from collections import Counter
from collections.abc import Iterator
from enum import Enum
from itertools import chain

from semantic_assets.ledger.sources.slices import SourceSlice
from semantic_assets.pipeline.documents.documents_table import FileRows, PreviousRows


class Owner(Enum):
    MINE, NEW, OTHERS = range(3)


class Neighbour:
    """Another slice of the same file, and what its shard's table holds of it."""

    def __init__(self, item: SourceSlice, table: PreviousRows) -> None:
        self.item, self.table, self.rows = item, table, table.of_file(item.uri)

    @property
    def missing_records(self) -> int:
        """Records that it will take when its table is made anew."""
        if self.rows is not None or self.item.end_record is None:
            return 0
        return self.item.end_record - self.item.first_record


class RecordOwners:
    """Asked once for each record of the file, in its order."""

    def __init__(
        self,
        item: SourceSlice,
        mine: FileRows | None,
        table: PreviousRows,
        earlier: list[Neighbour],
        later: list[Neighbour],
    ) -> None:
        self._item, self._rows, self._table, self._others = item, mine, table, [*earlier, *later]
        self._earlier_rows = [other.rows for other in earlier]
        self._mine = _places(mine)
        self._earlier = _ids(earlier)
        self._later = _ids(later)
        self._left_to_others = sum(other.missing_records for other in earlier)
        self._room = _room(item, mine)
        self._held = self._signatures()
        self._seen: Counter[str] = Counter()

    @property
    def known(self) -> dict[str, tuple[PreviousRows, int, str]]:
        """signature -> table, row and name, of every record that any shard of the file holds."""
        return self._held

    def skippable(self, file_stamp: str) -> int:
        """How many records the shards before this one hold, where the file is as they read it."""
        rows = [found for found in self._earlier_rows if found is not None]
        held = sum(found.count for found in rows)
        is_same = all(found.file_stamp == file_stamp for found in rows)
        if self._rows is not None or not is_same or held != self._item.first_record:
            return 0
        return held

    @property
    def is_whole(self) -> bool:
        """Whether all records of the file that are in other shards are known."""
        return self._left_to_others == 0

    def pass_over(self, *, mine: bool) -> None:
        """The records before this slice, and its own, were not walked through: count their names."""
        rows = [*self._earlier_rows, *([self._rows] if mine else [])]
        self._seen.update(chain.from_iterable(found.names for found in rows if found is not None))

    def identity(self, name: str) -> str:
        """The name, told apart from records of the same name before it."""
        self._seen[name] += 1
        return name if self._seen[name] == 1 else f"{name}#{self._seen[name]}"

    def of(self, document: str) -> Owner:
        if document in self._earlier:
            return Owner.OTHERS
        if document in self._mine:
            return Owner.MINE
        if document in self._later:
            return Owner.OTHERS
        if self._left_to_others > 0:
            self._left_to_others -= 1
            return Owner.OTHERS
        if self._room is not None and self._room <= 0:
            return Owner.OTHERS
        self._room = None if self._room is None else self._room - 1
        return Owner.NEW

    @property
    def is_closed(self) -> bool:
        """Nothing is taken but what is in the shard already."""
        return self._room is not None and self._room <= 0

    def close(self) -> None:
        """From here on what nobody has is for the next shard."""
        self._room = 0

    def row_of(self, document: str, signature: str) -> int | None:
        """The row of a record in the shard's own table, where it is the very same."""
        place = self._mine.get(document)
        if place is None or self._rows is None:
            return None
        return self._rows.first + place if self._rows.signatures[place] == signature else None

    def _signatures(self) -> dict[str, tuple[PreviousRows, int, str]]:
        found: dict[str, tuple[PreviousRows, int, str]] = {}
        tables = [(other.table, other.rows) for other in self._others]
        for table, rows in (*tables, (self._table, self._rows)):
            found.update(_signed(table, rows))
        return found


def _signed(
    table: PreviousRows, rows: FileRows | None
) -> Iterator[tuple[str, tuple[PreviousRows, int, str]]]:
    if rows is None:
        return
    for place, (signature, name) in enumerate(zip(rows.signatures, rows.names, strict=True)):
        if signature is not None:
            yield signature, (table, rows.first + place, name)


def _places(rows: FileRows | None) -> dict[str, int]:
    return {} if rows is None else {name: row for row, name in enumerate(rows.document_ids)}


def _ids(neighbours: list[Neighbour]) -> set[str]:
    return {name for other in neighbours if other.rows for name in other.rows.document_ids}


def _room(item: SourceSlice, mine: FileRows | None) -> int | None:
    """Records nobody has that the slice may take; None: any number."""
    if item.end_record is None:
        return None
    return 0 if mine is not None else item.end_record - item.first_record
