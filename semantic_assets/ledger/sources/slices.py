"""Slices: the records of a file that a shard reads, and the state of the last reading."""

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from semantic_assets.ledger.database.schema import source_slice
from semantic_assets.ledger.sources.record_plans import RecordPlan
from semantic_assets.model.keys import DatasetKey, ShardKey


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSlice:
    """Placed records of one file: `first_record` to before `end_record` (None: the end)."""

    uri: str
    first_record: int
    end_record: int | None
    bytes: int
    file_fingerprint: str
    is_read: bool = False
    #: The file's fingerprint at its last reading; None: never, or it changed while it was read.
    read_fingerprint: str | None = None
    #: State of the last reading for the next one; it is valid for the file it was read from.
    reading: dict[str, Any] | None = None
    plan: RecordPlan | None = None
    #: Its row in the ledger; None: it is not placed.
    slice_id: int | None = field(default=None, compare=False)

    @property
    def current_plan(self) -> RecordPlan | None:
        """The plan, if it was made for the file as it was listed last."""
        is_current = self.plan is not None and self.plan.planned_for == self.file_fingerprint
        return self.plan if is_current else None

    @property
    def is_counted(self) -> bool:
        """Whether the listed file was counted to its end, or belongs to later slices from there."""
        return self.end_record is not None or bool(self.current_plan and self.current_plan.is_whole)

    @property
    def new_documents(self) -> int:
        """The documents that its next reading is expected to bring; one where nothing is known."""
        plan, width = self.current_plan, 1
        if self.end_record is not None and not self.is_read:
            width = self.end_record - self.first_record
        known = plan.planned_documents if plan is not None else None
        return max(1, width if known is None else known)


@dataclass(frozen=True, slots=True)
class Reading:
    """A slice that was just read."""

    item: SourceSlice
    #: The file's fingerprint; None if it changed meanwhile or could not be opened.
    mark: str | None
    found: dict[str, Any] | None = None


def slice_of(row: sa.Row[Any]) -> SourceSlice:
    return SourceSlice(
        uri=row.uri,
        first_record=row.first_record,
        end_record=row.end_record,
        bytes=row.bytes,
        file_fingerprint=row.file_fingerprint,
        is_read=row.is_read,
        read_fingerprint=row.read_fingerprint,
        reading=row.reading,
        plan=RecordPlan.of_row(row),
        slice_id=row.slice_id,
    )


def slice_values(dataset: DatasetKey, shard: ShardKey, item: SourceSlice) -> dict[str, Any]:
    return {
        "dataset": str(dataset),
        "shard": str(shard),
        "uri": item.uri,
        "first_record": item.first_record,
        "end_record": item.end_record,
        "bytes": item.bytes,
        "file_fingerprint": item.file_fingerprint,
        "is_read": item.is_read,
        "read_fingerprint": item.read_fingerprint,
        "reading": item.reading,
    }


def of_file(dataset: DatasetKey, uri: str) -> sa.Update:
    """Return an UPDATE of the slices of one file that are not removed."""
    return sa.update(source_slice).where(
        source_slice.c.dataset == str(dataset),
        source_slice.c.uri == uri,
        source_slice.c.removed_at.is_(None),
    )


def of_slice(dataset: DatasetKey, item: SourceSlice) -> sa.Update:
    return of_file(dataset, item.uri).where(source_slice.c.first_record == item.first_record)
