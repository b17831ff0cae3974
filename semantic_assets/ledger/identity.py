"""Where a ledger's lake is, and how far the ledger has come."""

from dataclasses import dataclass

import sqlalchemy as sa

from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.schema import job_event, lease, meta

_LEDGER_ID, _COPIED_FROM = "ledger_id", "copied_from"
#: The home of the lake as `Lake.home` tells it. It is not copied when a ledger is moved.
HOME = "home"
#: Events of ledgers that this one was recovered after, so that its count goes on above theirs.
EVENTS_BEFORE = "events_before"


@dataclass(frozen=True, slots=True)
class Identity:
    database: Database

    @property
    def home(self) -> str | None:
        """The home of the lake this ledger was last opened with; None: it has none yet."""
        return self._stored(HOME)

    def settle(self, home: str) -> None:
        """Store the lake's home."""
        with self.database.write() as connection:
            self._store(connection, HOME, home)

    @property
    def copied_from(self) -> str | None:
        """The id of the ledger this one was a copy of, until `become` gave it its own."""
        return self._stored(_COPIED_FROM)

    def become(self, ledger_id: str, home: str) -> None:
        """Give a copy an id and a home of its own; the original shares the key from then on."""
        before = self.database.ledger_id
        self.database.store("beside", before)
        with self.database.write() as connection:
            for name, value in ((_LEDGER_ID, ledger_id), (_COPIED_FROM, before), (HOME, home)):
                self._store(connection, name, value)

    def free_leases(self) -> None:
        """End the leases that a copy took along: their holders work for the original."""
        with self.database.write() as connection:
            connection.execute(sa.update(lease).values(expires_at=0.0, fence=lease.c.fence + 1))

    def reached(self) -> int:
        """Return the number of the last event."""
        with self.database.read() as connection:
            before, last = _events(connection)
        return before + last

    def go_on_above(self, number: int) -> None:
        """Count on from a number that an earlier ledger of this lake had come to."""
        with self.database.write() as connection:
            before, last = _events(connection)
            if number > before + last:
                self._store(connection, EVENTS_BEFORE, str(number - last))

    def _stored(self, name: str) -> str | None:
        with self.database.read() as connection:
            return _value(connection, name)

    def _store(self, connection: sa.Connection, name: str, value: str) -> None:
        connection.execute(
            self.database.insert(meta)
            .values(name=name, value=value)
            .on_conflict_do_update(index_elements=["name"], set_={"value": value})
        )


def _events(connection: sa.Connection) -> tuple[int, int]:
    """Return (events of earlier ledgers, number of the last event of this one)."""
    last = connection.execute(sa.select(sa.func.max(job_event.c.event_id))).scalar()
    return int(_value(connection, EVENTS_BEFORE) or "0"), last or 0


def _value(connection: sa.Connection, name: str) -> str | None:
    query = sa.select(meta.c.value).where(meta.c.name == name)
    found: str | None = connection.execute(query).scalar_one_or_none()
    return found
