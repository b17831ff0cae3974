"""Files are replaced whole or not at all, whatever happens to the process that writes."""

from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semantic_assets.lake.lake import Lake
from semantic_assets.lake.table_rows import FINGERPRINT
from semantic_assets.model.tables import DOCUMENTS, results_schema
from tests.factories import kill_after
from tests.lake.lake_processes import SCHEMA, rewrite_for_ever, stop_in_the_middle

FILE = "documents/project=p/dataset=d/shard=00000.parquet"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def write(lake: Lake, relative: str, numbers: list[int], **metadata: str) -> None:
    with lake.writing(relative, SCHEMA, metadata) as file:
        file.write(pa.table([numbers], schema=SCHEMA))


def files_of(lake: Lake) -> list[str]:
    """Every file below the root, temporaries too."""
    return sorted(p.relative_to(lake.root).as_posix() for p in lake.root.rglob("*") if p.is_file())


# -- replacing ------------------------------------------------------------------------------------


def test_a_replaced_file_holds_the_new_content_and_nothing_else_is_left(lake: Lake) -> None:
    for content in (b"old", b"new"):
        with lake.replacing("a/b/file.bin") as temporary:
            temporary.write_bytes(content)
    assert lake.path("a/b/file.bin").read_bytes() == b"new"
    assert files_of(lake) == ["a/b/file.bin"]


def test_until_the_block_ends_readers_see_the_old_file(lake: Lake) -> None:
    write(lake, FILE, [1])
    with lake.writing(FILE, SCHEMA, {}) as file:
        file.write(pa.table([[2]], schema=SCHEMA))
        assert lake.read(FILE)["number"].to_pylist() == [1]
        assert lake.names("documents/project=p/dataset=d") == ["shard=00000.parquet"]
    assert lake.read(FILE)["number"].to_pylist() == [2]


@pytest.mark.parametrize("there_before", [True, False])
def test_an_exception_leaves_what_was_there(lake: Lake, there_before: bool) -> None:
    if there_before:
        write(lake, FILE, [1], version="1")
    with suppress(ZeroDivisionError), lake.writing(FILE, SCHEMA, {"version": "2"}) as file:
        file.write(pa.table([[2]], schema=SCHEMA))
        raise ZeroDivisionError
    assert files_of(lake) == ([FILE] if there_before else [])
    if there_before:
        assert lake.read(FILE)["number"].to_pylist() == [1]
        assert lake.metadata(FILE)["version"] == "1"


def test_an_interrupt_leaves_no_temporary_file(lake: Lake) -> None:
    with suppress(KeyboardInterrupt), lake.replacing(FILE) as temporary:
        temporary.write_bytes(b"half")
        raise KeyboardInterrupt
    assert files_of(lake) == []


def test_a_block_that_writes_nothing_is_an_error_and_leaves_the_old_file(lake: Lake) -> None:
    write(lake, FILE, [1])
    with pytest.raises(FileNotFoundError), lake.replacing(FILE):
        pass
    assert lake.read(FILE)["number"].to_pylist() == [1]


def test_rows_of_another_schema_are_refused_and_leave_the_old_file(lake: Lake) -> None:
    write(lake, FILE, [1])
    with pytest.raises(ValueError, match="schema"), lake.writing(FILE, SCHEMA, {}) as file:
        file.write(pa.table({"other": [2]}))
    assert lake.read(FILE)["number"].to_pylist() == [1]


def test_two_writers_at_once_each_have_their_own_temporary_file(lake: Lake) -> None:
    with lake.replacing(FILE) as one, lake.replacing(FILE) as other:
        assert one != other
        one.write_bytes(b"one")
        other.write_bytes(b"other")
    assert lake.path(FILE).read_bytes() == b"one"  # the last rename stands
    assert files_of(lake) == [FILE]


def test_kill_9_in_the_middle_leaves_the_old_file(lake: Lake) -> None:
    write(lake, FILE, [7], version="0")
    assert kill_after(1, stop_in_the_middle, lake.root, FILE) == ["half written"]
    assert lake.read(FILE)["number"].to_pylist() == [7]
    assert lake.names("documents/project=p/dataset=d") == ["shard=00000.parquet"]
    assert len(files_of(lake)) == 2  # the half is there, and no reader is shown it
    write(lake, FILE, [8])
    assert lake.read(FILE)["number"].to_pylist() == [8]


