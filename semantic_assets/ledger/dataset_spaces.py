"""The embedding spaces of a dataset: the serving one, and the target of a reindex."""

from dataclasses import dataclass

import sqlalchemy as sa

from semantic_assets.errors import Conflict
from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.schema import dataset as dataset_table
from semantic_assets.model.keys import DatasetKey

_OF = sa.select(dataset_table.c.serving_space, dataset_table.c.target_space).where(
    dataset_table.c.dataset == sa.bindparam("of_name")
)


@dataclass(frozen=True, slots=True)
class SpacesOf:
    """Space ids: `serving` is None before the dataset's first work, `target` outside a reindex."""

    serving: str | None
    target: str | None


@dataclass(frozen=True, slots=True)
class DatasetSpaces:
    database: Database

    def of(self, dataset: DatasetKey) -> SpacesOf:
        with self.database.read() as connection:
            row = connection.execute(_OF, {"of_name": str(dataset)}).one_or_none()
        return SpacesOf(None, None) if row is None else SpacesOf(*row)

    def all(self) -> dict[DatasetKey, SpacesOf]:
        """Return the spaces of every dataset that is not removed."""
        columns = dataset_table.c
        query = sa.select(columns.dataset, columns.serving_space, columns.target_space)
        with self.database.read() as connection:
            rows = connection.execute(query.where(columns.removed_at.is_(None)))
            return {DatasetKey.parse(name): SpacesOf(*spaces) for name, *spaces in rows}

    def adopt(self, dataset: DatasetKey, space_id: str) -> None:
        """Set the first serving space; an existing one stays."""
        with self.database.write() as connection:
            connection.execute(
                sa.update(dataset_table)
                .where(_is(dataset), dataset_table.c.serving_space.is_(None))
                .values(serving_space=space_id)
            )

    def aim(self, dataset: DatasetKey, target: str | None) -> None:
        """Begin a reindex into `target`; None cancels it.

        Raises:
            Conflict: the dataset is being reindexed into another space.
        """
        free = sa.or_(
            dataset_table.c.target_space.is_(None), dataset_table.c.target_space == target
        )
        query = sa.update(dataset_table).where(_is(dataset)).values(target_space=target)
        if target is not None:
            query = query.where(free)
        with self.database.write() as connection:
            moved = connection.execute(query.returning(dataset_table.c.dataset)).all()
        if not moved:
            raise Conflict(
                f"dataset {dataset} is being reindexed into another space: let that end, or give "
                f"it up with `semantic-assets reindex --dataset {dataset} --cancel`"
            )


def _is(dataset: DatasetKey) -> sa.ColumnElement[bool]:
    return dataset_table.c.dataset == str(dataset)
