"""Division of a file between shards: a reading does it as it goes, a count before anything is read.

All functions run inside a transaction of the caller.
"""

from dataclasses import replace

import sqlalchemy as sa

from semantic_assets.errors import Conflict, NotFound
from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.schema import source_slice
from semantic_assets.ledger.sources.placement import place_behind
from semantic_assets.ledger.sources.record_plans import RecordPlan, store_plans
from semantic_assets.ledger.sources.slices import SourceSlice, of_slice, slice_values
from semantic_assets.model.keys import ShardKey


def split(
    connection: sa.Connection,
    database: Database,
    shard: ShardKey,
    item: SourceSlice,
    at: int,
    plans: tuple[RecordPlan | None, RecordPlan | None],
) -> ShardKey:
    """End a slice before record `at`, and place the rest behind; `plans`: of both, None as it is."""
    left = replace(item, first_record=at, is_read=False, reading=None)
    ended = connection.execute(
        of_slice(shard.dataset, item)
        .where(source_slice.c.end_record.is_not_distinct_from(item.end_record))
        .values(end_record=at)
        .returning(source_slice.c.slice_id)
    ).scalar_one_or_none()
    if ended is None:
        raise NotFound(f"{item.uri}: records from {item.first_record} were split already")
    following = place_behind(connection, shard, item.bytes, database.clock())
    values = slice_values(shard.dataset, following, left)
    new = connection.execute(
        sa.insert(source_slice).values(values).returning(source_slice.c.slice_id)
    ).scalar_one()
    planned = zip((ended, new), plans, strict=True)
    store_plans(connection, database, [(row, plan) for row, plan in planned if plan is not None])
    return following


def move(
    connection: sa.Connection, database: Database, shard: ShardKey, item: SourceSlice
) -> ShardKey:
    """Move an unread slice of a full shard behind it."""
    following = place_behind(connection, shard, item.bytes, database.clock())
    moved = connection.execute(
        of_slice(shard.dataset, item)
        .where(source_slice.c.is_read.is_(False))
        .values(shard=str(following))
        .returning(source_slice.c.slice_id)
    ).all()
    if not moved:
        raise Conflict(f"{item.uri} was read in {shard}: a document never moves")
    return following
