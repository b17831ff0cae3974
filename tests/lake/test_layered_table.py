"""A table amended by amendments reads as one written whole."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semantic_assets.errors import BrokenFile
from semantic_assets.lake import layout
from semantic_assets.lake.lake import Lake
from semantic_assets.lake.layered_table import open_table
from semantic_assets.lake.table_rows import FINGERPRINT, TableRows, count_value
from semantic_assets.lake.table_update import MAX_AMENDMENTS, compact, updating
from semantic_assets.lake.views import connect_views
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.tables import DOCUMENTS

PATH = layout.documents(ShardKey(DatasetKey("a", "b"), 0))
SCHEMA = pa.schema([pa.field("id", pa.string()), pa.field("n", pa.int64())])
Plan = Sequence[tuple[float, int]]


def write(lake: Lake, keep: Sequence[int], new: Sequence[int], *, amends_from: int = 0) -> str:
    """Keep these rows of the present table, by their number in it, and add new ones."""
    there = lake.exists(PATH)
    before = lake.fingerprint(PATH) or ""
    previous = TableRows(lake.open(PATH) if there else None, SCHEMA)
    with updating(lake, PATH, SCHEMA, {}, previous, amends_from=amends_from, whole=False) as table:
        for row in keep:
            table.keep(row, 1)
        for start in range(0, len(new), 3):
            part = new[start : start + 3]
            table.write(pa.table([[f"r{n}" for n in part], list(part)], schema=SCHEMA))
        table.fingerprint = table.chained(f"{new}", before)
        table.metadata[FINGERPRINT.decode()] = table.fingerprint
    previous.close()
    if table.is_due:
        compact(lake, PATH)
    return table.fingerprint


def held(lake: Lake) -> list[int]:
    numbers: list[int] = lake.read(PATH)["n"].to_pylist()
    return numbers


def amendments(lake: Lake) -> list[str]:
    return [name for name in lake.names(PATH.rpartition("/")[0]) if name.count(".") == 2]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sets(st.integers(0, 60)), st.integers(0, 9)), max_size=8))
def test_amended_rows_are_the_rows_of_a_table_written_whole(
    tmp_path_factory: pytest.TempPathFactory, plan: list[tuple[set[int], int]]
) -> None:
    lake, model, following = Lake(tmp_path_factory.mktemp("lake")), list(range(40)), 40
    write(lake, [], model)
    for dropped, added in plan:
        keep = [row for row in range(len(model)) if row not in dropped]
        new = list(range(following, following + added))
        following += added
        write(lake, keep, new)
        model = [model[row] for row in keep] + new
        assert held(lake) == model
        with lake.open(PATH) as table:
            assert table.metadata.num_rows == len(model)
            batches = list(table.iter_batches(7, columns=["n"], use_threads=False))
            assert [n for b in batches for n in b["n"].to_pylist()] == model
            groups = range(table.num_row_groups)
            by_group = [table.read_row_group(g, ["n"])["n"].to_pylist() for g in groups]
            assert [n for group in by_group for n in group] == model
            assert count_value(table, "id", "r3") == model.count(3)
            rows = TableRows(table, SCHEMA)
            for first in range(0, len(model), 11):
                pieces = rows.rows(first, min(11, len(model) - first))
                assert [n for p in pieces for n in p["n"].to_pylist()] == model[first : first + 11]


def test_a_small_change_writes_what_it_changed(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    write(lake, [], range(50_000))
    base = lake.path(PATH).stat()
    write(lake, [n for n in range(50_000) if n % 1_000], range(50_000, 50_050))
    assert lake.path(PATH).stat().st_mtime_ns == base.st_mtime_ns
    assert lake.size(layout.amendment(PATH, 1)) < base.st_size / 20


def test_a_small_table_is_written_whole(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    write(lake, [], range(50), amends_from=1 << 20)
    write(lake, range(49), [50], amends_from=1 << 20)
    assert held(lake) == [*range(49), 50]
    assert amendments(lake) == []


def test_a_table_is_written_anew_after_many_amendments_or_many_dead_rows(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    write(lake, [], range(1_000))
    for step in range(2 * MAX_AMENDMENTS):
        write(lake, range(1, 1_000), [1_000 + step])
        assert len(amendments(lake)) < MAX_AMENDMENTS
    count = len(held(lake))
    write(lake, range(count // 2), [])
    assert amendments(lake) == []
    assert len(held(lake)) == count // 2


def test_compacting_changes_neither_rows_nor_fingerprint_nor_metadata(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    write(lake, [], range(100))
    fingerprint = write(lake, range(1, 100), [100])
    before, metadata = held(lake), lake.metadata(PATH)
    for name in ("dead", "after"):
        metadata.pop(f"semantic_assets.{name}")
    assert compact(lake, PATH)
    assert not compact(lake, PATH)
    assert (held(lake), lake.fingerprint(PATH)) == (before, fingerprint)
    after = lake.metadata(PATH)
    assert after.pop("semantic_assets.layer") != metadata.pop("semantic_assets.layer")
    assert after == metadata
    with pq.ParquetFile(lake.path(PATH)) as file:
        assert file.read()["n"].to_pylist() == before


def test_what_changes_nothing_keeps_the_fingerprint(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    first = write(lake, [], range(100))
    assert write(lake, range(100), []) == first
    assert write(lake, range(99), []) != first


def test_amendments_of_an_earlier_base_count_for_nothing(tmp_path: Path) -> None:
    """As after a crash between the new base and the deletion of its amendments."""
    lake = Lake(tmp_path)
    write(lake, [], range(100))
    write(lake, range(5, 100), [100])
    write(lake, range(95), [101])
    old = {number: lake.path(layout.amendment(PATH, number)).read_bytes() for number in (1, 2)}
    compact(lake, PATH)
    before, fingerprint = held(lake), lake.fingerprint(PATH)
    for number, content in old.items():
        lake.path(layout.amendment(PATH, number)).write_bytes(content)
    assert (held(lake), lake.fingerprint(PATH)) == (before, fingerprint)
    write(lake, range(1, len(before)), [])  # takes the name of the first one
    assert held(lake) == before[1:]


def test_a_missing_amendment_makes_the_table_another_one(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    first = write(lake, [], range(100))
    second = write(lake, range(1, 100), [])
    third = write(lake, range(1, 99), [])
    lake.path(layout.amendment(PATH, 1)).unlink()
    assert lake.fingerprint(PATH) == first
    assert len({first, second, third}) == 3


def test_a_broken_amendment_is_an_error_of_its_table(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    write(lake, [], range(100))
    write(lake, range(1, 100), [100])
    path = lake.path(layout.amendment(PATH, 1))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(BrokenFile) as caught:
        lake.read(PATH)
    assert caught.value.path == PATH
    assert lake.fingerprint(PATH) is None


def test_a_table_replaced_while_it_is_opened_is_read_whole(tmp_path: Path) -> None:
    """The base is the old one, and its amendments are gone: the reader begins again."""
    lake = Lake(tmp_path)
    write(lake, [], range(100))
    write(lake, range(1, 100), [100])
    before = held(lake)

    def open_file(name: str, of: str) -> pq.ParquetFile | None:
        path = lake.path(name)
        file = pq.ParquetFile(path) if path.exists() else None
        compact(lake, of)
        return file

    def values_of(name: str, of: str) -> Any:
        return pq.read_metadata(lake.path(name)).metadata

    table = open_table(PATH, open_file, values_of)
    assert table is not None
    assert table.read(["n"])["n"].to_pylist() == before


def test_deleting_a_table_deletes_its_amendments(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    write(lake, [], range(100))
    write(lake, range(1, 100), [100])
    lake.delete(PATH)
    assert not lake.exists(layout.amendment(PATH, 1))


def test_sql_sees_no_dead_rows(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake's")
    first = documents(30)
    amend_documents(lake, 0, first)
    amend_documents(lake, 3, first.slice(0, 1))
    stale = lake.path(layout.amendment(PATH, 1)).read_bytes()
    compact(lake, PATH)
    amend_documents(lake, 2, first.slice(3, 1))
    lake.path(layout.amendment(PATH, 2)).write_bytes(stale)  # of the base before
    connection = connect_views(lake, {"datasets": datasets(), "batch_jobs": jobs()})
    rows = connection.execute("SELECT document_id, project FROM documents").fetchall()
    wanted = lake.read(PATH)["document_id"].to_pylist()
    assert wanted == [*(f"d{n}" for n in range(5, 30)), "d0", "d3"]
    assert sorted(rows) == sorted((name, "a") for name in wanted)


def amend_documents(lake: Lake, dropped: int, new: pa.Table) -> None:
    """Leave out the first rows of the present table, and add some."""
    file = lake.open(PATH) if lake.exists(PATH) else None
    with (
        closing(TableRows(file, DOCUMENTS)) as previous,
        updating(lake, PATH, DOCUMENTS, {}, previous, amends_from=0, whole=False) as table,
    ):
        table.keep(dropped, len(previous) - dropped)
        table.write(new)


def documents(count: int) -> pa.Table:
    fixed = {"shard": "a.b.00000", "mime": "text/plain", "text": "t", "text_bytes": 1, "bytes": 1}
    hashes = {"content_hash": "h", "source_fingerprint": "f", "parse_status": "ok"}
    rows = [{"document_id": f"d{n}", "uri": f"a/b/{n}.txt"} | fixed | hashes for n in range(count)]
    return pa.Table.from_pylist(rows, schema=DOCUMENTS)


def datasets() -> pa.Table:
    return pa.Table.from_pylist([{"project": "a", "dataset": "b", "serving_space": "s"}])


def jobs() -> pa.Table:
    return pa.table({"id": pa.array([], pa.string()), "error_message": pa.array([], pa.string())})


def test_an_amendment_that_a_sleeper_replaces_ends_the_table_before_those_after_it(
    tmp_path: Path,
) -> None:
    """Who wakes after its lease was taken over renames a file that others have built upon."""
    lake = Lake(tmp_path)
    write(lake, [], range(100))
    sleeper = write(lake, range(10, 100), [])
    late = lake.path(layout.amendment(PATH, 1)).read_bytes()
    lake.path(layout.amendment(PATH, 1)).unlink()
    write(lake, range(95), [100])
    known = write(lake, range(1, 96), [])
    lake.path(layout.amendment(PATH, 1)).write_bytes(late)
    assert lake.fingerprint(PATH) == sleeper != known
    assert held(lake) == list(range(10, 100))
