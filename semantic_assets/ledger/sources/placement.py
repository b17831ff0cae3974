"""Placement of files' documents in shards. It is decided once: a document never moves.

All functions run inside a transaction of the caller.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from semantic_assets.ledger.database.schema import shard as shard_table
from semantic_assets.ledger.database.schema import source_slice
from semantic_assets.ledger.sources.slices import SourceSlice, of_file, slice_values
from semantic_assets.model.keys import (
    SHARD_MAX_DOCUMENTS,
    SHARD_MAX_TEXT_BYTES,
    DatasetKey,
    ShardKey,
)

_URIS_PER_QUERY = 500


@dataclass(slots=True)
class OpenShard:
    """The last shard of a dataset: the only one that takes new files."""

    key: ShardKey
    closed: bool
    documents: int
    text_bytes: int
    is_stored: bool
    is_changed: bool = False

    def takes(self, size: int) -> bool:
        grown = self.text_bytes + size > SHARD_MAX_TEXT_BYTES and self.documents > 0
        return not (self.closed or self.documents >= SHARD_MAX_DOCUMENTS or grown)

    def count(self, size: int) -> None:
        """Count a slice as one document of its file's size, until the shard was read."""
        self.documents += 1
        self.text_bytes += size
        self.is_changed = True


def place(
    connection: sa.Connection, dataset: DatasetKey, items: Sequence[SourceSlice], now: float
) -> None:
    """Place files in the open shard; files that were removed return to their old shards."""
    known = _uris(connection, dataset, removed=True) if items else set()
    back = [item for item in items if item.uri in known]
    for item in back:
        connection.execute(_bring_back(dataset, item))
    touch(connection, dataset, [item.uri for item in back])
    new = [item for item in items if item.uri not in known]
    if not new:
        return
    shard = open_shard(connection, dataset)
    rows = []
    for item in new:
        if not shard.takes(item.bytes):
            store_shard(connection, shard, now)
            shard = _following(shard)
        shard.count(item.bytes)
        rows.append(slice_values(dataset, shard.key, item))
    store_shard(connection, shard, now)
    connection.execute(sa.insert(source_slice), rows)


def rename(
    connection: sa.Connection,
    dataset: DatasetKey,
    renamed: Iterable[tuple[str, SourceSlice]],
    now: float,
) -> None:
    """Rename files, which keep their place unless the new name has a place already."""
    taken = _uris(connection, dataset, removed=None)
    for old, item in renamed:
        if item.uri in taken:
            place(connection, dataset, [item], now)
            connection.execute(of_file(dataset, old).values(removed_at=now))
        else:
            connection.execute(of_file(dataset, old).values(uri=item.uri))


def touch(connection: sa.Connection, dataset: DatasetKey, uris: Sequence[str]) -> None:
    """Record that the inputs of these files' shards have changed."""
    of = source_slice.c
    for first in range(0, len(uris), _URIS_PER_QUERY):
        some = uris[first : first + _URIS_PER_QUERY]
        shards = sa.select(of.shard).where(of.dataset == str(dataset), of.uri.in_(some))
        connection.execute(
            sa.update(shard_table)
            .where(shard_table.c.shard.in_(shards))
            .values(revision=shard_table.c.revision + 1)
        )


def open_shard(connection: sa.Connection, dataset: DatasetKey) -> OpenShard:
    """Return the dataset's last shard, or a first one that is not stored yet."""
    row = connection.execute(
        sa.select(shard_table)
        .where(shard_table.c.dataset == str(dataset))
        .order_by(shard_table.c.number.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return OpenShard(ShardKey(dataset, 0), False, 0, 0, is_stored=False)
    return OpenShard(
        ShardKey.parse(row.shard), row.closed, row.documents, row.text_bytes, is_stored=True
    )


def place_behind(connection: sa.Connection, full: ShardKey, size: int, now: float) -> ShardKey:
    """Close a full shard and return the shard that takes a slice of this size instead."""
    connection.execute(of_shard(full).values(closed=True, updated_at=now))
    shard = open_shard(connection, full.dataset)
    if not shard.takes(size):
        shard = _following(shard)
    shard.count(size)
    store_shard(connection, shard, now)
    return shard.key


def store_shard(connection: sa.Connection, shard: OpenShard, now: float) -> None:
    if not shard.is_changed:
        return
    counts: dict[str, Any] = {"documents": shard.documents, "text_bytes": shard.text_bytes}
    if shard.is_stored:
        changed = {"revision": shard_table.c.revision + 1, "updated_at": now}
        connection.execute(of_shard(shard.key).values(**changed, **counts))
        return
    connection.execute(
        sa.insert(shard_table).values(
            shard=str(shard.key),
            dataset=str(shard.key.dataset),
            number=shard.key.number,
            closed=shard.closed,
            chunks=0,
            updated_at=now,
            **counts,
        )
    )


def of_shard(shard: ShardKey) -> sa.Update:
    return sa.update(shard_table).where(shard_table.c.shard == str(shard))


def _following(shard: OpenShard) -> OpenShard:
    key = ShardKey(shard.key.dataset, shard.key.number + 1)
    return OpenShard(key, False, 0, 0, is_stored=False)


def _bring_back(dataset: DatasetKey, item: SourceSlice) -> sa.Update:
    return (
        sa.update(source_slice)
        .where(source_slice.c.dataset == str(dataset), source_slice.c.uri == item.uri)
        .values(removed_at=None, file_fingerprint=item.file_fingerprint, bytes=item.bytes)
    )


def _uris(connection: sa.Connection, dataset: DatasetKey, *, removed: bool | None) -> set[str]:
    """Return the names of the dataset's removed files, or (None) of all its files ever."""
    query = sa.select(source_slice.c.uri).where(source_slice.c.dataset == str(dataset))
    if removed is not None:
        query = query.where(source_slice.c.removed_at.is_not(None))
    return set(connection.execute(query).scalars())
