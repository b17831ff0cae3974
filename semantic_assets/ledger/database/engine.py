"""The database engine of a ledger, and its two kinds of transaction."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import blake2b
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from semantic_assets.errors import SetupError, TransientError
from semantic_assets.ledger.database import on_postgres, on_sqlite, schema
from semantic_assets.ledger.database.migrations import SCHEMA_VERSION, STEPS, migrate
from semantic_assets.ledger.database.trouble import said_of
from semantic_assets.system.sqlite import ChangeCounter

Clock = Callable[[], float]

_POSTGRES = "postgresql"
#: What a write through a ledger or a lake is told that was opened for reading.
FOR_READING = "the lake was opened for reading: nothing was changed"
_STORED = sa.select(schema.meta.c.value).where(schema.meta.c.name == sa.bindparam("of_name"))
_READING: dict[str, dict[str, Any]] = {
    "sqlite": {on_sqlite.READING: True},
    _POSTGRES: {
        on_sqlite.READING: True,
        "isolation_level": "REPEATABLE READ",
        "postgresql_readonly": True,
    },
}


@dataclass(frozen=True, slots=True)
class Database:
    """An engine, the ledger's identity and the clock its rows are stamped with."""

    engine: sa.Engine
    ledger_id: str
    clock: Clock = time.time
    #: Number of moves before it was opened.
    moves: int = 0
    #: Why nothing may be written; empty: it may.
    refusal: str = ""
    #: False for an empty one that stands for a ledger not made yet.
    is_there: bool = True
    #: None: each question is asked, as on Postgres.
    counter: ChangeCounter | None = None

    def change_count(self) -> int | None:
        """Return a number that stands still while nobody writes; None: this is not known."""
        return None if self.counter is None else self.counter()

    @contextmanager
    def write(self, *, synced: bool = True) -> Iterator[sa.Connection]:
        """Open a short transaction that holds the write lock from its first statement.

        Args:
            synced: False where a power cut may take it back, as if the process had died before it.
                The next one that is synced brings it to the disk. On Postgres all are synced.
        """
        if self.refusal:
            raise SetupError(self.refusal)
        options = {on_sqlite.UNSYNCED: not synced}
        with self.engine.connect() as it, it.execution_options(**options).begin():
            yield it

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Open a read transaction: all reads in the block see one moment."""
        with self.engine.connect() as connection:
            yield connection.execution_options(**_READING[self.engine.dialect.name])

    def store(self, name: str, value: str) -> None:
        """Store one of several values of a name."""
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
        """Return an INSERT that supports ON CONFLICT in the engine's dialect."""
        if self.engine.dialect.name == _POSTGRES:
            from sqlalchemy.dialects.postgresql import insert

            return insert(table)
        return sqlite_insert(table)


def open_database(
    url: str,
    *,
    create: bool,
    clock: Clock = time.time,
    ledger_id: str | None = None,
    moving: bool = False,
    mark: str = "",
    reading: bool = False,
) -> Database:
    """Open a ledger; with `create`, make a missing one, with the given id or a new one.

    Args:
        moving: open a ledger even if it is being moved or was moved.
        mark: note in a newly made ledger that keeps others from opening it.
        reading: change nothing; with `create`, a missing one is an empty one that is kept nowhere.

    Raises:
        SetupError: the address is invalid, there is no ledger and `create` is false, it is of
            another version, on SQLite and in use by another machine, or it was moved.
        TransientError: the server does not answer, or refuses.
    """
    parsed = _parsed(url)
    try:
        if (reading or not create) and not _dialect(parsed).is_there(parsed):
            if not create:
                raise SetupError("there is no ledger here yet: run `semantic-assets init`")
            return _empty_database(clock, ledger_id or "")
        dialect = _dialect(parsed)
        if dialect is on_sqlite:
            on_sqlite.refuse_other_files(parsed, is_known=bool(ledger_id) and not mark)
        engine = dialect.reading_engine(parsed) if reading else dialect.engine(parsed)
        try:
            opened = _read(engine, clock) if reading else _opened(engine, clock, ledger_id, mark)
            database, said = opened
            if said and not moving:
                raise SetupError(
                    f"this ledger {said}: set SEMANTIC_ASSETS_ROOT and SEMANTIC_ASSETS_LEDGER_URL"
                )
            return replace(database, counter=dialect.change_counter(parsed))
        except BaseException:
            engine.dispose()
            raise
    except sa.exc.DatabaseError as error:
        if parsed.get_backend_name() != _POSTGRES:
            raise SetupError(on_sqlite.trouble(parsed, error, reading=reading)) from error
        if not isinstance(error, sa.exc.OperationalError):
            raise
        raise TransientError(
            f"the ledger at {shown(parsed)} cannot be reached: {said_of(error, parsed)}; see that "
            "Postgres runs there and that SEMANTIC_ASSETS_LEDGER_URL is right"
        ) from error


def row_values(table: sa.Table, row: sa.RowMapping) -> dict[str, Any]:
    """Return a row of a whole table by the code's names of its columns."""
    return {str(column.key): row[column] for column in table.columns}


def is_there(url: str) -> bool:
    """Return whether there is a ledger at an address.

    Raises:
        SetupError: the address is invalid.
    """
    parsed = _parsed(url)
    return bool(_dialect(parsed).is_there(parsed))


