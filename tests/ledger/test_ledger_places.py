"""Where a ledger may be: SQLite on this machine's disk, Postgres for several; else it is refused."""

import os
import threading
import time
from pathlib import Path
from typing import cast

import pytest
import sqlalchemy as sa

from semantic_assets.errors import ConfigError, TransientError
from semantic_assets.ledger.database import on_sqlite, schema
from semantic_assets.ledger.database.scope_tables import scope
from semantic_assets.ledger.ledger import Ledger, open_ledger
from semantic_assets.system.machine import file_system_of, machine_id, mounted_on
from tests.factories import Clock, make_job, run_together
from tests.ledger.ledger_processes import commit_until_cut_off
from tests.services.postgres import missing_for_postgres, postgres_server

MOUNTS = """\
21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
30 21 0:40 / /mnt/shared rw shared:1 - nfs4 server:/export rw
31 30 8:2 / /mnt/shared/fast\\040disk rw - xfs /dev/sdb1 rw
32 21 0:41 / /bucket rw - fuse.gcsfuse corpus rw
"""


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/home/me", "ext4"),
        ("/mnt/shared/lake", "nfs4"),
        ("/mnt/shared", "nfs4"),
        ("/mnt/shared/fast disk/lake", "xfs"),
        ("/mnt/sharedness", "ext4"),
        ("/bucket/lake", "fuse.gcsfuse"),
    ],
)
def test_the_mount_nearest_to_a_path_tells_its_file_system(path: str, found: str) -> None:
    assert mounted_on(MOUNTS, Path(path)) == found


def test_the_file_system_of_a_folder_that_is_not_there_yet_is_known(tmp_path: Path) -> None:
    assert file_system_of(tmp_path / "lake" / "below") == file_system_of(tmp_path) is not None


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "fuse.sshfs", "fuse.s3fs"])
def test_sqlite_on_a_network_file_system_is_refused_with_the_cure(kind: str) -> None:
    with pytest.raises(ConfigError, match=rf"{kind}.*SEMANTIC_ASSETS_LEDGER_URL.*Postgres"):
        on_sqlite._refuse_network(Path("/mnt/shared"), kind)


def test_sqlite_that_another_machine_works_on_is_refused(tmp_path: Path, clock: Clock) -> None:
    url = f"sqlite:///{tmp_path}/ledger.sqlite3"
    ledger = open_ledger(url, create=True, clock=clock)
    assert ledger.leases.acquire("plan")
    open_ledger(url, create=True, clock=clock).close()  # this machine's own processes may
    holder = "11111111-2222-3333-4444-555555555555:worker-7:4711:abcd"
    with ledger.database.write() as connection:
        connection.execute(sa.update(schema.lease).values(holder=holder))
    with pytest.raises(ConfigError, match=r"worker-7 is another machine.*Postgres"):
        open_ledger(url, create=True, clock=clock)
    clock.advance(31)  # it fell silent
    open_ledger(url, create=True, clock=clock).close()
    ledger.close()


def test_leases_say_which_machine_holds_them(ledger: Ledger) -> None:
    lease = ledger.leases.acquire("plan")
    assert lease is not None
    machine, _, process, _ = lease.holder.split(":")
    assert (machine, process.split(".")[0]) == (machine_id(), str(os.getpid()))


@pytest.mark.parametrize("url", ["nonsense", "mysql://me:hunter2@db/x", "postgresql//me:hunter2@d"])
def test_an_address_that_is_none_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ConfigError, match="postgresql://USER") as refused:
        open_ledger(url, create=True)
    assert "hunter2" not in str(refused.value)


@pytest.mark.skipif(missing_for_postgres() is not None, reason=str(missing_for_postgres()))
def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(TransientError, match=r"127\.0\.0\.1:1/ledger cannot be reached") as refused:
        open_ledger("postgresql://me:hunter2@127.0.0.1:1/ledger", create=True)
    assert "hunter2" not in str(refused.value)


def test_names_are_sorted_by_bytes_whatever_the_locale_is(ledger: Ledger) -> None:
    names = ["a-b", "a_b", "aB", "ab", "Ab", "ä"]
    for name in names:
        ledger.scopes.register(name, backend="gemini", base_url="https://")
    query = sa.select(scope.c.scope_id).order_by(scope.c.scope_id)
    with ledger.database.read() as connection:
        found = list(connection.execute(query).scalars())
    assert found == sorted(names, key=str.encode)


def test_what_is_read_in_one_block_is_of_one_moment(ledger: Ledger) -> None:
    count = sa.select(sa.func.count()).select_from(schema.job)
    with ledger.database.read() as connection:
        before = connection.execute(count).scalar_one()
        ledger.jobs.insert(make_job(), detail="meanwhile")
        assert connection.execute(count).scalar_one() == before
    assert ledger.jobs.count() == before + 1


def test_nothing_is_written_in_a_reading_block_on_postgres(ledger: Ledger) -> None:
    if ledger.database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite would let it")
    with ledger.database.read() as connection, pytest.raises(sa.exc.InternalError):
        connection.execute(sa.insert(schema.meta).values(name="a", value="b"))


@pytest.mark.skipif(missing_for_postgres() is not None, reason=str(missing_for_postgres()))
def test_a_killed_server_loses_no_row_that_was_acknowledged() -> None:
    """SIGKILL to the server while four processes write; what they were told is there after it."""
    with postgres_server() as server:
        url = server.new_schema()
        ledger = open_ledger(url, create=True)

        def strike() -> None:
            while ledger.jobs.count() < 40:
                time.sleep(0.02)
            server.kill()

        striking = threading.Thread(target=strike)
        striking.start()
        told = run_together(commit_until_cut_off, url)
        striking.join()
        server.start()
        there = {job.job_id for job in ledger.jobs.list()}
        ledger.close()
    acknowledged = {job_id for jobs in told for job_id in cast(list[str], jobs)}
    assert acknowledged
    assert acknowledged <= there
    assert len(there - acknowledged) <= len(told)  # committed, and cut off before it was told
