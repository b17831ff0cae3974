"""Records are counted and divided before they are read, and reading makes the same shards of them."""

import csv
import gzip
import io
import itertools
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semantic_assets.lake import layout
from semantic_assets.ledger import lease_names
from semantic_assets.ledger.sources import placement
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.parsing.source_file import open_source
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.documents import plan_records, record_counter, slice_reader
from semantic_assets.pipeline.documents.plan_records import CountReport, discover_and_plan
from semantic_assets.pipeline.documents.read import read_documents
from semantic_assets.pipeline.documents.unread import Unread, documents_waiting, unread
from semantic_assets.pipeline.reports.pending_counts import pending_counts
from semantic_assets.pipeline.scheduling import read_runs
from semantic_assets.pipeline.scheduling.read_runs import watch_sources
from semantic_assets.settings.settings import Settings
from semantic_assets.store import Store, open_store
from tests.factories import BLANK, Clock

MANUALS = DatasetKey("acme", "manuals")
_MODULES = (placement, slice_reader, plan_records, record_counter)
#: Small shards, so that a few records are several.
_DOCUMENTS, _TEXT_BYTES = 4, 5_000
#: Where the text of a record may fill a shard.
_LITTLE_TEXT = 300
Record = dict[str, str]


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in _MODULES:
        monkeypatch.setattr(module, "SHARD_MAX_DOCUMENTS", _DOCUMENTS)
        monkeypatch.setattr(module, "SHARD_MAX_TEXT_BYTES", _TEXT_BYTES)


@contextmanager
def little_text() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module in _MODULES:
            patch.setattr(module, "SHARD_MAX_TEXT_BYTES", _LITTLE_TEXT)
        yield


def record(number: int, words: int = 2) -> Record:
    return {"id": str(number), "text": f"Record {number} has" + " words" * words}


def as_lines(records: list[Record]) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in records).encode()


def as_csv(records: list[Record]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, ["id", "text"])
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue().encode()


def as_parquet(records: list[Record]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(records), file, row_group_size=3)
    return file.getvalue()


FORMATS = {
    "r.jsonl": as_lines,
    "r.jsonl.gz": lambda records: gzip.compress(as_lines(records)),
    "r.json": lambda records: json.dumps(records).encode(),
    "r.csv": as_csv,
    "r.parquet": as_parquet,
}


def write(store: Store, name: str, content: bytes) -> Path:
    path = store.settings.sources / "acme/manuals" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def planned(store: Store) -> dict[int, list[tuple[str, int, int | None]]]:
    """The slices of each shard as (name, first record, end)."""
    return {
        shard.key.number: [
            (Path(item.uri).name, item.first_record, item.end_record)
            for item in store.ledger.sources.shard_slices(shard.key)
        ]
        for shard in store.ledger.sources.shards(MANUALS)
    }


def held(store: Store) -> dict[int, list[str]]:
    """The record ids in each shard's table."""
    shards = [shard.key for shard in store.ledger.sources.shards(MANUALS)]
    there = [shard for shard in shards if store.lake.exists(layout.documents(shard))]
    return {
        shard.number: store.lake.read(layout.documents(shard), ["record_id"])[
            "record_id"
        ].to_pylist()
        for shard in there
    }


def read_all(store: Store, order: int = 1) -> dict[int, list[str]]:
    """Read every shard, in this order, until no reading adds one."""
    done: set[ShardKey] = set()
    while todo := [s.key for s in store.ledger.sources.shards() if s.key not in done]:
        for shard in todo[::order]:
            read_documents(store, shard)
            done.add(shard)
    return held(store)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_of_three_shards_is_three_after_one_tick(store: Store, name: str) -> None:
    write(store, name, FORMATS[name]([record(n) for n in range(11)]))
    found = watch_sources(store)
    assert [due.partition for due in found.due] == [f"acme.manuals.0000{n}" for n in range(3)]
    assert planned(store) == {0: [(name, 0, 4)], 1: [(name, 4, 8)], 2: [(name, 8, None)]}
    assert [s.documents for s in store.ledger.sources.shards()] == [4, 4, 3]
    assert documents_waiting(store) == {MANUALS: 11}
    assert "counted 11 records in 1 files" in found.counted
    assert read_all(store) == {
        n: [str(r) for r in range(n * 4, min(11, n * 4 + 4))] for n in range(3)
    }
    assert documents_waiting(store) == {}


