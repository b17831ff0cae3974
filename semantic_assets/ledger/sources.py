"""Datasets, shards and the slices of source files placed in them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from semantic_assets.errors import Conflict, NotFound
from semantic_assets.ledger.engine import Database
from semantic_assets.ledger.schema import dataset as dataset_table
from semantic_assets.ledger.schema import shard as shard_table
from semantic_assets.ledger.schema import source_slice
from semantic_assets.model.keys import (
    SHARD_MAX_DOCUMENTS,
    SHARD_MAX_TEXT_BYTES,
    DatasetKey,
    ShardKey,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSlice:
    """Records `first_record` to before `end_record` (None: the end) of one file."""

    uri: str
    first_record: int
    end_record: int | None
    bytes: int
    file_fingerprint: str
    is_read: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One row of the shard table."""

    key: ShardKey
    closed: bool
    documents: int
    text_bytes: int
    chunks: int


@dataclass(frozen=True, slots=True)
class Sources:
    database: Database

    def datasets(self) -> list[DatasetKey]:
        with self.database.read() as connection:
            names = connection.execute(
                sa.select(dataset_table.c.dataset).order_by(dataset_table.c.dataset)
            ).scalars()
            return [DatasetKey.parse(name) for name in names]

    def slices(self, dataset: DatasetKey) -> dict[str, str]:
        """uri -> file fingerprint of every file that is placed and not removed."""
        with self.database.read() as connection:
            rows = connection.execute(
                sa.select(source_slice.c.uri, source_slice.c.file_fingerprint).where(
                    source_slice.c.dataset == str(dataset), source_slice.c.removed_at.is_(None)
                )
            )
            return {row.uri: row.file_fingerprint for row in rows}

    def shard_slices(self, shard: ShardKey) -> list[SourceSlice]:
        """What a shard reads, in order of placement."""
        query = sa.select(source_slice).where(
            source_slice.c.shard == str(shard), source_slice.c.removed_at.is_(None)
        )
        with self.database.read() as connection:
            return [
                _slice(row) for row in connection.execute(query.order_by(source_slice.c.slice_id))
            ]

    def unread(self, dataset: DatasetKey) -> list[SourceSlice]:
        """What is placed and was not read yet."""
        query = sa.select(source_slice).where(
            source_slice.c.dataset == str(dataset),
            source_slice.c.removed_at.is_(None),
            source_slice.c.is_read.is_(False),
        )
        with self.database.read() as connection:
            return [_slice(row) for row in connection.execute(query)]

    def apply_listing(
        self,
        dataset: DatasetKey,
        *,
        added: Sequence[SourceSlice],
        changed: Iterable[tuple[str, str, int]],
        removed: Iterable[str],
    ) -> None:
        """Place new files in the open shard, mark changed and removed ones; one transaction."""
        now = self.database.clock()
        with self.database.write() as connection:
            for item in added:
                self._place(connection, dataset, item, now)
            for uri, fingerprint, size in changed:
                connection.execute(
                    _of_file(dataset, uri).values(file_fingerprint=fingerprint, bytes=size)
                )
            for uri in removed:
                connection.execute(_of_file(dataset, uri).values(removed_at=now))

    def _place(
        self, connection: sa.Connection, dataset: DatasetKey, item: SourceSlice, now: float
    ) -> None:
        back = connection.execute(
            _of_file(dataset, item.uri, removed=True)
            .values(removed_at=None, file_fingerprint=item.file_fingerprint, bytes=item.bytes)
            .returning(source_slice.c.slice_id)
        ).all()
        if back:  # a file that returns goes back where its documents were: they never move
            return
        shard = self._open_shard(connection, dataset, item.bytes, now)
        connection.execute(sa.insert(source_slice).values(_slice_values(dataset, shard, item)))
        connection.execute(_counting(shard, item.bytes, now))

    def _open_shard(
        self, connection: sa.Connection, dataset: DatasetKey, size: int, now: float
    ) -> ShardKey:
        last = connection.execute(
            sa.select(shard_table)
            .where(shard_table.c.dataset == str(dataset))
            .order_by(shard_table.c.number.desc())
            .limit(1)
        ).one_or_none()
        if last is not None and not _is_full(last, size):
            return ShardKey.parse(last.shard)
        return _new_shard(connection, dataset, 0 if last is None else last.number + 1, now)

    def split_slice(self, shard: ShardKey, item: SourceSlice, *, at: int) -> ShardKey:
        """The shard is full: end the slice before record `at`; the rest goes to the next shard.

        Raises:
            NotFound: the slice was split by somebody else.
        """
        now = self.database.clock()
        rest = replace(item, first_record=at, is_read=False)
        with self.database.write() as connection:
            ended = connection.execute(
                _of_slice(shard.dataset, item)
                .where(source_slice.c.end_record.is_(None))
                .values(end_record=at)
                .returning(source_slice.c.slice_id)
            ).all()
            if not ended:
                raise NotFound(f"{item.uri}: records from {item.first_record} were split already")
            following = self._next_shard(connection, shard, item, now)
            connection.execute(
                sa.insert(source_slice).values(_slice_values(shard.dataset, following, rest))
            )
        return following

    def move_slice(self, shard: ShardKey, item: SourceSlice) -> ShardKey:
        """The shard is full: a slice nobody has read yet goes to the next shard as a whole."""
        now = self.database.clock()
        with self.database.write() as connection:
            following = self._next_shard(connection, shard, item, now)
            moved = connection.execute(
                _of_slice(shard.dataset, item)
                .where(source_slice.c.is_read.is_(False))
                .values(shard=str(following))
                .returning(source_slice.c.slice_id)
            ).all()
            if not moved:
                raise Conflict(f"{item.uri} was read in {shard}: a document never moves")
        return following

    def _next_shard(
        self, connection: sa.Connection, full: ShardKey, item: SourceSlice, now: float
    ) -> ShardKey:
        connection.execute(_of_shard(full).values(closed=True, updated_at=now))
        following = self._open_shard(connection, full.dataset, item.bytes, now)
        connection.execute(_counting(following, item.bytes, now))
        return following

    def mark_read(self, shard: ShardKey) -> None:
        with self.database.write() as connection:
            connection.execute(
                sa.update(source_slice)
                .where(source_slice.c.shard == str(shard))
                .values(is_read=True)
            )

    def update_shard(self, shard: ShardKey, **values: Any) -> None:
        with self.database.write() as connection:
            connection.execute(_of_shard(shard).values(updated_at=self.database.clock(), **values))

    def shard(self, key: ShardKey) -> Shard:
        """Raises:
        NotFound: no such shard; the message says how to see which there are.
        """
        with self.database.read() as connection:
            row = connection.execute(
                sa.select(shard_table).where(shard_table.c.shard == str(key))
            ).one_or_none()
        if row is None:
            raise NotFound(
                f"there is no shard {key}: `semantic-assets ls` shows those there are; new files under "
                "the sources become shards by `semantic-assets refresh` or `make dev`"
            )
        return _shard(row)

    def shards(self, dataset: DatasetKey | None = None) -> list[Shard]:
        query = sa.select(shard_table).order_by(shard_table.c.dataset, shard_table.c.number)
        if dataset is not None:
            query = query.where(shard_table.c.dataset == str(dataset))
        with self.database.read() as connection:
            return [_shard(row) for row in connection.execute(query)]


