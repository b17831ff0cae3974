"""Decide which records of a file a shard takes. A record in a shard's table stays there.

A file larger than a shard lies in several. Its records may be edited, reordered, inserted in front;
each shard keeps the records it has, and records in no shard go to the last one.
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
    """Another slice of the same file, with its rows in its shard's table."""

    def __init__(self, item: SourceSlice, table: PreviousRows) -> None:
        self.item, self.table, self.rows = item, table, table.of_file(item.uri)

    def awaited_records(self, file_stamp: str) -> int:
        """Return how many more records it takes when it reads the file in this state."""
        return _room(self.item, self.rows, file_stamp) or 0


class RecordOwners:
    """The owners of a file's records; to be asked once for each record, in the file's order."""

    def __init__(
        self,
        item: SourceSlice,
        mine: FileRows | None,
        table: PreviousRows,
        earlier: list[Neighbour],
        later: list[Neighbour],
        file_stamp: str,
    ) -> None:
        self._item, self._rows, self._table, self._others = item, mine, table, [*earlier, *later]
        self._earlier_rows = [other.rows for other in earlier]
        self._mine = _places(mine)
        self._earlier = _ids(earlier)
        self._later = _ids(later)
        self._left_to_others = sum(other.awaited_records(file_stamp) for other in earlier)
        self._room = _room(item, mine, file_stamp)
        self._held = self._signatures()
        self._seen: Counter[str] = Counter()

    @property
    def known(self) -> dict[str, tuple[PreviousRows, int, str]]:
        """The table, row and name by signature of every record in any shard of the file."""
        return self._held

    def skippable(self, file_stamp: str) -> int:
        """Return how many records at the file's beginning earlier shards hold, if all; else 0.

        Their number alone does not tell: records may have been inserted before those they hold.
        """
        plan = self._item.plan
        is_in_order = plan is not None and plan.in_order and plan.planned_for == file_stamp
        rows = [found for found in self._earlier_rows if found is not None]
        held = sum(found.count for found in rows)
        is_same = all(found.file_stamp == file_stamp for found in rows)
        is_all = is_in_order and is_same and held == self._item.first_record
        return held if is_all and self._rows is None else 0

    @property
    def is_whole(self) -> bool:
        """Whether all of the file's records in other shards are known."""
        return self._left_to_others == 0

    def pass_over(self, *, mine: bool) -> None:
        """Count the names of records that are skipped: those before this slice, and its own if `mine`."""
        rows = [*self._earlier_rows, *([self._rows] if mine else [])]
        self._seen.update(chain.from_iterable(found.names for found in rows if found is not None))

    def identity(self, name: str) -> str:
        """Return the name, numbered if earlier records have the same name."""
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
        """Whether only records already in the shard are taken."""
        return self._room is not None and self._room <= 0

    @property
    def room(self) -> int | None:
        """How many more records of no shard the slice may take; None: any number."""
        return self._room

    def close(self) -> None:
        """Leave further records that are in no shard to the next shard."""
        self._room = 0

    def row_of(self, document: str, signature: str) -> int | None:
        """Return the row of an unchanged record in the shard's own table, or None."""
        place = self._mine.get(document)
        if place is None or self._rows is None:
            return None
        return self._rows.rows[place] if self._rows.signatures[place] == signature else None

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
            yield signature, (table, rows.rows[place], name)


def _places(rows: FileRows | None) -> dict[str, int]:
    return {} if rows is None else {name: row for row, name in enumerate(rows.document_ids)}


def _ids(neighbours: list[Neighbour]) -> set[str]:
    return {name for other in neighbours if other.rows for name in other.rows.document_ids}


def _room(item: SourceSlice, held: FileRows | None, file_stamp: str) -> int | None:
    """Return how many records of no shard the slice takes of the file in this state; None: any number.

    One that holds records takes more only if that was planned for this very state. Every reader of
    the file can tell that, and whether it has happened: so none takes a record of another, and none
    is left for a slice that will not take it.
    """
    if item.end_record is None:
        return None
    if held is None:
        return item.end_record - item.first_record
    plan = item.plan
    if plan is None or plan.planned_for != file_stamp or held.file_stamp == file_stamp:
        return 0
    return plan.planned_documents or 0
