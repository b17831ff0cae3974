"""Datasets as rows: what they are set to, and since when they are missing or removed."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from semantic_assets.ledger.engine import Database
from semantic_assets.ledger.schema import dataset as dataset_table
from semantic_assets.model.keys import DatasetKey


@dataclass(frozen=True, slots=True)
class Datasets:
    database: Database

    def add(self, dataset: DatasetKey) -> None:
        with self.database.write() as connection:
            connection.execute(
                self.database.insert(dataset_table)
                .values(dataset=str(dataset), created_at=self.database.clock())
                .on_conflict_do_nothing()
            )

    def settings(self, dataset: DatasetKey) -> dict[str, Any]:
        """The content of its dataset.toml as last listed; empty where there is none."""
        query = sa.select(dataset_table.c.settings).where(dataset_table.c.dataset == str(dataset))
        with self.database.read() as connection:
            return dict(connection.execute(query).scalar_one_or_none() or {})

    def set(self, dataset: DatasetKey, settings: dict[str, Any]) -> None:
        with self.database.write() as connection:
            connection.execute(_of(dataset).values(settings=settings))


def _of(dataset: DatasetKey) -> sa.Update:
    return sa.update(dataset_table).where(dataset_table.c.dataset == str(dataset))
