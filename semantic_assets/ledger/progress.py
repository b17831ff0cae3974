"""Progress of each shard in each space: hints for order and display; the planner derives it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.schema import shard_space
from semantic_assets.model.keys import ShardKey


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardProgress:
    """`pending` texts when last counted, for which chunks (None: count), and the settled chunks."""

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
        """Return the progress of a shard, empty if none was noted yet."""
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

    def note_pending(
        self, product_id: str, pending: Mapping[ShardKey, tuple[int, str | None]]
    ) -> None:
        """Note the pending texts of shards, and for which tables; write what is new, at once."""
        noted = self.all()
        with self.database.write(synced=False) as connection:
            for shard, (texts, fingerprint) in pending.items():
                before = noted.get((shard, product_id))
                if before and (before.pending, before.counted_fingerprint) == (texts, fingerprint):
                    continue
                values = {"pending": texts, "counted_fingerprint": fingerprint}
                connection.execute(self._upsert(shard, product_id, values))

    def note(self, shard: ShardKey, product_id: str, **values: Any) -> None:
        """Set some fields of a shard's progress."""
        with self.database.write(synced=False) as connection:
            connection.execute(self._upsert(shard, product_id, values))

    def _upsert(self, shard: ShardKey, product_id: str, values: dict[str, Any]) -> Any:
        row = {"shard": str(shard), "product_id": product_id, **values}
        return (
            self.database.insert(shard_space)
            .values(**row)
            .on_conflict_do_update(
                index_elements=[shard_space.c.shard, shard_space.c.product_id], set_=values
            )
        )


def _progress(row: sa.Row[Any]) -> ShardProgress:
    return ShardProgress(
        shard=ShardKey.parse(row.shard),
        product_id=row._mapping[shard_space.c.product_id],
        pending=row.pending,
        counted_fingerprint=row.counted_fingerprint,
        settled_fingerprint=row.settled_fingerprint,
    )