def test_what_was_counted_is_not_opened_again(store: Store) -> None:
    path = write(store, "r.jsonl", as_lines([record(n) for n in range(6)]))
    discover_and_plan(store)
    stat = path.stat()
    path.write_bytes(b"x" * stat.st_size)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert discover_and_plan(store)[1] == CountReport()


_FILES = st.lists(
    st.tuples(
        st.sampled_from(["a.jsonl", "b.csv", "c.parquet", "d.json", "e.txt", "f.jsonl"]),
        st.lists(st.integers(0, 60), max_size=11),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda one: one[0],
)


@settings(max_examples=6)
@given(files=_FILES, order=st.sampled_from([1, -1]))
def test_a_plan_makes_the_shards_that_reading_makes(
    files: list[tuple[str, list[int]]], order: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In any order of readings, by documents and by text, also of several files."""
    numbers = itertools.count()
    contents = {
        name: f"Text of {name}".encode()
        if name == "e.txt"
        else FORMATS[f"r{Path(name).suffix}"]([record(next(numbers), words) for words in sizes])
        for name, sizes in files
        if sizes or name == "e.txt"
    }
    if not contents:
        return
    found = []
    for is_planned in (True, False):
        root = tmp_path_factory.mktemp("lake")
        environ = {**BLANK, "SEMANTIC_ASSETS_SOURCES": str(root / "sources")}
        opened = Settings.load(root=root / "lake", environ=environ)
        with little_text(), open_store(opened, clock=Clock(1.0)) as store:
            for name, content in contents.items():
                write(store, name, content)
            discover_and_plan(store) if is_planned else discover(store)
            shards = {shard.key for shard in store.ledger.sources.shards()}
            found.append(read_all(store, order if is_planned else 1))
            if is_planned:
                assert {shard.key for shard in store.ledger.sources.shards()} == shards
    assert found[0] == found[1]


def test_several_such_files_and_small_ones_share_their_shards(store: Store) -> None:
    write(store, "a.jsonl", as_lines([record(n) for n in range(9)]))
    write(store, "b.csv", as_csv([record(n) for n in range(20, 26)]))
    write(store, "c.txt", b"A text.")
    found = watch_sources(store)
    assert len(found.due) == 4
    assert [shard.documents for shard in store.ledger.sources.shards()] == [4, 4, 4, 4]
    registered = {shard.key for shard in store.ledger.sources.shards()}
    assert sum(map(len, read_all(store).values())) == 16
    assert {shard.key for shard in store.ledger.sources.shards()} == registered


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("order", [1, -1])
def test_what_a_known_file_grew_by_is_planned_at_once(store: Store, name: str, order: int) -> None:
    write(store, name, FORMATS[name]([record(n) for n in range(6)]))
    discover(store)
    read_all(store)
    write(store, name, FORMATS[name]([record(n) for n in range(13)]))
    discover_and_plan(store)
    assert planned(store) == {
        0: [(name, 0, 4)],
        1: [(name, 4, 8)],
        2: [(name, 8, 12)],
        3: [(name, 12, None)],
    }
    assert unread(store).files == 1
    grown = read_all(store, order)
    assert grown == {n: [str(r) for r in range(n * 4, min(13, n * 4 + 4))] for n in range(4)}
    assert discover_and_plan(store)[1] == CountReport()


def test_a_lake_that_was_read_before_keeps_its_shards_and_counts_nothing(store: Store) -> None:
    for name in ("a.jsonl", "b.parquet"):
        write(store, name, FORMATS[f"r{Path(name).suffix}"]([record(n) for n in range(7)]))
    discover(store)
    before, places = read_all(store), planned(store)
    assert discover_and_plan(store)[1] == CountReport()
    assert watch_sources(store).counted == ""
    assert (read_all(store), planned(store)) == (before, places)


def test_a_shard_that_is_being_read_is_left_to_its_reading(store: Store) -> None:
    write(store, "r.jsonl", as_lines([record(n) for n in range(6)]))
    discover(store)
    with store.ledger.leases.holding(lease_names.of_shard(ShardKey(MANUALS, 0))):
        discover_and_plan(store)
    assert planned(store) == {0: [("r.jsonl", 0, None)]}
    discover_and_plan(store)
    assert planned(store) == {0: [("r.jsonl", 0, 4)], 1: [("r.jsonl", 4, None)]}


def test_a_file_that_cannot_be_read_is_one_document_and_is_tried_once(store: Store) -> None:
    write(store, "broken.parquet", b"PAR1 and nothing else PAR1")
    write(store, "broken.json", b"{not json")
    closed = write(store, "closed.jsonl", b"")
    closed.unlink()
    closed.symlink_to("nowhere.jsonl")
    found = watch_sources(store)
    assert [due.partition for due in found.due] == ["acme.manuals.00000"]
    assert documents_waiting(store) == {MANUALS: 3}
    assert discover_and_plan(store)[1] == CountReport()


def test_a_tick_counts_small_files_first_and_says_what_it_left(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that unpacks to a thousand times its size takes its time from no other."""
    moments = itertools.count(1)
    is_opened = []

    def opened(path: Path) -> AbstractContextManager[BinaryIO]:
        is_opened.append(path.name == "a-bomb.jsonl.gz")
        return open_source(path)

    def moment() -> float:  # it stands still until the bomb is opened, however slow the machine
        return next(moments) * read_runs._COUNT_SECONDS / 2 if any(is_opened) else 0

    monkeypatch.setattr(record_counter, "open_source", opened)
    monkeypatch.setattr(record_counter, "time", SimpleNamespace(monotonic=moment))
    bomb = gzip.compress(b'{"text": "' + b"a" * (60 << 20) + b'"}\n', 1) * 20
    write(store, "a-bomb.jsonl.gz", bomb)
    write(store, "z.jsonl", as_lines([record(n) for n in range(6)]))
    found = watch_sources(store)
    assert "not counted to the end yet" in found.counted
    assert "acme/manuals/a-bomb.jsonl.gz" in found.counted
    assert documents_waiting(store)[MANUALS] == 7
    assert ("z.jsonl", 4, None) in itertools.chain(*planned(store).values())
    assert len(found.due) == len(planned(store)) > 1


def test_a_count_goes_on_where_the_last_one_ended(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in _MODULES:
        monkeypatch.setattr(module, "SHARD_MAX_DOCUMENTS", 3_000)
        monkeypatch.setattr(module, "SHARD_MAX_TEXT_BYTES", 256 << 20)
    write(store, "r.jsonl", as_lines([record(n) for n in range(13_000)]))
    moments = itertools.count()
    clock = SimpleNamespace(monotonic=lambda: next(moments))
    with monkeypatch.context() as patch:
        patch.setattr(record_counter, "time", clock)
        report = discover_and_plan(store, seconds=5)[1]
    assert 3_000 < report.records < 13_000
    assert report.left == ("acme/manuals/r.jsonl",)
    [*full, last] = [shard.documents for shard in store.ledger.sources.shards()]
    assert full == [3_000] * len(full) != []
    assert discover_and_plan(store)[1].records == 13_000 - 3_000 * len(full) > last
    assert [s.documents for s in store.ledger.sources.shards()] == [3_000] * 4 + [1_000]


def test_the_dataset_with_the_fewest_records_comes_first(store: Store) -> None:
    packed = gzip.compress(as_lines([record(n) for n in range(11)]))
    for number in range(5):
        write(store, f"../many/{number}.txt", b"A longer text. " * 20)
    write(store, "r.jsonl.gz", packed)
    due = [due.partition or "" for due in watch_sources(store).due]
    assert [name.rpartition(".")[0] for name in due] == ["acme.many"] * 2 + ["acme.manuals"] * 3
    counts = {one.dataset_id: one.pending_count for one in pending_counts(store)}
    assert counts == {"many": 5, "manuals": 11}
    assert [*counts] == ["many", "manuals"]


def test_a_file_in_several_shards_is_quoted_once(store: Store) -> None:
    path = write(store, "r.jsonl", as_lines([record(n) for n in range(11)]))
    text = sum(len(record(n)["text"]) for n in range(11))
    discover(store)
    assert unread(store).bytes[MANUALS] == path.stat().st_size
    discover_and_plan(store)
    assert unread(store) == Unread(1, {MANUALS: text})


def test_all_shards_of_a_file_may_be_read_at_the_same_moment(store: Store) -> None:
    for name in ("a.jsonl", "b.parquet"):
        numbers = range(7) if name == "a.jsonl" else range(20, 25)
        write(store, name, FORMATS[f"r{Path(name).suffix}"]([record(n) for n in numbers]))
    discover_and_plan(store)
    shards = [shard.key for shard in store.ledger.sources.shards()]
    with ThreadPoolExecutor(len(shards)) as pool:
        list(pool.map(partial(read_documents, store), shards))
    found = sorted(int(one) for ids in held(store).values() for one in ids)
    assert found == [*range(7), *range(20, 25)]
    assert [shard.key for shard in store.ledger.sources.shards()] == shards


def test_a_record_put_in_front_before_the_rest_was_read_is_not_lost(store: Store) -> None:
    write(store, "r.jsonl", as_lines([record(n) for n in range(6)]))
    discover(store)
    read_documents(store, ShardKey(MANUALS, 0))
    write(store, "r.jsonl", as_lines([record(n) for n in (9, *range(6))]))
    discover(store)
    assert read_all(store) == {0: ["0", "1", "2", "3"], 1: ["9", "4", "5"]}


_CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.lists(st.integers(0, 30), max_size=14, unique=True)),
        st.tuples(st.just("append"), st.integers(1, 9)),
        st.tuples(st.just("plan"), st.just(0)),
        st.tuples(st.just("list"), st.just(0)),
        st.tuples(st.just("read"), st.integers(0, 5)),
    ),
    min_size=2,
    max_size=9,
)


