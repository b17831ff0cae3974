"""Plans of slices: how many new records of a file each takes, counted before it is read.

A plan is made for the file in one state, and read by the same rules as any slice; for the file in
another state it says nothing.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Self

import sqlalchemy as sa

from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.schema import slice_plan, source_slice
from semantic_assets.model.keys import DatasetKey

#: The columns of a plan beside those of its slice.
PLAN_COLUMNS = [column for column in slice_plan.c if column.name != "slice_id"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPlan:
    """What was found of a slice's records by counting its file, or by a reading that split it."""

    #: The fingerprint of the file that was counted.
    planned_for: str
    #: The records that the slice takes and does not hold yet, and their text; None: not counted.
    planned_documents: int | None = None
    planned_text_bytes: int | None = None
    #: Nothing of the file is left to count behind these records.
    is_whole: bool = False
    #: The records before the slice's first are exactly those of the file's earlier slices.
    in_order: bool = False

    @classmethod
    def of_row(cls, row: sa.Row[Any]) -> Self | None:
        """Return the plan in a row of slices joined with their plans; None: there is none."""
        if row.planned_for is None:
            return None
        return cls(**{column.name: getattr(row, column.name) for column in PLAN_COLUMNS})


def with_plans() -> sa.Select[Any]:
    """Return a SELECT of slices, each with its plan or nulls."""
    joined = source_slice.outerjoin(slice_plan, source_slice.c.slice_id == slice_plan.c.slice_id)
    return sa.select(source_slice, *PLAN_COLUMNS).select_from(joined)


def store_plans(
    connection: sa.Connection, database: Database, plans: Iterable[tuple[int, RecordPlan]]
) -> None:
    """Replace the plans of slices, inside a transaction of the caller."""
    rows = [{"slice_id": slice_id, **asdict(plan)} for slice_id, plan in plans]
    insert = database.insert(slice_plan)
    replaced = {column.name: insert.excluded[column.name] for column in PLAN_COLUMNS}
    if rows:
        connection.execute(
            insert.on_conflict_do_update(index_elements=["slice_id"], set_=replaced), rows
        )


def drop_plans(connection: sa.Connection, dataset: DatasetKey, uri: str) -> None:
    """Forget the plans of a changed file: it may come back to a state that was planned for."""
    of = source_slice.c
    ids = sa.select(of.slice_id).where(of.dataset == str(dataset), of.uri == uri)
    connection.execute(sa.delete(slice_plan).where(slice_plan.c.slice_id.in_(ids)))
