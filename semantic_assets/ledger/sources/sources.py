"""Datasets, shards and the slices of source files placed in them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from semantic_assets.errors import NotFound
from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.schema import dataset as dataset_table
from semantic_assets.ledger.database.schema import shard as shard_table
from semantic_assets.ledger.database.schema import source_slice
from semantic_assets.ledger.sources.placement import of_shard, place, rename, touch
from semantic_assets.ledger.sources.record_plans import (
    RecordPlan,
    drop_plans,
    store_plans,
    with_plans,
)
from semantic_assets.ledger.sources.slices import (
    Reading,
    SourceSlice,
    of_file,
    slice_of,
)
from semantic_assets.ledger.sources.splitting import move, split
from semantic_assets.model.keys import DatasetKey, ShardKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One row of the shard table."""

    key: ShardKey
    closed: bool
    documents: int
    text_bytes: int
    chunks: int
    #: Revision of its inputs, and the last reading: "<revision>:<reader>".
    revision: int
    read_as: str | None


@dataclass(frozen=True, slots=True)
class Sources:
    database: Database

    def datasets(self) -> list[DatasetKey]:
        """Return the datasets that are not removed."""
        query = sa.select(dataset_table.c.dataset).where(dataset_table.c.removed_at.is_(None))
        with self.database.read() as connection:
            names = connection.execute(query.order_by(dataset_table.c.dataset)).scalars()
            return [DatasetKey.parse(name) for name in names]

    def slices(self, dataset: DatasetKey) -> dict[str, str]:
        """Map the uri of every placed file that is not removed to its fingerprint."""
        return self.slices_of([dataset])[dataset]

    def slices_of(
        self, datasets: Sequence[DatasetKey] = ()
    ) -> defaultdict[DatasetKey, dict[str, str]]:
        """Map these datasets, or all, to their `slices`, in one query."""
        of = source_slice.c
        query = sa.select(of.dataset, of.uri, of.file_fingerprint).where(of.removed_at.is_(None))
        if datasets:
            query = query.where(of.dataset.in_([str(dataset) for dataset in datasets]))
        names = defaultdict[str, dict[str, str]](dict)
        with self.database.read() as connection:
            for dataset, uri, fingerprint in connection.execute(query):
                names[dataset][uri] = fingerprint
        found = defaultdict[DatasetKey, dict[str, str]](dict)
        found.update((DatasetKey.parse(name), files) for name, files in names.items())
        return found

    def shard_slices(self, shard: ShardKey) -> list[SourceSlice]:
        """Return the slices of a shard in order of placement."""
        query = with_plans().where(
            source_slice.c.shard == str(shard), source_slice.c.removed_at.is_(None)
        )
        with self.database.read() as connection:
            return [
                slice_of(row) for row in connection.execute(query.order_by(source_slice.c.slice_id))
            ]

    def file_slices(self, dataset: DatasetKey, uri: str) -> list[tuple[ShardKey, SourceSlice]]:
        """Return the shards and slices of one file's records, in order of the records."""
        query = with_plans().where(
            source_slice.c.dataset == str(dataset),
            source_slice.c.uri == uri,
            source_slice.c.removed_at.is_(None),
        )
        with self.database.read() as connection:
            return [
                (ShardKey.parse(row.shard), slice_of(row))
                for row in connection.execute(query.order_by(source_slice.c.first_record))
            ]

    def placed(self, dataset: DatasetKey) -> list[SourceSlice]:
        """Return all slices of a dataset that are not removed."""
        query = with_plans().where(
            source_slice.c.dataset == str(dataset), source_slice.c.removed_at.is_(None)
        )
        with self.database.read() as connection:
            return [slice_of(row) for row in connection.execute(query)]

    def unread(self, dataset: DatasetKey) -> list[SourceSlice]:
        """Return the placed slices whose current file was not read yet."""
        return self.unread_of([dataset]).get(dataset, [])

    def unread_of(self, datasets: Sequence[DatasetKey] = ()) -> dict[DatasetKey, list[SourceSlice]]:
        """Map those of these datasets, or of all, that have such slices to them, by one query."""
        query = with_plans().where(
            source_slice.c.removed_at.is_(None),
            source_slice.c.read_fingerprint.is_distinct_from(source_slice.c.file_fingerprint),
        )
        if len(datasets) == 1:
            query = query.where(source_slice.c.dataset == str(datasets[0]))
        found = defaultdict[str, list[SourceSlice]](list)
        with self.database.read() as connection:
            for row in connection.execute(query):
                found[row.dataset].append(slice_of(row))
        named = {DatasetKey.parse(name): slices for name, slices in found.items()}
        return {key: named[key] for key in datasets or named if key in named}

    def apply_listing(
        self,
        dataset: DatasetKey,
        *,
        added: Sequence[SourceSlice],
        changed: Sequence[tuple[str, str, int]],
        removed: Sequence[str],
        renamed: Sequence[tuple[str, SourceSlice]] = (),
    ) -> None:
        """Place new files and record changed, removed and renamed ones in one transaction."""
        now = self.database.clock()
        with self.database.write() as connection:
            if renamed:
                rename(connection, dataset, renamed, now)
            place(connection, dataset, added, now)
            for uri, fingerprint, size in changed:
                connection.execute(
                    of_file(dataset, uri).values(file_fingerprint=fingerprint, bytes=size)
                )
                drop_plans(connection, dataset, uri)
            for uri in removed:
                connection.execute(of_file(dataset, uri).values(removed_at=now))
            names = [*(uri for uri, _, _ in changed), *removed, *(i.uri for _, i in renamed)]
            touch(connection, dataset, names)

    def split_slice(
        self,
        shard: ShardKey,
        item: SourceSlice,
        *,
        at: int,
        plan: RecordPlan | None = None,
        rest: RecordPlan | None = None,
    ) -> ShardKey:
        """End a slice of a full shard before record `at`; return the shard that gets the rest.

        Args:
            plan: of the slice that ends; None: it keeps its own.
            rest: of the records that are left.

        Raises:
            NotFound: another process split the slice.
        """
        with self.database.write() as connection:
            return split(connection, self.database, shard, item, at, (plan, rest))

    def plan_slices(self, plans: Sequence[tuple[SourceSlice, RecordPlan]]) -> None:
        """Note what was counted of the records of placed slices."""
        found = [(item.slice_id, plan) for item, plan in plans if item.slice_id is not None]
        if found:
            with self.database.write(synced=False) as connection:
                store_plans(connection, self.database, found)

    def uncounted(self, datasets: Sequence[DatasetKey]) -> list[tuple[ShardKey, SourceSlice]]:
        """Return the slices to the end of files that are neither read nor counted as they are now."""
        of, wanted = source_slice.c, {str(dataset) for dataset in datasets}
        query = with_plans().where(
            of.removed_at.is_(None),
            of.end_record.is_(None),
            of.read_fingerprint.is_distinct_from(of.file_fingerprint),
        )
        with self.database.read() as connection:
            rows = [row for row in connection.execute(query) if row.dataset in wanted]
        found = [(ShardKey.parse(row.shard), slice_of(row)) for row in rows]
        return [(shard, item) for shard, item in found if not item.is_counted]

    def move_slice(self, shard: ShardKey, item: SourceSlice) -> ShardKey:
        """Move an unread slice of a full shard to the next shard, which is returned."""
        with self.database.write() as connection:
            return move(connection, self.database, shard, item)

    def note_readings(self, shard: ShardKey, read: Sequence[Reading]) -> None:
        """Record the readings of slices that a shard's table now holds.

        The fingerprint read becomes the file's, unless a listing found a newer one meanwhile.
        """
        listed = source_slice.c.file_fingerprint
        was_read = (
            sa.update(source_slice)
            .where(
                source_slice.c.dataset == str(shard.dataset),
                source_slice.c.uri == sa.bindparam("of_uri"),
                source_slice.c.first_record == sa.bindparam("of_record"),
            )
            .values(
                is_read=True,
                file_fingerprint=sa.case(
                    (listed == sa.bindparam("seen"), sa.bindparam("now")), else_=listed
                ),
                read_fingerprint=sa.bindparam("mark"),
                reading=sa.bindparam("found"),
            )
        )
        rows = [
            {
                "of_uri": done.item.uri,
                "of_record": done.item.first_record,
                "seen": done.item.file_fingerprint,
                "now": done.mark or done.item.file_fingerprint,
                "mark": done.mark,
                "found": done.found,
            }
            for done in read
        ]
        if rows:
            with self.database.write(synced=False) as connection:
                connection.execute(was_read, rows)

    def update_shard(self, shard: ShardKey, **values: Any) -> None:
        with self.database.write(synced=False) as connection:
            connection.execute(of_shard(shard).values(updated_at=self.database.clock(), **values))

    def shard(self, key: ShardKey) -> Shard:
        """Return a shard's row.

        Raises:
            NotFound: no such shard; the message says how to list them.
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

    def shards_ever(self, dataset: DatasetKey) -> list[ShardKey]:
        """Return the shards of a dataset, even if it was removed."""
        query = sa.select(shard_table.c.shard).where(shard_table.c.dataset == str(dataset))
        with self.database.read() as connection:
            return [ShardKey.parse(name) for name in connection.execute(query).scalars()]

    def shards(self, dataset: DatasetKey | None = None) -> list[Shard]:
        """Return the shards of all datasets, or of one; removed datasets have none."""
        removed = sa.select(dataset_table.c.dataset).where(dataset_table.c.removed_at.is_not(None))
        query = sa.select(shard_table).where(shard_table.c.dataset.not_in(removed))
        if dataset is not None:
            query = query.where(shard_table.c.dataset == str(dataset))
        query = query.order_by(shard_table.c.dataset, shard_table.c.number)
        with self.database.read() as connection:
            return [_shard(row) for row in connection.execute(query)]


def _shard(row: sa.Row[Any]) -> Shard:
    return Shard(
        key=ShardKey.parse(row.shard),
        closed=row.closed,
        documents=row.documents,
        text_bytes=row.text_bytes,
        chunks=row.chunks,
        revision=row.revision,
        read_as=row.read_as,
    )
