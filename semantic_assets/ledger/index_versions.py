"""Index versions of a dataset, and the pointer to the serving one."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from semantic_assets.errors import Conflict
from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.quality_tables import mode_evaluation
from semantic_assets.ledger.database.schema import dataset as dataset_table
from semantic_assets.ledger.database.schema import index_version
from semantic_assets.ledger.leases import Lease, require_fence
from semantic_assets.model.keys import DatasetKey

BUILDING, BUILT, SERVING, RETIRED = "building", "built", "serving", "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexVersion:
    """One built index. `inputs` maps shard -> fingerprint of the embeddings it was built from."""

    dataset: DatasetKey
    space_id: str
    number: int
    state: str
    rows: int
    input_fingerprint: str
    inputs: dict[str, str]
    backend: str
    created_at: float
    #: Time of the last switch to it; None: never.
    served_at: float | None
    #: Fingerprint of the embeddings it was chosen over by hand; no automatic build undoes that.
    held_for: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingVersion:
    """What a search needs of a serving version; equal ones have the same files."""

    dataset: DatasetKey
    space_id: str
    number: int
    backend: str
    #: A dataset that was removed and came back begins its numbers again.
    created_at: float
    #: The weight of the meaning in hybrid search that was learned last; None: the usual one.
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class IndexVersions:
    database: Database

    def start(self, dataset: DatasetKey, space_id: str) -> int:
        """Start an index version and return its number, above all earlier ones, finished or not."""
        with self.database.write() as connection:
            highest = connection.execute(
                sa.select(sa.func.max(index_version.c.number)).where(_of(dataset))
            ).scalar()
            number = (highest or 0) + 1
            connection.execute(
                sa.insert(index_version).values(
                    dataset=str(dataset),
                    space_id=space_id,
                    number=number,
                    state=BUILDING,
                    rows=0,
                    input_fingerprint="",
                    inputs={},
                    backend="",
                    created_at=self.database.clock(),
                )
            )
        return number

    def built(
        self,
        lease: Lease,
        dataset: DatasetKey,
        number: int,
        *,
        rows: int,
        input_fingerprint: str,
        inputs: dict[str, str],
        backend: str,
    ) -> None:
        """Record that an index version is complete and checked; it does not serve yet.

        Raises:
            Conflict: the dataset's lease was taken over while building.
        """
        query = sa.update(index_version).where(_of(dataset), index_version.c.number == number)
        values = {"input_fingerprint": input_fingerprint, "inputs": inputs, "backend": backend}
        with self.database.write() as connection:
            require_fence(connection, lease)
            connection.execute(query.values(state=BUILT, rows=rows, **values))

    def switch(self, lease: Lease, dataset: DatasetKey, number: int) -> None:
        """Make a built version the serving one, which publishes all of its content.

        Raises:
            Conflict: it is gone, or the dataset's lease was taken over.
        """
        self._point(lease, dataset, number, {"held_for": None})

    def switch_back(
        self, lease: Lease, dataset: DatasetKey, number: int, *, held_for: str | None
    ) -> None:
        """Make a kept version serve again; automatic builds keep it for the embeddings `held_for`.

        Raises:
            Conflict: it is gone, or the dataset's lease was taken over.
        """
        self._point(lease, dataset, number, {"held_for": held_for})

    def _point(
        self, lease: Lease, dataset: DatasetKey, number: int, values: dict[str, Any]
    ) -> None:
        is_serving = index_version.c.state == SERVING
        retired = sa.update(index_version).where(_of(dataset), is_serving).values(state=RETIRED)
        serving = (
            sa.update(index_version)
            .where(_of(dataset), index_version.c.number == number)
            .values(state=SERVING, served_at=self.database.clock(), **values)
            .returning(index_version.c.space_id)
        )
        with self.database.write() as connection:
            require_fence(connection, lease)
            connection.execute(retired)
            switched = connection.execute(serving).all()
            if not switched:
                raise Conflict(
                    f"{dataset}: index version {number} is gone; the old one keeps serving"
                )
            _serve_space(connection, dataset, switched[0].space_id)

    def serving(self, dataset: DatasetKey) -> IndexVersion | None:
        query = sa.select(index_version).where(_of(dataset), index_version.c.state == SERVING)
        with self.database.read() as connection:
            row = connection.execute(query).one_or_none()
        return _index_version(row) if row is not None else None

    def all_serving(self) -> dict[DatasetKey, IndexVersion]:
        """Map each dataset with a serving version to it, by one query."""
        query = sa.select(index_version).where(index_version.c.state == SERVING)
        with self.database.read() as connection:
            found = [_index_version(row) for row in connection.execute(query)]
        return {version.dataset: version for version in found}

    def serving_of_all(self) -> dict[DatasetKey, ServingVersion]:
        """Return the serving versions of all datasets that are not removed, in their order."""
        of, learned = index_version.c, mode_evaluation.c
        weight = (
            sa.select(learned.weight)
            .where(
                learned.dataset == of.dataset,
                learned.space_id == of.space_id,
                learned.mode == "hybrid",
            )
            .order_by(learned.evaluated_at.desc())
            .limit(1)
            .scalar_subquery()
        )
        query = (
            sa.select(of.dataset, of.space_id, of.number, of.backend, of.created_at, weight)
            .join(dataset_table, dataset_table.c.dataset == of.dataset)
            .where(of.state == SERVING, dataset_table.c.removed_at.is_(None))
            .order_by(of.dataset)
        )
        with self.database.read() as connection:
            rows = connection.execute(query).all()
        found = (
            ServingVersion(
                dataset=DatasetKey.parse(dataset),
                space_id=space_id,
                number=number,
                backend=backend,
                created_at=created_at,
                weight=learned_weight,
            )
            for dataset, space_id, number, backend, created_at, learned_weight in rows
        )
        return {one.dataset: one for one in found}

    def list(self, dataset: DatasetKey) -> list[IndexVersion]:
        """Return all versions of a dataset, newest first."""
        query = sa.select(index_version).where(_of(dataset)).order_by(index_version.c.number.desc())
        with self.database.read() as connection:
            return [_index_version(row) for row in connection.execute(query)]

    def forget(self, dataset: DatasetKey, number: int) -> None:
        with self.database.write() as connection:
            connection.execute(
                sa.delete(index_version).where(
                    _of(dataset), index_version.c.number == number, index_version.c.state != SERVING
                )
            )

    def withdraw(self, dataset: DatasetKey) -> None:
        """Retire the serving version of a removed dataset."""
        with self.database.write() as connection:
            connection.execute(
                sa.update(index_version)
                .where(_of(dataset), index_version.c.state == SERVING)
                .values(state=RETIRED)
            )


def _serve_space(connection: sa.Connection, dataset: DatasetKey, space_id: str) -> None:
    """Set the serving space together with the pointer; a reindex into that space ends."""
    target = dataset_table.c.target_space
    connection.execute(
        sa.update(dataset_table)
        .where(dataset_table.c.dataset == str(dataset))
        .values(
            serving_space=space_id,
            target_space=sa.case((target == space_id, None), else_=target),
        )
    )


def _of(dataset: DatasetKey) -> sa.ColumnElement[bool]:
    return index_version.c.dataset == str(dataset)


def _index_version(row: sa.Row[Any]) -> IndexVersion:
    values = dict(row._mapping)
    values["dataset"] = DatasetKey.parse(values["dataset"])
    return IndexVersion(**values)
