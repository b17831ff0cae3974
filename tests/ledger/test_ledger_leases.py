"""Leases: one holder, a fence that only grows, and an end for holders that died."""

import threading
import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from semantic_assets.errors import Conflict
from semantic_assets.ledger.database.schema import lease as lease_table
from semantic_assets.ledger.leases import TTL_SECONDS, Lease, Leases
from semantic_assets.ledger.ledger import Ledger
from semantic_assets.system.machine import holder as machine_of
from tests.factories import Clock, run_together
from tests.ledger.ledger_processes import acquire_lease, die_with_lease

NAME = "shard:acme.manuals.00000"


def acquire(ledger: Ledger, name: str = NAME) -> Lease:
    lease = ledger.leases.acquire(name)
    assert lease is not None
    return lease


def take_over(ledger: Ledger, clock: Clock) -> tuple[Lease, Lease]:
    """A holder that fell silent, and the one after it."""
    old = acquire(ledger)
    clock.advance(TTL_SECONDS + 1)
    return old, acquire(ledger)


def wait_for(condition: Callable[[], bool], *, seconds: float = 5.0) -> bool:
    """Whether it comes true while another thread works."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        threading.Event().wait(0.005)
    return False


def test_a_held_lease_is_not_given_to_another(ledger: Ledger, clock: Clock) -> None:
    acquire(ledger)
    assert ledger.leases.acquire(NAME) is None
    clock.advance(TTL_SECONDS)
    assert ledger.leases.held(NAME)
    assert ledger.leases.acquire(NAME) is None


def test_leases_of_different_names_do_not_meet(ledger: Ledger) -> None:
    assert acquire(ledger, "a").fence == acquire(ledger, "b").fence == 1
    assert not ledger.leases.held("c")


def test_an_expired_lease_is_taken_over_with_a_higher_fence(ledger: Ledger, clock: Clock) -> None:
    old, new = take_over(ledger, clock)
    assert new.fence == old.fence + 1
    assert new.holder != old.holder


def test_a_released_lease_is_free_at_once_and_its_fence_still_grows(ledger: Ledger) -> None:
    fences = []
    for _ in range(3):
        lease = acquire(ledger)
        fences.append(lease.fence)
        ledger.leases.release(lease)
        assert not ledger.leases.held(NAME)
    assert fences == [1, 2, 3]


def test_a_renewed_lease_lives_on(ledger: Ledger, clock: Clock) -> None:
    lease = acquire(ledger)
    for _ in range(3):
        clock.advance(TTL_SECONDS - 1)
        assert ledger.leases.renew(lease)
    assert ledger.leases.acquire(NAME) is None
    lease.require()


def test_a_lease_that_expired_and_was_not_taken_can_still_be_renewed(
    ledger: Ledger, clock: Clock
) -> None:
    lease = acquire(ledger)
    clock.advance(TTL_SECONDS * 10)
    assert not ledger.leases.held(NAME)
    assert ledger.leases.renew(lease)
    assert ledger.leases.held(NAME)


def test_who_was_taken_over_finds_out_and_may_not_go_on(ledger: Ledger, clock: Clock) -> None:
    old, new = take_over(ledger, clock)
    old.require()  # nothing told it yet
    assert not ledger.leases.renew(old)
    assert old.lost.is_set()
    with pytest.raises(Conflict, match=NAME):
        old.require()
    assert ledger.leases.renew(new)


def test_a_lease_of_the_same_fence_and_another_holder_is_not_renewed(ledger: Ledger) -> None:
    lease = acquire(ledger)
    assert not ledger.leases.renew(Lease(NAME, "a copy from a backup", lease.fence))


def test_who_was_taken_over_does_not_release_the_new_holder(ledger: Ledger, clock: Clock) -> None:
    old, _ = take_over(ledger, clock)
    ledger.leases.release(old)
    assert ledger.leases.held(NAME)


def test_trying_gives_nothing_while_somebody_holds_it(ledger: Ledger) -> None:
    with ledger.leases.trying(NAME) as lease:
        assert lease is not None
        with ledger.leases.trying(NAME) as second:
            assert second is None
        assert ledger.leases.held(NAME)
    assert not ledger.leases.held(NAME)


def test_an_error_in_the_block_releases_the_lease(ledger: Ledger) -> None:
    def fail_inside() -> None:
        with ledger.leases.holding(NAME):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside()
    assert not ledger.leases.held(NAME)


def test_holding_gives_up_with_the_name_of_the_lease(ledger: Ledger) -> None:
    def wait_in_vain() -> None:
        with ledger.leases.holding(NAME, wait_seconds=0.0):
            raise AssertionError("two holders")

    acquire(ledger)
    with pytest.raises(Conflict, match=NAME):
        wait_in_vain()


def test_holding_waits_for_the_holder(ledger: Ledger, clock: Clock) -> None:
    first = acquire(ledger)
    threading.Timer(0.02, ledger.leases.release, [first]).start()
    with ledger.leases.holding(NAME, wait_seconds=5.0) as lease:
        assert lease.fence == 2


def test_a_thread_renews_while_the_block_runs_and_ends_with_it(
    ledger: Ledger, clock: Clock
) -> None:
    leases = Leases(ledger.database, ttl_seconds=0.06)  # a beat every 0.02 s
    before = threading.active_count()
    with leases.trying("a"):
        for _ in range(3):
            clock.advance(10)
            assert wait_for(lambda: leases.held("a"))
    assert threading.active_count() == before
    assert not leases.held("a")


def test_the_renewing_thread_notices_a_take_over(ledger: Ledger, clock: Clock) -> None:
    old, _ = take_over(ledger, clock)
    with Leases(ledger.database, ttl_seconds=0.06).renewing(old):
        assert old.lost.wait(5)
    assert ledger.leases.held(NAME)


def test_several_leases_are_renewed_together_and_one_loss_leaves_the_others(
    ledger: Ledger, clock: Clock
) -> None:
    lost, _ = take_over(ledger, clock)
    kept = acquire(ledger, "kept")
    leases = Leases(ledger.database, ttl_seconds=0.06)
    with leases.renewing(lost, kept):
        assert lost.lost.wait(5)
        clock.advance(100)
        assert wait_for(lambda: leases.held("kept"))
    assert not kept.lost.is_set()


def test_one_of_eight_processes_gets_a_lease(ledger_url: str, ledger: Ledger) -> None:
    for expected in (1, 2):
        fences = run_together(acquire_lease, ledger_url, NAME, expected, 8, processes=8)
        assert [fence for fence in fences if fence is not None] == [expected]
        ledger.leases.release(Lease(NAME, "", expected))


def test_a_renewal_that_fails_for_a_while_goes_on_afterwards(ledger: Ledger, clock: Clock) -> None:
    leases = Leases(ledger.database, ttl_seconds=0.6)  # a beat every 0.2 s
    with leases.trying("a") as lease:
        assert lease is not None
        _rename(ledger, "lease", "hidden")
        threading.Event().wait(0.3)
        _rename(ledger, "hidden", "lease")
        clock.advance(100)
        assert wait_for(lambda: leases.held("a"))
        assert not lease.lost.is_set()


def test_a_lease_that_could_not_be_renewed_until_it_expired_counts_as_lost(
    ledger: Ledger,
) -> None:
    with Leases(ledger.database, ttl_seconds=0.06).trying("a") as lease:
        assert lease is not None
        _rename(ledger, "lease", "hidden")
        assert lease.lost.wait(5)
        _rename(ledger, "hidden", "lease")


def _rename(ledger: Ledger, old: str, new: str) -> None:
    with ledger.database.write() as connection:
        connection.execute(sa.text(f"ALTER TABLE {old} RENAME TO {new}"))


def test_the_lease_of_a_process_that_has_ended_is_free_at_once(
    ledger_url: str, ledger: Ledger
) -> None:
    assert run_together(die_with_lease, ledger_url, NAME, processes=1) == [1]
    assert not ledger.leases.held(NAME)
    assert acquire(ledger).fence == 2


@pytest.mark.parametrize(
    "changed", ["other-machine:{host}:{process}:a", "{machine}:{host}:{pid}.{started}.1:a"]
)
def test_a_holder_elsewhere_keeps_its_lease_until_it_expires(
    ledger: Ledger, clock: Clock, changed: str
) -> None:
    acquire(ledger)
    machine, host, process = machine_of().split(":")
    parts = {"machine": machine, "host": host, "pid": 2**22 + 1, "started": 5, "process": process}
    _hold(ledger, changed.format(**parts), clock() + TTL_SECONDS)
    assert ledger.leases.acquire(NAME) is None
    clock.advance(TTL_SECONDS + 1)
    assert acquire(ledger).fence == 2


def test_a_process_id_that_was_given_again_is_not_taken_for_the_holder(
    ledger: Ledger, clock: Clock
) -> None:
    acquire(ledger)
    machine, host, process = machine_of().split(":")
    pid, started, space = process.split(".")
    _hold(ledger, f"{machine}:{host}:{pid}.{int(started) - 1}.{space}:a", clock() + TTL_SECONDS)
    assert acquire(ledger).fence == 2


def test_an_expiry_a_day_ahead_was_written_by_a_wrong_clock(ledger: Ledger, clock: Clock) -> None:
    clock.advance(86_400)
    acquire(ledger)
    clock.advance(-86_400)
    assert acquire(ledger).fence == 2


def _hold(ledger: Ledger, holder: str, expires_at: float) -> None:
    with ledger.database.write() as connection:
        connection.execute(sa.update(lease_table).values(holder=holder, expires_at=expires_at))


def test_a_lease_waits_for_no_disk_and_what_follows_it_does(ledger: Ledger) -> None:
    """On SQLite: the log is one file, so that a synced transaction brings the lease with it."""
    if ledger.database.engine.dialect.name != "sqlite":
        pytest.skip("on Postgres other machines go on, and every transaction is synced")
    levels: list[int] = []

    def look(connection: sa.Connection, *_: object) -> None:
        level = connection.connection.driver_connection.execute("PRAGMA synchronous")  # type: ignore[union-attr]
        levels.append(level.fetchone()[0])

    sa.event.listen(ledger.database.engine, "commit", look)
    lease = acquire(ledger)
    ledger.database.store("note", "synced")
    ledger.leases.release(lease)
    ledger.database.store("note", "again")
    assert levels == [1, 2, 1, 2]
