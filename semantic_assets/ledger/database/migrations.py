"""Older ledgers, brought to the schema of this version: one step for each version, in a transaction.

Tables that are only new are made by `create_all`; a step changes those there are.
"""

from collections.abc import Callable

import sqlalchemy as sa

SCHEMA_VERSION = "4"


def _to_4(connection: sa.Connection) -> None:
    """Output tokens of generation jobs; the window that a 429 taught is of a model, not of a scope."""
    for column in ("output_tokens_estimated", "output_tokens_actual"):
        connection.execute(sa.text(f"ALTER TABLE job ADD COLUMN {column} BIGINT"))
    # What it had learned is learned again by the next 429, at no cost.
    for column in ("window_tokens", "window_changed_at"):
        connection.execute(sa.text(f"ALTER TABLE scope DROP COLUMN {column}"))


#: From a version: the next one, and how to get there.
STEPS: dict[str, tuple[str, Callable[[sa.Connection], None]]] = {"3": ("4", _to_4)}


def migrate(connection: sa.Connection, version: str) -> str:
    """Run the steps from a version on, as far as they lead; the version they led to."""
    while version in STEPS:
        version, step = STEPS[version]
        step(connection)
    return version
