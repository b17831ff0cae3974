"""Moves of a ledger with all its rows to another database, and copies to try something on.

Two are never in use at once.

The row `moves` of `meta` counts the moves; during a move, and in the ledger left behind, it also
names the target, and opening that ledger fails with it. A process that had it open before gets no
more leases, and without a lease nothing is sent and no table is written.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import orjson
import sqlalchemy as sa

from semantic_assets.errors import ConfigError, Conflict
from semantic_assets.ledger import lease_names
from semantic_assets.ledger.database import schema
from semantic_assets.ledger.database.engine import (
    Database,
    moves_of,
    open_database,
    row_values,
    set_moves,
)
from semantic_assets.ledger.identity import HOME
from semantic_assets.ledger.leases import Lease, Leases, is_in_force, require_fence
from semantic_assets.ledger.ledger import Ledger, ledger_of

_ROWS_AT_ONCE = 1_000
_COPIED = [table for table in schema.metadata.sorted_tables if table is not schema.meta]
#: Rows of `meta` that belong to the database and not to its content.
_OWN = frozenset({"schema_version", "moves", HOME})


@dataclass(frozen=True, slots=True)
class Move:
    """The move of a ledger, or only of its lake; one process at a time holds it."""

    source: Database
    #: The target for people to read, distinct for each place.
    to: str
    lease: Lease

    @property
    def _mark(self) -> str:
        return f"is being moved to {self.to}"

    @property
    def filling(self) -> str:
        """The note in a target until it is complete."""
        return f"is being filled from ledger {self.source.ledger_id}"

    def begin(self) -> None:
        """Begin the move: no process gets a lease any more; a second call resumes the move.

        Raises:
            Conflict: another process is at work, or another move was begun.
        """
        with self.source.write() as connection:
            require_fence(connection, self.lease)
            number, mark = moves_of(connection)
            if mark and mark != self._mark:
                raise Conflict(
                    f"the ledger {mark}: finish that with the same command, or cancel it"
                )
            others = schema.lease.c.name != self.lease.name
            now = self.source.clock()
            for held in connection.execute(sa.select(schema.lease).where(others)):
                if not is_in_force(held.holder, held.expires_at, now):
                    continue
                raise Conflict(
                    f"{held.name} is held by {held.holder}: stop the daemon, servers and runs, "
                    "wait half a minute, and move again"
                )
            # A process that sleeps past its lease must find, when it wakes, that it has none.
            fence = schema.lease.c.fence + 1
            connection.execute(
                sa.update(schema.lease).where(others).values(fence=fence, expires_at=0.0)
            )
            set_moves(connection, number, self._mark)

    def is_begun(self) -> bool:
        with self.source.read() as connection:
            return moves_of(connection)[1] == self._mark

    def is_complete(self, target: Database) -> bool:
        """Return whether the target has all rows: from then on it is the ledger."""
        with self.source.read() as ours, target.read() as theirs:
            number, mark = moves_of(theirs)
            is_ours = target.ledger_id == self.source.ledger_id
            return is_ours and number == moves_of(ours)[0] + 1 and not mark

    def require_room(self, target: Database) -> None:
        """Check that the target is empty or filled by this move.

        Raises:
            ConfigError: the target is a ledger that this move did not begin to fill.
        """
        with target.read() as connection:
            number, mark = moves_of(connection)
            is_empty = not any(_count(connection, table) for table in _COPIED)
        if mark != self.filling and (number or mark or not is_empty):
            raise ConfigError(
                f"there is a ledger at {self.to} already: name an empty database or folder"
            )

    def copy_rows(self, target: Database) -> dict[str, int]:
        """Fill the target, compare it and make it the ledger, in one transaction.

        Returns the number of rows by table.

        Raises:
            Conflict: the rows differ after the copy, or another process took over the move.
        """
        counts = {}
        with self.source.read() as ours, target.write() as theirs:
            self._require(ours)
            if moves_of(theirs)[1] != self.filling:
                raise Conflict(f"the ledger at {self.to} is in use; nothing of it was changed")
            _let_take_long(ours, theirs)
            for table in _COPIED:
                theirs.execute(sa.delete(table))
                for rows in _batches(ours, table):
                    theirs.execute(sa.insert(table), rows)
                counts[table.name] = _same(table, ours, theirs)
            _copy_meta(ours, theirs, target)
            theirs.execute(sa.update(schema.lease).values(expires_at=0.0))
            if target.engine.dialect.name == "postgresql":
                _set_sequences(theirs)
            self.lease.require()
            set_moves(theirs, moves_of(ours)[0] + 1, "")
        return counts

    def finish(self, *, stays: bool) -> None:
        """End the move: note the target in the old ledger, or free a ledger that `stays`."""
        with self.source.write() as connection:
            self._require(connection)
            number, _ = moves_of(connection)
            set_moves(connection, number + 1, "" if stays else f"was moved to {self.to}")
            # The lake has another home now, which the next opening stores.
            connection.execute(sa.delete(schema.meta).where(schema.meta.c.name == HOME))

    def cancel(self, target: Database | None) -> None:
        """Cancel the move.

        Raises:
            Conflict: it is complete and only needs `finish`.
        """
        if target is not None and self.is_complete(target):
            raise Conflict(f"the ledger has arrived at {self.to}: the same command finishes it")
        with self.source.write() as connection:
            self._require(connection)
            set_moves(connection, moves_of(connection)[0], "")

    def _require(self, connection: sa.Connection) -> None:
        """Check that this move is going on and that this process holds it."""
        require_fence(connection, self.lease)
        if moves_of(connection)[1] != self._mark:
            raise Conflict(f"no move to {self.to} is going on: it was given up, or has ended")


@contextmanager
def moving(source: Database, to: str) -> Iterator[Move]:
    """Hold the move of a ledger for the block.

    Raises:
        Conflict: another process moves it.
    """
    leases = Leases(source)
    lease = leases.acquire(lease_names.MIGRATE, moving=True)
    if lease is None:
        raise Conflict("another process moves this lake: let it end")
    with leases.renewing(lease):
        yield Move(source, to, lease)


def copy_all_rows(source: Database, target: Database) -> None:
    """Fill an empty ledger with the rows of another as they are at one moment."""
    with source.read() as ours, target.write() as theirs:
        for table in _COPIED:
            for rows in _batches(ours, table):
                theirs.execute(sa.insert(table), rows)


def _let_take_long(*connections: sa.Connection) -> None:
    """Lift the idle timeout, as one side waits while the other is compared.

    Comparing a million rows takes 18 CPU seconds."""
    for connection in connections:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))


def _batches(connection: sa.Connection, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    query = sa.select(table).order_by(*table.primary_key)
    found = connection.execute(query, execution_options={"yield_per": _ROWS_AT_ONCE})
    for rows in found.mappings().partitions(_ROWS_AT_ONCE):
        yield [row_values(table, row) for row in rows]


def _same(table: sa.Table, ours: sa.Connection, theirs: sa.Connection) -> int:
    """Return the number of rows; raise Conflict if the two tables differ."""
    (count, digest), found = _digest(ours, table), _digest(theirs, table)
    if found != (count, digest):
        raise Conflict(f"{table.name}: {count} rows were sent and {found[0]} arrived, or others")
    return count


def _digest(connection: sa.Connection, table: sa.Table) -> tuple[int, str]:
    count, digest = 0, blake2b(digest_size=16)
    for rows in _batches(connection, table):
        count += len(rows)
        for row in rows:
            digest.update(orjson.dumps(row, option=orjson.OPT_SORT_KEYS))
    return count, digest.hexdigest()


def _copy_meta(ours: sa.Connection, theirs: sa.Connection, target: Database) -> None:
    for row in ours.execute(sa.select(schema.meta)).mappings():
        if row["name"] not in _OWN:
            theirs.execute(
                target.insert(schema.meta)
                .values(**row)
                .on_conflict_do_update(index_elements=["name"], set_={"value": row["value"]})
            )


def _set_sequences(connection: sa.Connection) -> None:
    """Set the sequences above the copied numbers, for the next new rows."""
    for table in _COPIED:
        key = table.autoincrement_column
        if key is not None and key.autoincrement is True:
            sequence = sa.func.pg_get_serial_sequence(table.name, key.name)
            highest = sa.select(sa.func.coalesce(sa.func.max(key), 0) + 1).scalar_subquery()
            connection.execute(sa.select(sa.func.setval(sequence, highest, False)))


def _count(connection: sa.Connection, table: sa.Table) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


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
