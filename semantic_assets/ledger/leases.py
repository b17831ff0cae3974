"""Leases with one holder at a time, a fence that only grows, and an expiry for dead holders.

A holder that was a process of this machine and has ended holds nothing, whatever the clock says. A
power cut may take a lease back that no synced transaction came after: its holder ended with it.
"""

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa

from semantic_assets.errors import Conflict
from semantic_assets.ledger.database.engine import Database, moves_of
from semantic_assets.ledger.database.schema import lease as lease_table
from semantic_assets.system.machine import has_ended
from semantic_assets.system.machine import holder as this_process

TTL_SECONDS = 30.0
_POLL_SECONDS = 0.1
# Made once: every job takes and gives up leases, and SQLAlchemy takes as long to put a statement
# together as to run it.
_HELD = sa.select(lease_table.c.holder, lease_table.c.expires_at).where(
    lease_table.c.name == sa.bindparam("of_name")
)
_FENCE = sa.select(lease_table.c.fence).where(lease_table.c.name == sa.bindparam("of_name"))
_RELEASE = (
    sa.update(lease_table)
    .where(lease_table.c.name == sa.bindparam("of_name"))
    .where(lease_table.c.fence == sa.bindparam("of_fence"))
    .values(expires_at=0.0)
)


@dataclass(slots=True)
class Lease:
    """A lease this process holds. `lost` is set when a renewal found another holder."""

    name: str
    holder: str
    fence: int
    lost: threading.Event = field(default_factory=threading.Event)
    #: Time it was last known to be ours, by a monotonic clock.
    renewed_at: float = field(default_factory=time.monotonic)

    def require(self) -> None:
        """Check that this process still holds the lease.

        Raises:
            Conflict: the lease was lost, or not renewed for so long that others may have it; stop
                before the next durable step.
        """
        if self.lost.is_set() or time.monotonic() - self.renewed_at > TTL_SECONDS:
            raise Conflict(f"lease {self.name} was taken over; stopped")


def require_fence(connection: sa.Connection, lease: Lease) -> None:
    """Check inside a transaction that a lease was not taken over, which fences its writes.

    Raises:
        Conflict: another process has it.
    """
    fence = connection.execute(_FENCE, {"of_name": lease.name}).scalar_one_or_none()
    if fence != lease.fence:
        raise Conflict(f"lease {lease.name} was taken over; nothing was changed")


def is_in_force(holder: str, expires_at: float, now: float) -> bool:
    """Return whether a lease's holder still has it.

    No holder reserves more than one time to live: an expiry far ahead was written by a clock that
    was wrong. It blocked planning for a day.
    """
    return now <= expires_at <= now + 2 * TTL_SECONDS and not has_ended(holder)


@dataclass(frozen=True, slots=True)
class Leases:
    database: Database
    ttl_seconds: float = TTL_SECONDS

    def acquire(self, name: str, *, moving: bool = False) -> Lease | None:
        """Take a lease that is free or expired; return None while it is held.

        Args:
            moving: the caller moves the lake, while no other process gets a lease.

        Raises:
            Conflict: the lake was moved since it was opened.
        """
        holder = f"{this_process()}:{secrets.token_hex(4)}"
        with self.database.write(synced=False) as connection:
            if not moving and moves_of(connection) != (self.database.moves, ""):
                raise Conflict("the lake was moved, or is being moved: open it again where it is")
            now = self.database.clock()  # only now: the transaction may have waited for its turn
            if self._is_held(connection, name, now):
                return None
            values = {"holder": holder, "expires_at": now + self.ttl_seconds}
            fence = connection.execute(
                self.database.insert(lease_table)
                .values(name=name, fence=1, **values)
                .on_conflict_do_update(
                    index_elements=["name"],
                    set_={**values, "fence": lease_table.c.fence + 1},
                )
                .returning(lease_table.c.fence)
            ).scalar_one()
        return Lease(name, holder, fence)

    def _is_held(self, connection: sa.Connection, name: str, now: float) -> bool:
        row = connection.execute(_HELD, {"of_name": name}).one_or_none()
        return row is not None and is_in_force(row.holder, row.expires_at, now)

    def renew(self, lease: Lease) -> bool:
        """Extend the expiry; return False (and set `lost`) if another process has the lease."""
        asked_at = time.monotonic()
        with self.database.write(synced=False) as connection:
            held = connection.execute(
                sa.update(lease_table)
                .where(lease_table.c.name == lease.name, lease_table.c.fence == lease.fence)
                .where(lease_table.c.holder == lease.holder)
                .values(expires_at=self.database.clock() + self.ttl_seconds)
                .returning(lease_table.c.fence)
            ).scalar_one_or_none()
        if held is None:
            lease.lost.set()
        else:
            lease.renewed_at = asked_at
        return held is not None

    def release(self, lease: Lease) -> None:
        with self.database.write(synced=False) as connection:
            connection.execute(_RELEASE, {"of_name": lease.name, "of_fence": lease.fence})

    def held(self, name: str) -> bool:
        with self.database.read() as connection:
            return self._is_held(connection, name, self.database.clock())

    @contextmanager
    def trying(self, name: str) -> Iterator[Lease | None]:
        """Hold a lease for the block, renewed by a thread; yield None if another process has it."""
        lease = self.acquire(name)
        if lease is None:
            yield None
            return
        with self.renewing(lease):
            yield lease

    @contextmanager
    def holding(self, name: str, *, wait_seconds: float = 600.0) -> Iterator[Lease]:
        """Hold a lease for the block like `trying`, but wait for the current holder.

        Raises:
            Conflict: it was still held after `wait_seconds`.
        """
        deadline = time.monotonic() + wait_seconds
        while (lease := self.acquire(name)) is None:
            if time.monotonic() > deadline:
                raise Conflict(f"lease {name} is held by another process; try again later")
            time.sleep(_POLL_SECONDS)
        with self.renewing(lease):
            yield lease

    @contextmanager
    def renewing(self, *leases: Lease) -> Iterator[None]:
        """Renew held leases, by one thread, until the block ends; then release them."""
        stop = threading.Event()

        def beat() -> None:
            renewed_at = time.monotonic()
            while not stop.wait(self.ttl_seconds / 3):
                try:
                    for lease in leases:
                        if not lease.lost.is_set():
                            self.renew(lease)
                    renewed_at = time.monotonic()
                except sa.exc.SQLAlchemyError:
                    # The ledger is out of reach; after the expiry others may hold the leases.
                    if time.monotonic() - renewed_at > self.ttl_seconds:
                        for lease in leases:
                            lease.lost.set()

        heartbeat = threading.Thread(target=beat, name="lease heartbeat", daemon=True)
        heartbeat.start()
        try:
            yield
        finally:
            stop.set()
            heartbeat.join()
            for lease in leases:
                self.release(lease)
