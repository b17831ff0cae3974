"""The tables of how well index versions answer judged questions."""

import sqlalchemy as sa

from semantic_assets.ledger.database.schema import TEXT, metadata

#: Quality of an index version on its dataset's judged questions; means over them.
evaluation = sa.Table(
    "evaluation",
    metadata,
    sa.Column("dataset", TEXT, primary_key=True),
    sa.Column("space_id", TEXT, primary_key=True),
    sa.Column("generation", sa.Integer, key="version", primary_key=True),
    sa.Column("judgements", TEXT, nullable=False),
    sa.Column("queries", sa.Integer, nullable=False),
    sa.Column("ndcg_at_10", sa.Float, nullable=False),
    sa.Column("recall_at_10", sa.Float, nullable=False),
    sa.Column("mrr", sa.Float, nullable=False),
    sa.Column("evaluated_at", sa.Float, nullable=False),
)

#: The same for each way to search, and the weight of the meaning that was learned; null: the usual one.
mode_evaluation = sa.Table(
    "mode_evaluation",
    metadata,
    sa.Column("dataset", TEXT, primary_key=True),
    sa.Column("space_id", TEXT, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("mode", TEXT, primary_key=True),
    sa.Column("judgements", TEXT, nullable=False),
    sa.Column("queries", sa.Integer, nullable=False),
    sa.Column("ndcg_at_10", sa.Float, nullable=False),
    sa.Column("recall_at_10", sa.Float, nullable=False),
    sa.Column("mrr", sa.Float, nullable=False),
    sa.Column("weight", sa.Float),
    sa.Column("evaluated_at", sa.Float, nullable=False),
)
