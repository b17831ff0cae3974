"""Evaluations of index versions, to see a drop in quality and to plot a trend."""

from dataclasses import asdict, dataclass

import sqlalchemy as sa

from semantic_assets.ledger.database.engine import Database, row_values
from semantic_assets.ledger.database.schema import evaluation
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


@dataclass(frozen=True, slots=True)
class Evaluations:
    database: Database

    def record(self, found: Evaluation) -> None:
        """Store an evaluation; a second one of an index version replaces the first."""
        values = asdict(found)
        keys = list(evaluation.primary_key)
        changed = {c.key: values[c.key] for c in evaluation.columns if not c.primary_key}
        with self.database.write() as connection:
            connection.execute(
                self.database.insert(evaluation)
                .values(**values)
                .on_conflict_do_update(index_elements=keys, set_=changed)
            )

    def of(self, dataset: DatasetKey) -> list[Evaluation]:
        """Return the evaluations of a dataset, newest version first."""
        query = sa.select(evaluation).where(evaluation.c.dataset == str(dataset))
        with self.database.read() as connection:
            rows = connection.execute(query.order_by(evaluation.c.version.desc()))
            return [Evaluation(**row_values(evaluation, row._mapping)) for row in rows]
