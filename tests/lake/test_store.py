"""The store: a table file counts when lake and ledger agree on it, and not otherwise."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pyarrow as pa
import pytest

from semantic_assets.errors import ConfigError, Conflict
from semantic_assets.lake import layout
from semantic_assets.ledger import lease_names
from semantic_assets.ledger.leases import Lease
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.settings.settings import Settings
from semantic_assets.store import Store, open_store
from tests.factories import Clock
from tests.lake.lake_processes import SCHEMA

SHARD = ShardKey(DatasetKey("a", "b"), 0)
PATH = layout.chunks(SHARD)


def acquire(store: Store) -> Lease:
    lease = store.ledger.leases.acquire(lease_names.of_shard(SHARD))
    assert lease is not None
    return lease


def write(
    store: Store, lease: Lease, number: int, *, before_end: Callable[[], object] = lambda: None
) -> None:
    with store.updating_table(lease, PATH, SCHEMA, input_fingerprint=f"in{number}") as table:
        table.write(pa.table([[number] * 3], schema=SCHEMA))
        table.fingerprint = f"content{number}"
        before_end()


def test_a_written_table_is_current_for_its_inputs_only(store: Store) -> None:
    assert not store.is_current(PATH, "in1")
    assert store.trusted_fingerprint(PATH) is None
    write(store, acquire(store), 1)
    assert store.is_current(PATH, "in1")
    assert not store.is_current(PATH, "in2")
    assert store.trusted_fingerprint(PATH) == store.lake.fingerprint(PATH) == "content1"
    assert store.lake.metadata(PATH)["semantic_assets.input"] == "in1"
    record = store.ledger.files.find(PATH)
    assert record is not None
    assert record.rows == 3


def test_a_file_that_is_gone_or_another_is_not_trusted(store: Store) -> None:
    lease = acquire(store)
    write(store, lease, 1)
    kept = store.lake.path(PATH).read_bytes()
    store.lake.delete(PATH)
    assert not store.is_current(PATH, "in1")
    assert store.trusted_fingerprint(PATH) is None
    write(store, lease, 2)
    store.lake.path(PATH).write_bytes(kept)  # an old copy put back
    assert not store.is_current(PATH, "in2")
    assert store.trusted_fingerprint(PATH) is None


def test_an_error_while_writing_leaves_table_and_record_as_they_were(store: Store) -> None:
    lease = acquire(store)
    write(store, lease, 1)

    def fail() -> None:
        raise ZeroDivisionError

    with suppress(ZeroDivisionError):
        write(store, lease, 2, before_end=fail)
    assert store.is_current(PATH, "in1")
    assert store.lake.read(PATH)["number"].to_pylist() == [1, 1, 1]


def test_a_writer_that_knows_it_lost_its_lease_replaces_nothing(store: Store) -> None:
    lease = acquire(store)
    write(store, lease, 1)
    with pytest.raises(Conflict, match=r"a\.b\.00000"):
        write(store, lease, 2, before_end=lease.lost.set)
    assert store.is_current(PATH, "in1")


def test_what_a_writer_replaced_after_its_lease_was_taken_over_is_stale(
    store: Store, clock: Clock
) -> None:
    lease = acquire(store)
    write(store, lease, 1)

    def take_over() -> None:
        clock.advance(store.ledger.leases.ttl_seconds + 1)
        acquire(store)

    with pytest.raises(Conflict, match="taken over"):
        write(store, lease, 2, before_end=take_over)
    assert not store.is_current(PATH, "in1")
    assert not store.is_current(PATH, "in2")
    assert store.trusted_fingerprint(PATH) is None


def test_each_space_has_its_own_key_index(store: Store) -> None:
    store.key_index("one").add("job1.parquet", [], [])
    assert store.key_index("one").etags().keys() == {"job1.parquet"}
    assert store.key_index("two").etags() == {}


def test_on_the_real_backend_a_store_is_opened_and_never_made(settings: Settings) -> None:
    real = replace(settings, backend="gemini")
    with pytest.raises(ConfigError, match="semantic-assets init"):
        open_store(real)
    assert not settings.root.exists()
    with open_store(real, create=True) as made, open_store(real) as again:
        assert again.ledger.ledger_id == made.ledger.ledger_id


def test_on_the_emulator_a_store_is_made_unless_told_otherwise(settings: Settings) -> None:
    with pytest.raises(ConfigError, match="semantic-assets init"):
        open_store(settings, create=False)
    with open_store(settings):
        assert settings.root.is_dir()


def test_a_lost_ledger_is_made_anew_under_the_id_the_lake_kept(settings: Settings) -> None:
    with open_store(settings) as store:
        first = store.ledger.ledger_id
    for path in settings.root.glob(f"{layout.LEDGER_FILE}*"):
        path.unlink()
    with open_store(settings) as store:
        assert store.ledger.ledger_id == first
