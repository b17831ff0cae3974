"""Ids of jobs and of retries, in the order in which the ledger gave them."""

import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.schema import meta

#: Name in `meta` of the time part of the last id.
_LAST = "last_id"
_STAMP_DIGITS = 12


@dataclass(frozen=True, slots=True)
class JobIds:
    database: Database

    def new(self) -> str:
        """Return an id above all before it: of two vectors for one text the lowest job_id wins.

        It begins with the time in milliseconds, but the order is the ledger's: by the clocks of two
        machines a `retry` was older than the error it was to void, and the text was never sent.
        """
        with self.database.write() as connection:
            stamp = max(int(self.database.clock() * 1000), _last(connection) + 1)
            self._keep(connection, stamp)
        return f"{stamp:0{_STAMP_DIGITS}x}{secrets.token_hex(4)}"

    def raise_above(self, job_id: str) -> None:
        """Have all later ids be above this one, which another ledger may have given."""
        stamp = int(job_id[:_STAMP_DIGITS], 16)
        with self.database.write() as connection:
            self._keep(connection, max(stamp, _last(connection)))

    def _keep(self, connection: sa.Connection, stamp: int) -> None:
        value = f"{stamp:0{_STAMP_DIGITS}x}"
        connection.execute(
            self.database.insert(meta)
            .values(name=_LAST, value=value)
            .on_conflict_do_update(index_elements=["name"], set_={"value": value})
        )


def _last(connection: sa.Connection) -> int:
    query = sa.select(meta.c.value).where(meta.c.name == _LAST)
    return int(connection.execute(query).scalar() or "0", 16)
