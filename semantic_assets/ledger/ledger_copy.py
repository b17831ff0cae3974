"""Moving a ledger to another database: all its rows, and never two that are in use.

The row `moves` of `meta` counts the moves; while one goes on, and in what is left behind, it also
says where to, and whoever opens that ledger is told. A process that had it open before gets no
more leases, and without a lease nothing is sent and no table is written.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson
import sqlalchemy as sa

from semantic_assets.errors import ConfigError, Conflict
from semantic_assets.ledger import lease_names
from semantic_assets.ledger.database import schema
from semantic_assets.ledger.database.engine import Database, moves_of, row_values, set_moves
from semantic_assets.ledger.leases import Lease, Leases, require_fence

_ROWS_AT_ONCE = 1_000
_COPIED = [table for table in schema.metadata.sorted_tables if table is not schema.meta]
#: Of `meta`: what belongs to the database, and not to what is in it.
_OWN = frozenset({"schema_version", "moves"})


@dataclass(frozen=True, slots=True)
class Move:
    """Of one ledger, or only of the lake it is of; held by one process at a time."""

    source: Database
    #: Where to, as people are told; another for each place.
    to: str
    lease: Lease

    @property
    def _mark(self) -> str:
        return f"is being moved to {self.to}"

    @property
    def filling(self) -> str:
        """What a target says of itself until it is complete."""
        return f"is being filled from ledger {self.source.ledger_id}"

    def begin(self) -> None:
        """From now on nobody works with it; a second time goes on with the same move.

        Raises:
            Conflict: somebody is at work, or another move was begun.
        """
        with self.source.write() as connection:
            require_fence(connection, self.lease)
            number, mark = moves_of(connection)
            if mark and mark != self._mark:
                raise Conflict(
                    f"the ledger {mark}: finish that with the same command, or cancel it"
                )
            others = schema.lease.c.name != self.lease.name
            query = sa.select(schema.lease).where(
                others, schema.lease.c.expires_at >= self.source.clock()
            )
            if held := connection.execute(query).first():
                raise Conflict(
                    f"{held.name} is held by {held.holder}: stop the daemon, servers and runs, "
                    "wait half a minute, and move again"
                )
            # A process that slept over its lease finds, when it wakes, that it has none.
            fence = schema.lease.c.fence + 1
            connection.execute(
                sa.update(schema.lease).where(others).values(fence=fence, expires_at=0.0)
            )
            set_moves(connection, number, self._mark)

    def is_begun(self) -> bool:
        with self.source.read() as connection:
            return moves_of(connection)[1] == self._mark

    def is_complete(self, target: Database) -> bool:
        """All rows are there: from then on the target is the ledger."""
        with self.source.read() as ours, target.read() as theirs:
            number, mark = moves_of(theirs)
            is_ours = target.ledger_id == self.source.ledger_id
            return is_ours and number == moves_of(ours)[0] + 1 and not mark

    def require_room(self, target: Database) -> None:
        """Raises:
        ConfigError: there is a ledger already, and not one that this move began to fill.
        """
        with target.read() as connection:
            number, mark = moves_of(connection)
            is_empty = not any(_count(connection, table) for table in _COPIED)
        if mark != self.filling and (number or mark or not is_empty):
            raise ConfigError(
                f"there is a ledger at {self.to} already: name an empty database or folder"
            )

    def copy_rows(self, target: Database) -> dict[str, int]:
        """Fill the target, compare it, and make it the ledger, in one transaction; rows by table.

        Raises:
            Conflict: what arrived is not what was sent, or another process went on with the move.
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
        """What is left behind says where it went; a ledger that stays is free again."""
        with self.source.write() as connection:
            self._require(connection)
            number, _ = moves_of(connection)
            set_moves(connection, number + 1, "" if stays else f"was moved to {self.to}")

    def cancel(self, target: Database | None) -> None:
        """Raises:
        Conflict: it is complete, and only left to be finished.
        """
        if target is not None and self.is_complete(target):
            raise Conflict(f"the ledger has arrived at {self.to}: the same command finishes it")
        with self.source.write() as connection:
            self._require(connection)
            set_moves(connection, moves_of(connection)[0], "")

    def _require(self, connection: sa.Connection) -> None:
        """The move is this one, and this process is the one that makes it."""
        require_fence(connection, self.lease)
        if moves_of(connection)[1] != self._mark:
            raise Conflict(f"no move to {self.to} is going on: it was given up, or has ended")


@contextmanager
def moving(source: Database, to: str) -> Iterator[Move]:
    """Raises:
    Conflict: another process moves it.
    """
    leases = Leases(source)
    lease = leases.acquire(lease_names.MIGRATE, moving=True)
    if lease is None:
        raise Conflict("another process moves this lake: let it end")
    with leases.renewing(lease):
        yield Move(source, to, lease)


def _let_take_long(*connections: sa.Connection) -> None:
    """While one side is compared the other waits: 18 CPU seconds for a million rows."""
    for connection in connections:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))


def _batches(connection: sa.Connection, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    query = sa.select(table).order_by(*table.primary_key)
    found = connection.execute(query, execution_options={"yield_per": _ROWS_AT_ONCE})
    for rows in found.mappings().partitions(_ROWS_AT_ONCE):
        yield [row_values(table, row) for row in rows]


def _same(table: sa.Table, ours: sa.Connection, theirs: sa.Connection) -> int:
    """How many rows both have."""
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
    """Rows came with their numbers: the next new one must have a higher."""
    for table in _COPIED:
        key = table.autoincrement_column
        if key is not None and key.autoincrement is True:
            sequence = sa.func.pg_get_serial_sequence(table.name, key.name)
            highest = sa.select(sa.func.coalesce(sa.func.max(key), 0) + 1).scalar_subquery()
            connection.execute(sa.select(sa.func.setval(sequence, highest, False)))


def _count(connection: sa.Connection, table: sa.Table) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
