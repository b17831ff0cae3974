"""Evaluations of index versions, to see a drop in quality and to plot a trend."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from semantic_assets.ledger.database.engine import Database, row_values
from semantic_assets.ledger.database.quality_tables import evaluation, mode_evaluation
from semantic_assets.model.keys import DatasetKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Mean scores over the judged questions. `judgements` is the fingerprint of the questions."""

    dataset: str
    space_id: str
    version: int
    judgements: str
    queries: int
    ndcg_at_10: float
    recall_at_10: float
    mrr: float
    evaluated_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeEvaluation:
    """The same of one way to search: a mode, or `grouped`, which is hybrid by document."""

    dataset: str
    space_id: str
    version: int
    mode: str
    judgements: str
    queries: int
    ndcg_at_10: float
    recall_at_10: float
    mrr: float
    #: The weight of the meaning that was learned; None: the usual one.
    weight: float | None
    evaluated_at: float


@dataclass(frozen=True, slots=True)
class Evaluations:
    database: Database

    def record(self, found: Evaluation) -> None:
        """Store an evaluation; a second one of an index version replaces the first."""
        with self.database.write() as connection:
            self._put(connection, evaluation, asdict(found))

    def record_modes(self, found: Sequence[ModeEvaluation]) -> None:
        """Store what was measured of each mode of an index version, in place of what was before."""
        with self.database.write() as connection:
            for one in found:
                self._put(connection, mode_evaluation, asdict(one))

    def of(self, dataset: DatasetKey) -> list[Evaluation]:
        """Return the evaluations of a dataset, newest version first."""
        query = sa.select(evaluation).where(evaluation.c.dataset == str(dataset))
        with self.database.read() as connection:
            rows = connection.execute(query.order_by(evaluation.c.version.desc()))
            return [Evaluation(**row_values(evaluation, row._mapping)) for row in rows]

    def of_modes(self, dataset: DatasetKey) -> list[ModeEvaluation]:
        """Return what was measured of each mode, newest version first."""
        query = sa.select(mode_evaluation).where(mode_evaluation.c.dataset == str(dataset))
        order = mode_evaluation.c.version.desc(), mode_evaluation.c.evaluated_at.desc()
        with self.database.read() as connection:
            rows = connection.execute(query.order_by(*order))
            return [ModeEvaluation(**row_values(mode_evaluation, row._mapping)) for row in rows]

    def _put(self, connection: sa.Connection, table: sa.Table, values: dict[str, object]) -> None:
        changed = {c.key: values[c.key] for c in table.columns if not c.primary_key}
        connection.execute(
            self.database.insert(table)
            .values(**values)
            .on_conflict_do_update(index_elements=list(table.primary_key), set_=changed)
        )
