"""How far each shard is in each embedding space. Hints for order and display; the planner derives."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.schema import shard_space
from semantic_assets.model.keys import ShardKey


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardProgress:
    """`pending` texts at the last look, and of which chunks (None: look); what it is settled for."""

    shard: ShardKey
    product_id: str
    pending: int | None = None
    counted_fingerprint: str | None = None
    settled_fingerprint: str | None = None

    def is_settled_for(self, chunks_fingerprint: str | None) -> bool:
        return chunks_fingerprint is not None and self.settled_fingerprint == chunks_fingerprint


@dataclass(frozen=True, slots=True)
class Progress:
    database: Database

    def of(self, shard: ShardKey, product_id: str) -> ShardProgress:
        """An empty one where nothing was noted yet."""
        query = sa.select(shard_space).where(
            shard_space.c.shard == str(shard), shard_space.c.product_id == product_id
        )
        with self.database.read() as connection:
            row = connection.execute(query).one_or_none()
        return _progress(row) if row else ShardProgress(shard=shard, product_id=product_id)

    def all(self) -> dict[tuple[ShardKey, str], ShardProgress]:
        with self.database.read() as connection:
            found = [_progress(row) for row in connection.execute(sa.select(shard_space))]
        return {(progress.shard, progress.product_id): progress for progress in found}

    def note(self, shard: ShardKey, product_id: str, **values: Any) -> None:
        """Set some of the fields."""
        with self.database.write() as connection:
            connection.execute(
                self.database.insert(shard_space)
                .values(shard=str(shard), product_id=product_id, **values)
                .on_conflict_do_update(
                    index_elements=[shard_space.c.shard, shard_space.c.product_id], set_=values
                )
            )

    def landed(self, shards: Iterable[str], product_id: str) -> None:
        """All texts of a job of these shards landed: none is pending that was not before.

        But no shard is settled, whoever took it for that while a job given up was on its way back.
        """
        which = shard_space.c.shard.in_(list(shards))
        self._reset(which, product_id, settled_fingerprint=None)

    def look_again(self, shards: Iterable[str], product_id: str) -> None:
        """Texts of these shards were released or failed: some may be pending again."""
        which = shard_space.c.shard.in_(list(shards))
        self._reset(which, product_id, pending=None, settled_fingerprint=None)

    def unsettle(self, product_id: str) -> None:
        """Vectors turned up for texts that were taken for failed: every shard may want them."""
        self._reset(sa.true(), product_id, pending=None, settled_fingerprint=None)

    def _reset(self, which: sa.ColumnElement[bool], product_id: str, **values: None) -> None:
        query = sa.update(shard_space).where(which, shard_space.c.product_id == product_id)
        with self.database.write() as connection:
            connection.execute(query.values(**values))


def _progress(row: sa.Row[Any]) -> ShardProgress:
    return ShardProgress(
        shard=ShardKey.parse(row.shard),
        product_id=row._mapping[shard_space.c.product_id],
        pending=row.pending,
        counted_fingerprint=row.counted_fingerprint,
        settled_fingerprint=row.settled_fingerprint,
    )
