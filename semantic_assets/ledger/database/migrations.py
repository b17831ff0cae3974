"""Migrations of older ledgers to this schema: one step for each version, in a transaction.

`create_all` makes new tables; a step changes existing ones.
"""

from collections.abc import Callable

import sqlalchemy as sa

SCHEMA_VERSION = "4"


def _to_4(connection: sa.Connection) -> None:
    """Add output tokens of generation jobs; drop the learned window, now one per model."""
    for column in ("output_tokens_estimated", "output_tokens_actual"):
        connection.execute(sa.text(f"ALTER TABLE job ADD COLUMN {column} BIGINT"))
    # The next 429 teaches the window again, at no cost.
    for column in ("window_tokens", "window_changed_at"):
        connection.execute(sa.text(f"ALTER TABLE scope DROP COLUMN {column}"))


#: Version -> (next version, step to reach it).
STEPS: dict[str, tuple[str, Callable[[sa.Connection], None]]] = {"3": ("4", _to_4)}


def migrate(connection: sa.Connection, version: str) -> str:
    """Run all steps from a version on and return the version reached."""
    while version in STEPS:
        version, step = STEPS[version]
        step(connection)
    return version
