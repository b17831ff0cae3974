"""Opening a ledger, and its two kinds of transaction."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from semantic_assets.errors import ConfigError
from semantic_assets.ledger import schema
from semantic_assets.ledger.migrations import SCHEMA_VERSION, migrate
from semantic_assets.sqlite import use_wal

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Database:
    """An engine, the ledger's identity and the clock its rows are stamped with."""

    engine: sa.Engine
    ledger_id: str
    clock: Clock = time.time

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One short transaction that holds the write lock from its first statement."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        with self.engine.connect() as connection:
            connection.execution_options(semantic_assets_reading=True)
            yield connection

    def store(self, name: str, value: str) -> None:
        """Remember one of several values of a name."""
        with self.write() as connection:
            connection.execute(
                self.insert(schema.meta)
                .values(name=f"{name}:{value}", value=value)
                .on_conflict_do_nothing()
            )

    def stored(self, name: str) -> list[str]:
        query = sa.select(schema.meta.c.value).where(schema.meta.c.name.startswith(f"{name}:"))
        with self.read() as connection:
            return list(connection.execute(query).scalars())

    def insert(self, table: sa.Table) -> Any:
        """INSERT with ON CONFLICT in the engine's own dialect."""
        postgres = self.engine.dialect.name == "postgresql"
        return postgres_insert(table) if postgres else sqlite_insert(table)


def open_database(
    url: str, *, create: bool, clock: Clock = time.time, ledger_id: str | None = None
) -> Database:
    """Open a ledger; with `create`, make it where there is none, with that id or a new one.

    Raises:
        ConfigError: there is no ledger and `create` is false, or it is of another version.
    """
    if not create and not _is_there(url):
        raise ConfigError("there is no ledger here yet: run `semantic-assets init`")
    engine = _engine(url)
    database = Database(engine, "", clock)
    schema.metadata.create_all(engine, tables=[schema.meta])
    version = _migrated(database, _meta(database, "schema_version", SCHEMA_VERSION))
    if version != SCHEMA_VERSION:
        engine.dispose()
        raise ConfigError(
            f"the ledger has schema {version}, this version needs {SCHEMA_VERSION}: move the ledger "
            "aside, then `semantic-assets init`, `recover` and `refresh`; what was paid for is in "
            "the lake and is not paid for again"
        )
    schema.metadata.create_all(engine)
    stored_id = _meta(database, "ledger_id", ledger_id or secrets.token_hex(5))
    return Database(engine, stored_id, clock)


def _migrated(database: Database, version: str) -> str:
    """The version after all steps there are. Two processes may open an older ledger at once."""
    if version == SCHEMA_VERSION:
        return version
    stored = schema.meta.c.name == "schema_version"
    with database.write() as connection:
        held = connection.execute(sa.select(schema.meta.c.value).where(stored)).scalar_one()
        reached = migrate(connection, held)
        connection.execute(sa.update(schema.meta).where(stored).values(value=reached))
    return reached


def _is_there(url: str) -> bool:
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return parsed.database is not None and Path(parsed.database).is_file()
    engine = _engine(url)
    try:
        return sa.inspect(engine).has_table("meta")
    finally:
        engine.dispose()


def _meta(database: Database, name: str, value: str) -> str:
    """The stored value; stores `value` first where there is none. Safe when two do it at once."""
    with database.write() as connection:
        connection.execute(
            database.insert(schema.meta).values(name=name, value=value).on_conflict_do_nothing()
        )
        stored = connection.execute(
            sa.select(schema.meta.c.value).where(schema.meta.c.name == name)
        ).scalar_one()
    return str(stored)


def _engine(url: str) -> sa.Engine:
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return sa.create_engine(parsed)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(parsed, connect_args={"timeout": 60, "isolation_level": None})
    sa.event.listen(engine, "connect", _configure_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: Any, _record: Any) -> None:
    use_wal(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    # A deferred transaction that reads and then writes fails with "database is locked" whatever
    # the timeout is: 2,173 of 2,400 did with eight processes, none with IMMEDIATE.
    reading = connection.get_execution_options().get("semantic_assets_reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