def _is_full(row: sa.Row[Any], size: int) -> bool:
    grown = row.text_bytes + size > SHARD_MAX_TEXT_BYTES and row.documents > 0
    return bool(row.closed or row.documents >= SHARD_MAX_DOCUMENTS or grown)


def _new_shard(connection: sa.Connection, dataset: DatasetKey, number: int, now: float) -> ShardKey:
    key = ShardKey(dataset, number)
    connection.execute(
        sa.insert(shard_table).values(
            shard=str(key),
            dataset=str(dataset),
            number=number,
            closed=False,
            documents=0,
            text_bytes=0,
            chunks=0,
            updated_at=now,
        )
    )
    return key


def _of_file(dataset: DatasetKey, uri: str, *, removed: bool = False) -> sa.Update:
    gone = (
        source_slice.c.removed_at.is_not(None) if removed else source_slice.c.removed_at.is_(None)
    )
    return sa.update(source_slice).where(
        source_slice.c.dataset == str(dataset), source_slice.c.uri == uri, gone
    )


def _of_slice(dataset: DatasetKey, item: SourceSlice) -> sa.Update:
    return _of_file(dataset, item.uri).where(source_slice.c.first_record == item.first_record)


def _of_shard(shard: ShardKey) -> sa.Update:
    return sa.update(shard_table).where(shard_table.c.shard == str(shard))


def _counting(shard: ShardKey, size: int, now: float) -> sa.Update:
    """A slice counts as one document of its file's size until the shard was read."""
    return _of_shard(shard).values(
        documents=shard_table.c.documents + 1,
        text_bytes=shard_table.c.text_bytes + size,
        updated_at=now,
    )


def _slice_values(dataset: DatasetKey, shard: ShardKey, item: SourceSlice) -> dict[str, Any]:
    return {
        "dataset": str(dataset),
        "shard": str(shard),
        "uri": item.uri,
        "first_record": item.first_record,
        "end_record": item.end_record,
        "bytes": item.bytes,
        "file_fingerprint": item.file_fingerprint,
        "is_read": item.is_read,
    }


def _slice(row: sa.Row[Any]) -> SourceSlice:
    return SourceSlice(
        uri=row.uri,
        first_record=row.first_record,
        end_record=row.end_record,
        bytes=row.bytes,
        file_fingerprint=row.file_fingerprint,
        is_read=row.is_read,
    )


def _shard(row: sa.Row[Any]) -> Shard:
    return Shard(
        key=ShardKey.parse(row.shard),
        closed=row.closed,
        documents=row.documents,
        text_bytes=row.text_bytes,
        chunks=row.chunks,
    )