@settings(max_examples=20)
@given(name=st.sampled_from(["r.jsonl", "r.csv"]), changes=_CHANGES)
def test_a_file_that_changes_at_any_moment_loses_and_doubles_nothing(
    name: str, changes: list[tuple[str, object]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Between listing, counting and the reading of each shard."""
    root = tmp_path_factory.mktemp("lake")
    environ = {**BLANK, "SEMANTIC_ASSETS_SOURCES": str(root / "sources")}
    records: list[int] = []
    with open_store(Settings.load(root=root / "lake", environ=environ), clock=Clock(1.0)) as store:
        for time, (what, of) in enumerate([("write", [1, 2, 3]), *changes, ("plan", 0)]):
            if what in ("write", "append"):
                assert isinstance(of, list | int)
                last = max([49, *records])
                records = (
                    of if isinstance(of, list) else [*records, *range(last + 1, last + of + 1)]
                )
                records = records or [0]
                path = write(store, name, FORMATS[name]([record(n) for n in records]))
                os.utime(path, ns=(time, time))
            elif what == "read":
                shards = store.ledger.sources.shards()
                for shard in shards[of : of + 1]:  # type: ignore[misc]
                    read_documents(store, shard.key)
            elif what == "plan":
                discover_and_plan(store)
            else:
                discover(store)
        for _ in range(3):
            discover_and_plan(store)
            shards = read_all(store)
    found = sorted(int(one) for ids in shards.values() for one in ids)
    assert found == sorted(records)
    assert all(len(ids) <= _DOCUMENTS for ids in shards.values())
