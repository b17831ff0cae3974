"""Moving a ledger to another database: all its rows, and never two that are in use.

The row `moves` of `meta` counts the moves; while one goes on, and in what is left behind, it also
says where to, and whoever opens that ledger is told. A process that had it open before gets no
more leases, and without a lease nothing is sent and no table is written.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson
import sqlalchemy as sa

from semantic_assets.errors import ConfigError, Conflict
from semantic_assets.ledger import schema
from semantic_assets.ledger.engine import Database, moves_of, set_moves

_ROWS_AT_ONCE = 1_000
_COPIED = [table for table in schema.metadata.sorted_tables if table is not schema.meta]
#: Of `meta`: what belongs to the database, and not to what is in it.
_OWN = frozenset({"schema_version", "moves"})


@dataclass(frozen=True, slots=True)
class Move:
    """Of one ledger, or only of the lake it is of."""

    source: Database
    #: None: the ledger stays where it is, and its lake moves.
    target: Database | None
    #: Where to, as people are told.
    to: str

    @property
    def _mark(self) -> str:
        return f"is being moved to {self.to}"

    def begin(self) -> None:
        """From now on nobody works with it; a second time goes on with the same move.

        Raises:
            Conflict: somebody is at work, or another move was begun.
        """
        with self.source.write() as connection:
            number, mark = moves_of(connection)
            if mark and mark != self._mark:
                raise Conflict(
                    f"the ledger {mark}: finish that with the same command, or cancel it"
                )
            query = sa.select(schema.lease).where(schema.lease.c.expires_at >= self.source.clock())
            if held := connection.execute(query).first():
                raise Conflict(
                    f"{held.name} is held by {held.holder}: stop the daemon, servers and runs, "
                    "wait half a minute, and move again"
                )
            set_moves(connection, number, self._mark)
        if self.target is not None and not self.is_complete():
            self._claim(self.target)

    def is_complete(self) -> bool:
        """All rows are there: from then on the target is the ledger."""
        if self.target is None:
            return False
        with self.source.read() as ours, self.target.read() as theirs:
            number, mark = moves_of(theirs)
            return number == moves_of(ours)[0] + 1 and not mark

    def copy_rows(self) -> dict[str, int]:
        """Fill the target, compare it, and make it the ledger, in one transaction; rows by table.

        Raises:
            Conflict: what arrived is not what was sent.
        """
        target, counts = self.target, {}
        assert target is not None
        with self.source.read() as ours, target.write() as theirs:
            for table in _COPIED:
                theirs.execute(sa.delete(table))
                for rows in _batches(ours, table):
                    theirs.execute(sa.insert(table), rows)
                counts[table.name] = _same(table, ours, theirs)
            _copy_meta(ours, theirs, target)
            theirs.execute(sa.update(schema.lease).values(expires_at=0.0))
            if target.engine.dialect.name == "postgresql":
                _set_sequences(theirs)
            set_moves(theirs, moves_of(ours)[0] + 1, "")
        return counts

    def finish(self) -> None:
        """What is left behind says where it went; a ledger that stayed is free again."""
        with self.source.write() as connection:
            number, _ = moves_of(connection)
            mark = "" if self.target is None else f"was moved to {self.to}"
            set_moves(connection, number + 1, mark)

    def cancel(self) -> None:
        """Raises:
        Conflict: it is complete, and only left to be finished.
        """
        if self.is_complete():
            raise Conflict(f"the ledger has arrived at {self.to}: the same command finishes it")
        with self.source.write() as connection:
            number, mark = moves_of(connection)
            if mark == self._mark:
                set_moves(connection, number, "")

    def _claim(self, target: Database) -> None:
        with target.write() as connection:
            number, mark = moves_of(connection)
            filled = f"is being filled from ledger {self.source.ledger_id}"
            if mark != filled and (number or any(_count(connection, t) for t in _COPIED)):
                raise ConfigError(
                    f"there is a ledger at {self.to} already: name an empty database or folder"
                )
            set_moves(connection, number, filled)


def _batches(connection: sa.Connection, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    found = connection.execute(sa.select(table).order_by(*table.primary_key))
    for rows in found.mappings().partitions(_ROWS_AT_ONCE):
        yield [{str(name): value for name, value in row.items()} for row in rows]


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