def shown_url(url: str) -> str:
    """Return an address without its secrets, still distinct for each place."""
    parsed = _parsed(url)
    if parsed.get_backend_name() != _POSTGRES:
        return f"SQLite at {parsed.database}"
    mark = blake2b(parsed.render_as_string(hide_password=True).encode(), digest_size=3).hexdigest()
    return f"Postgres at {shown(parsed)}, {mark}"


def shown(url: sa.URL) -> str:
    """Return an address without its secrets."""
    return f"{url.host or 'localhost'}:{url.port or 5432}/{url.database or ''}"


def _opened(
    engine: sa.Engine, clock: Clock, ledger_id: str | None, mark: str
) -> tuple[Database, str]:
    """Return the opened database and the note of a move, if it was or is being moved."""
    database = Database(engine, "", clock)
    with database.write() as connection:
        schema.metadata.create_all(connection, tables=[schema.meta])
        version = _migrated(
            connection, _meta(database, connection, "schema_version", SCHEMA_VERSION)
        )
        _require_version(version)
        schema.metadata.create_all(connection)
        if engine.dialect.name == "sqlite":
            on_sqlite.refuse_other_machines(connection, clock())
        new = secrets.token_hex(5) if ledger_id is None else ledger_id
        if mark and not _stored(connection, "ledger_id"):
            set_moves(connection, 0, mark)
        stored = _meta(database, connection, "ledger_id", new)
        moves, said = moves_of(connection)
        if clock is time.time and engine.dialect.name == _POSTGRES:
            clock = _server_clock(connection)
    return Database(engine, stored, clock, moves), said


def _require_version(version: str) -> None:
    if version != SCHEMA_VERSION:
        raise SetupError(
            f"the ledger has schema {version}, this version needs {SCHEMA_VERSION}: move the "
            "ledger aside, then `semantic-assets init`, `recover` and `refresh`; what was paid "
            "for is in the lake and is not paid for again"
        )


def _read(engine: sa.Engine, clock: Clock) -> tuple[Database, str]:
    """Do as `_opened` for a ledger that is as this version makes it."""
    with Database(engine, "", clock).read() as connection:
        missing = schema.metadata.tables.keys() - set(sa.inspect(connection).get_table_names())
        version = "0" if "meta" in missing else _stored(connection, "schema_version") or "0"
        if version in STEPS or (missing and version in ("0", SCHEMA_VERSION)):
            raise SetupError(
                "the ledger was made by an older version, and reading does not change it: run "
                "`semantic-assets init` once, where it can be written, to bring it up to date"
            )
        _require_version(version)
        if engine.dialect.name == "sqlite":
            on_sqlite.refuse_other_machines(connection, clock())
        moves, said = moves_of(connection)
        if clock is time.time and engine.dialect.name == _POSTGRES:
            clock = _server_clock(connection)
        found = str(_stored(connection, "ledger_id"))
    return Database(engine, found, clock, moves, FOR_READING), said


def _empty_database(clock: Clock, ledger_id: str) -> Database:
    """Make a ledger of nothing, kept nowhere, to be read."""
    engine = on_sqlite.empty_engine()
    schema.metadata.create_all(engine)
    return Database(engine, ledger_id, clock, refusal=FOR_READING, is_there=False)


def _server_clock(connection: sa.Connection) -> Clock:
    """Return the server's clock: machines disagree on the time, and leases need one clock."""
    now = sa.text("SELECT extract(epoch FROM clock_timestamp())::float8")
    ahead = float(connection.execute(now).scalar_one()) - time.time()
    return lambda: time.time() + ahead


def _stored(connection: sa.Connection, name: str) -> str | None:
    found: str | None = connection.execute(_STORED, {"of_name": name}).scalar_one_or_none()
    return found


def moves_of(connection: sa.Connection) -> tuple[int, str]:
    """Return (number of moves of the ledger, the note of a current move)."""
    number, _, mark = (_stored(connection, "moves") or "0").partition(" ")
    return int(number), mark


def set_moves(connection: sa.Connection, number: int, mark: str) -> None:
    connection.execute(sa.delete(schema.meta).where(schema.meta.c.name == "moves"))
    connection.execute(sa.insert(schema.meta).values(name="moves", value=f"{number} {mark}"))


def _migrated(connection: sa.Connection, version: str) -> str:
    """Migrate to the newest schema version that the steps reach and return it."""
    reached = migrate(connection, version)
    if reached != version:
        stored = schema.meta.c.name == "schema_version"
        connection.execute(sa.update(schema.meta).where(stored).values(value=reached))
    return reached


def _meta(database: Database, connection: sa.Connection, name: str, value: str) -> str:
    """Return the stored value; store `value` first if there is none."""
    connection.execute(
        database.insert(schema.meta).values(name=name, value=value).on_conflict_do_nothing()
    )
    return str(_stored(connection, name))


def _parsed(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
        # A password with an @ that is not written as %40 would be taken for part of the host.
        known = parsed.get_backend_name() in _READING and "@" not in (parsed.host or "")
    except (sa.exc.ArgumentError, ValueError):
        known = False
    if not known:  # the message repeats no part of it: it may hold a password
        raise SetupError(
            "SEMANTIC_ASSETS_LEDGER_URL is no address of a ledger: use "
            "postgresql://USER:PASSWORD@HOST:5432/DATABASE (with %40 for an @ in it) or "
            "sqlite:////FOLDER/ledger.sqlite3"
        )
    return parsed


def _dialect(url: sa.URL) -> ModuleType:
    return on_postgres if url.get_backend_name() == _POSTGRES else on_sqlite