def test_kill_9_at_any_moment_leaves_a_whole_file_not_older_than_acknowledged(lake: Lake) -> None:
    for rounds in (1, 5, 12):
        last = kill_after(rounds, rewrite_for_ever, lake.root, FILE)[-1]
        numbers = lake.read(FILE)["number"].to_pylist()
        assert numbers == [numbers[0]] * 5_000
        assert lake.metadata(FILE)["version"] == str(numbers[0])
        assert numbers[0] >= last


# -- names and metadata ---------------------------------------------------------------------------


def test_names_are_the_finished_parquet_files_sorted(lake: Lake) -> None:
    for name in ("b.parquet", "a.parquet", ".hidden.parquet", "c.parquet.tmp", "d.txt"):
        path = lake.path(f"results/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    lake.path("results/folder").mkdir()
    assert lake.names("results") == ["a.parquet", "b.parquet"]
    with lake.replacing("results/e.parquet") as temporary:
        temporary.touch()
        assert lake.names("results") == ["a.parquet", "b.parquet"]
    assert lake.names("results") == ["a.parquet", "b.parquet", "e.parquet"]


def test_a_directory_that_is_not_there_has_no_names(lake: Lake) -> None:
    assert lake.names("nowhere") == []


def test_metadata_comes_back_without_arrows_own(lake: Lake) -> None:
    write(lake, FILE, [1], one="1", word="größer")
    assert lake.metadata(FILE) == {"one": "1", "word": "größer"}


def test_metadata_may_be_added_while_writing(lake: Lake) -> None:
    with lake.writing(FILE, SCHEMA, {}) as file:
        file.write(pa.table([[1]], schema=SCHEMA))
        file.metadata[FINGERPRINT.decode()] = "f00d"
    assert lake.fingerprint(FILE) == "f00d"


def test_a_file_without_a_fingerprint_and_no_file_have_none(lake: Lake) -> None:
    assert lake.fingerprint(FILE) is None
    write(lake, FILE, [1])
    assert lake.exists(FILE)
    assert lake.fingerprint(FILE) is None


def test_a_file_without_rows_is_a_table(lake: Lake) -> None:
    with lake.writing(FILE, SCHEMA, {}) as file:
        file.write(pa.table([[]], schema=SCHEMA))
    assert file.rows == 0
    assert lake.read(FILE).schema.names == ["number"]


def test_rows_are_counted_as_they_are_written(lake: Lake) -> None:
    with lake.writing(FILE, SCHEMA, {}) as file:
        for count in (3, 0, 4):
            file.write(pa.table([[1] * count], schema=SCHEMA))
    assert file.rows == 7
    assert lake.read(FILE).num_rows == 7


def test_the_folders_of_a_path_add_no_columns(lake: Lake) -> None:
    write(lake, FILE, [1])
    assert lake.read(FILE).column_names == ["number"]


def test_some_columns_are_read_alone(lake: Lake) -> None:
    with lake.writing("x.parquet", DOCUMENTS, {}) as file:
        file.write(DOCUMENTS.empty_table())
    assert lake.read("x.parquet", ["uri", "text"]).column_names == ["uri", "text"]


def test_vectors_and_their_gaps_come_back_as_they_were(lake: Lake) -> None:
    schema = results_schema(2)
    rows = [
        {"text_hash": "a", "vector": [0.1, 0.2], "outcome": "ok"},
        {"text_hash": "b", "vector": None, "outcome": "transient", "error_message": "no"},
        {"text_hash": "c", "vector": [0.3, 0.4], "outcome": "ok"},
    ]
    table = pa.Table.from_pylist(rows, schema)
    with lake.writing("r.parquet", schema, {}) as file:
        file.write(table)
    assert lake.read("r.parquet").equals(table)
    assert pq.read_metadata(lake.path("r.parquet")).row_group(0).column(1).compression == (
        "UNCOMPRESSED"
    )


def test_deleting_twice_is_no_error(lake: Lake) -> None:
    write(lake, FILE, [1])
    for _ in range(2):
        lake.delete(FILE)
        lake.delete_tree("documents")
    assert not lake.exists(FILE)
    assert not lake.path("documents").exists()
