"""The tables of scopes: what a key is, what it was refused, and what fills its windows."""

import sqlalchemy as sa

from semantic_assets.ledger.database.schema import TEXT, metadata

#: One backend, base URL and key (as a keyed hash): the world a remote name is valid in.
scope = sa.Table(
    "scope",
    metadata,
    sa.Column("scope_id", TEXT, primary_key=True),
    sa.Column("backend", TEXT, nullable=False),
    sa.Column("base_url", TEXT, nullable=False),
    sa.Column("paused_until", sa.Float),
    sa.Column("pause_seconds", sa.Float),
    sa.Column("pause_reason", TEXT),
    sa.Column("names_seen_at", sa.Float),
    #: Time a probe passed; null: never. probe_findings: [[name, holds, detail], ...].
    sa.Column("probed_at", sa.Float),
    sa.Column("probe_findings", sa.JSON),
)

#: A model's window of enqueued tokens, as learned from 429s.
scope_window = sa.Table(
    "scope_window",
    metadata,
    sa.Column("scope_id", TEXT, primary_key=True),
    sa.Column("model", TEXT, primary_key=True),
    sa.Column("tokens", sa.BigInteger, nullable=False),
    sa.Column("changed_at", sa.Float, nullable=False),
)

#: What others who use the key have enqueued of a model, as the last listing showed it.
others_window = sa.Table(
    "others_window",
    metadata,
    sa.Column("scope_id", TEXT, primary_key=True),
    sa.Column("model", TEXT, primary_key=True),
    sa.Column("tokens", sa.BigInteger, nullable=False),
    sa.Column("jobs", sa.Integer, nullable=False),
    sa.Column("seen_at", sa.Float, nullable=False),
)

#: Models that a scope refuses, or whose per-minute or per-day limit is reached.
model_pause = sa.Table(
    "model_pause",
    metadata,
    sa.Column("scope_id", TEXT, primary_key=True),
    sa.Column("model", TEXT, primary_key=True),
    sa.Column("until", sa.Float, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("reason", TEXT, nullable=False),
)
