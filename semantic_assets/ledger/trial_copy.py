"""A copy of a ledger to try something on: what is written to it is forgotten."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import sqlalchemy as sa

from semantic_assets.ledger.database import schema
from semantic_assets.ledger.database.engine import Database, open_database
from semantic_assets.ledger.ledger import Ledger, ledger_of
from semantic_assets.ledger.ledger_copy import copy_all_rows


@contextmanager
def trial_copy(ledger: Ledger) -> Iterator[Ledger]:
    """Copy the rows into a file of this process, without the leases that others hold."""
    with TemporaryDirectory(prefix="semantic-assets-") as folder:
        path = Path(folder) / "ledger.sqlite3"
        if ledger.database.engine.dialect.name == "sqlite":
            _back_up(ledger.database, path)
        opened = open_database(f"sqlite:///{path}", create=True, ledger_id=ledger.ledger_id)
        with closing(ledger_of(replace(opened, clock=ledger.database.clock))) as copy:
            if ledger.database.engine.dialect.name != "sqlite":
                copy_all_rows(ledger.database, copy.database)
            with copy.database.write() as connection:
                connection.execute(sa.update(schema.lease).values(expires_at=0.0))
            yield copy


def _back_up(source: Database, path: Path) -> None:
    with source.engine.connect() as connection, closing(sqlite3.connect(path)) as target:
        cast(sqlite3.Connection, connection.connection.driver_connection).backup(target)
