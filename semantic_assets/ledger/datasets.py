"""Rows of datasets: their settings, and the times from which they are missing or removed."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from semantic_assets.errors import DatasetRemoved
from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.schema import dataset as dataset_table
from semantic_assets.ledger.database.schema import run_request, shard_space, source_slice
from semantic_assets.ledger.database.schema import shard as shard_table
from semantic_assets.model.keys import DatasetKey

# Made once: each stage of each shard asks for its dataset.
_FIND = sa.select(dataset_table).where(dataset_table.c.dataset == sa.bindparam("of_name"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One row of the dataset table."""

    key: DatasetKey
    settings: dict[str, Any]
    missing_since: float | None
    removed_at: float | None
    cleared_at: float | None
    is_kept_out: bool

    @property
    def is_removed(self) -> bool:
        return self.removed_at is not None


@dataclass(frozen=True, slots=True)
class Datasets:
    database: Database

    def rows(self) -> dict[DatasetKey, Dataset]:
        """Return the rows of all datasets, removed ones too."""
        with self.database.read() as connection:
            found = [_dataset(row) for row in connection.execute(sa.select(dataset_table))]
        return {dataset.key: dataset for dataset in found}

    def find(self, dataset: DatasetKey) -> Dataset | None:
        with self.database.read() as connection:
            row = connection.execute(_FIND, {"of_name": str(dataset)}).one_or_none()
        return None if row is None else _dataset(row)

    def settings(self, dataset: DatasetKey) -> dict[str, Any]:
        """Return a dataset's dataset.toml as last listed; empty if it has none."""
        row = self.find(dataset)
        return {} if row is None else row.settings

    def require(self, dataset: DatasetKey) -> None:
        """Check that a dataset is not removed.

        Raises:
            DatasetRemoved: it was removed; the message says how to restore it.
        """
        row = self.find(dataset)
        if row is not None and row.is_removed:
            raise DatasetRemoved(
                f"dataset {dataset} was removed: `semantic-assets refresh --dataset {dataset}` "
                "brings it back where its files are there"
            )

    def seen(self, dataset: DatasetKey, settings: dict[str, Any]) -> None:
        """Record the settings of a dataset whose files a listing found, new or back."""
        values = {
            "settings": settings,
            "missing_since": None,
            "removed_at": None,
            "cleared_at": None,
            "is_kept_out": False,
        }
        with self.database.write() as connection:
            connection.execute(
                self.database.insert(dataset_table)
                .values(dataset=str(dataset), created_at=self.database.clock(), **values)
                .on_conflict_do_update(index_elements=["dataset"], set_=values)
            )

    def miss(self, dataset: DatasetKey) -> float:
        """Record that a listing found no file of a dataset; return the time since when."""
        now = self.database.clock()
        with self.database.write() as connection:
            connection.execute(
                _of(dataset)
                .where(dataset_table.c.missing_since.is_(None))
                .values(missing_since=now)
            )
            since = connection.execute(
                sa.select(dataset_table.c.missing_since).where(
                    dataset_table.c.dataset == str(dataset)
                )
            ).scalar_one()
        return float(since)

    def remove(self, dataset: DatasetKey, *, keep_out: bool) -> None:
        """Remove a dataset in one transaction: it is no longer planned, assembled or searched."""
        now = self.database.clock()
        with self.database.write() as connection:
            connection.execute(_of(dataset).values(removed_at=now, is_kept_out=keep_out))
            connection.execute(
                sa.update(source_slice)
                .where(source_slice.c.dataset == str(dataset), source_slice.c.removed_at.is_(None))
                .values(removed_at=now)
            )
            connection.execute(
                sa.update(shard_table)
                .where(shard_table.c.dataset == str(dataset))
                .values(revision=shard_table.c.revision + 1)
            )
            shards = f"{dataset.partition}."
            connection.execute(
                sa.delete(shard_space).where(
                    shard_space.c.shard.startswith(shards, autoescape=True)
                )
            )
            # Its runs are due again when it comes back, under unused keys.
            connection.execute(
                sa.update(run_request)
                .where(
                    run_request.c.name.endswith(f":{dataset.partition}", autoescape=True)
                    | run_request.c.name.contains(f":{shards}", autoescape=True)
                )
                .values(fingerprint=None, done_fingerprint=None, attempt=0)
            )

    def cleared(self, dataset: DatasetKey) -> None:
        """Record that the tables and the index of a removed dataset are deleted."""
        with self.database.write() as connection:
            connection.execute(
                _of(dataset)
                .where(dataset_table.c.removed_at.is_not(None))
                .values(cleared_at=self.database.clock())
            )


def _of(dataset: DatasetKey) -> sa.Update:
    return sa.update(dataset_table).where(dataset_table.c.dataset == str(dataset))


def _dataset(row: sa.Row[Any]) -> Dataset:
    return Dataset(
        key=DatasetKey.parse(row.dataset),
        settings=dict(row.settings or {}),
        missing_since=row.missing_since,
        removed_at=row.removed_at,
        cleared_at=row.cleared_at,
        is_kept_out=bool(row.is_kept_out),
    )
