"""Reading and cutting cost what changed, and give what reading everything would give."""

import csv
import io
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semantic_assets.lake import layout
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.chunks.chunk_shard import ChunksReport, chunk_documents
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.documents import slice_reader
from semantic_assets.pipeline.documents.read import DocumentsReport, read_documents
from semantic_assets.settings.settings import Settings
from semantic_assets.store import Store, open_store
from tests.factories import BLANK, Clock

MANUALS = DatasetKey("acme", "manuals")
FIRST, SECOND = ShardKey(MANUALS, 0), ShardKey(MANUALS, 1)
DAY = 86_400.0
Record = dict[str, str]


def write(store: Store, name: str, content: str | bytes) -> Path:
    path = store.settings.sources / "acme/manuals" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def lines(*records: Record) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def record(number: int, text: str | None = None) -> Record:
    return {"id": str(number), "text": text or f"Record number {number} has words."}


def read(store: Store, shard: ShardKey = FIRST) -> DocumentsReport:
    discover(store)
    return read_documents(store, shard)


def cut(store: Store, shard: ShardKey = FIRST) -> ChunksReport:
    read(store, shard)
    return chunk_documents(store, shard)


def texts(store: Store, *shards: ShardKey) -> list[list[str]]:
    """The texts of each shard, in order."""
    return [
        store.lake.read(layout.documents(shard), ["text"])["text"].to_pylist()
        for shard in shards or (FIRST,)
    ]


def in_place(path: Path, content: bytes) -> None:
    """Other content under the same size and time: only who opens the file sees it."""
    stat = path.stat()
    assert len(content) == stat.st_size
    path.write_bytes(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


# -- files ----------------------------------------------------------------------------------------


def test_only_new_and_changed_files_are_opened(store: Store) -> None:
    unseen = write(store, "a.txt", "Alpha one.")
    path = write(store, "b.txt", "Beta one.")
    assert read(store).files_read == 2
    in_place(unseen, b"OMEGA one.")
    path.write_text("Beta two two.")
    write(store, "c.txt", "Gamma.")
    assert read(store).files_read == 2
    assert texts(store) == [["Alpha one.", "Beta two two.", "Gamma."]]
    assert not read(store).written


def test_a_deleted_file_leaves_without_any_other_being_opened(store: Store) -> None:
    unseen = write(store, "a.txt", "Alpha one.")
    path = write(store, "b.txt", "Beta one.")
    read(store)
    in_place(unseen, b"OMEGA one.")
    path.unlink()
    assert read(store).files_read == 0
    assert texts(store) == [["Alpha one."]]


def test_a_file_that_was_touched_is_read_and_its_chunks_stay(store: Store) -> None:
    path = write(store, "r.jsonl", lines(record(1), record(2)))
    cut(store)
    os.utime(path, ns=(1, 1))
    assert read(store).files_read == 1
    assert not chunk_documents(store, FIRST).written


def test_records_over_several_lines_are_read_whole_when_more_are_appended(store: Store) -> None:
    pretty = [json.dumps(record(number), indent=2) + "\n" for number in range(3)]
    path = write(store, "r.jsonl", pretty[0] + pretty[1].partition("\n")[0] + "\n")
    read(store)
    path.write_text("".join(pretty))
    read(store)
    assert texts(store) == [[record(number)["text"] for number in range(3)]]


def test_text_of_records_is_cut_as_markdown_where_the_dataset_says_so(store: Store) -> None:
    def section(name: str) -> str:
        return f"# {name}\n\n" + f"The {name} is looked at once a week, and then it is oiled. " * 9

    write(store, "a.jsonl", lines({"id": "1", "text": f"{section('Pump')}\n\n{section('Valve')}"}))
    write(store, "b/c.jsonl", lines({"id": "2", "text": f"{section('Lid')}\n\n{section('Door')}"}))

    def headings(columns: str) -> set[str]:
        write(store, "dataset.toml", f"{columns}\n[chunking]\nmax_tokens = 60\nmin_tokens = 5\n")
        cut(store)
        found = store.lake.read(layout.chunks(FIRST), ["heading_path"])["heading_path"].to_pylist()
        return {name for name in ("Valve", "Door") if name in " ".join(filter(None, found))}

    assert headings("") == set()
    assert headings('[[columns.files]]\nglob = "b/*"\nformat = "markdown"') == {"Door"}
    assert headings('[columns]\nformat = "markdown"') == {"Valve", "Door"}


def test_a_file_that_changes_while_it_is_read_is_read_again_by_the_next_run(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(store, "r.jsonl", lines(record(1)))
    real, told = slice_reader.read_records, []

    def growing(*arguments: Any, **options: Any) -> Any:
        yield from real(*arguments, **options)
        with path.open("a") as file:
            file.write(lines(record(2)))

    discover(store)
    with monkeypatch.context() as patched:
        patched.setattr(slice_reader, "read_records", growing)
        report = read_documents(replace(store, report_progress=told.append), FIRST)
    assert report.unsettled == ("acme/manuals/r.jsonl changed while it was read",)
    assert "the next run reads it again" in told[0]
    report = read_documents(store, FIRST)  # also without another listing
    assert (report.documents, report.unsettled) == (2, ())
    assert not read(store).written


def test_a_file_that_cannot_be_opened_keeps_its_rows_and_stops_nothing(store: Store) -> None:
    path = write(store, "a.txt", "Alpha one.")
    other = write(store, "b.txt", "Beta one.")
    read(store)
    path.write_text("Alpha two two.")
    other.write_text("Beta two two.")
    discover(store)
    path.unlink()
    report = read_documents(store, FIRST)
    assert texts(store) == [["Alpha one.", "Beta two two."]]
    assert report.unsettled == (
        "acme/manuals/a.txt file was removed after it was listed: list the sources again",
    )
    assert read(store).documents == 1


def test_a_file_that_never_could_be_opened_is_a_row_with_the_reason(store: Store) -> None:
    path = write(store, "a.txt", "Alpha one.")
    discover(store)
    path.unlink()
    assert read_documents(store, FIRST).failed == 1
    reasons = store.lake.read(layout.documents(FIRST), ["parse_error"])["parse_error"]
    assert reasons.to_pylist() == ["file was removed after it was listed: list the sources again"]
    path.write_text("Alpha one.")
    assert read(store).failed == 0


def test_other_columns_read_their_dataset_again_and_no_other(store: Store) -> None:
    write(store, "r.jsonl", lines({"id": "1", "text": "A text.", "body": "A body."}))
    other = store.settings.sources / "acme/other/a.txt"
    other.parent.mkdir()
    other.write_text("Other.")
    cut(store)
    cut(store, ShardKey(DatasetKey("acme", "other"), 0))
    write(store, "dataset.toml", '[columns]\ntext = "body"\n')
    assert read(store).files_read == 1
    assert texts(store) == [["A body."]]
    assert not read(store, ShardKey(DatasetKey("acme", "other"), 0)).written


def test_other_chunk_sizes_cut_all_documents_of_their_dataset_again(store: Store) -> None:
    write(store, "a.txt", "\n\n".join(f"Paragraph {n}. " + "Word " * 60 for n in range(20)))
    before = cut(store).chunks
    write(store, "dataset.toml", "[chunking]\nmax_tokens = 100\nmin_tokens = 20\n")
    after = cut(store)
    assert (after.documents_chunked, after.written) == (1, True)
    assert after.chunks > before
    assert not read(store).written


# -- files of records -----------------------------------------------------------------------------


def test_of_a_growing_file_only_the_new_lines_are_read(store: Store, clock: Clock) -> None:
    filler = [record(n, f"Record {n} " + "word " * 100) for n in range(600)]
    path = write(store, "r.jsonl", lines(*filler))
    cut(store)
    grown = path.read_bytes().replace(b"Record 300 ", b"RECORD 300 ")
    path.write_bytes(grown + lines(record(600)).encode())
    report = cut(store)
    assert (report.documents_chunked, len(texts(store)[0])) == (1, 601)
    assert texts(store)[0][300].startswith("Record 300 ")  # the middle was not looked at
    clock.advance(DAY)
    path.write_bytes(path.read_bytes() + lines(record(601)).encode())
    assert cut(store).documents_chunked == 2
    assert texts(store)[0][300].startswith("RECORD 300 ")  # once a day it is


@pytest.mark.parametrize("where", [0, -1])
def test_a_growing_file_whose_old_end_or_beginning_changed_is_read_whole(
    store: Store, where: int
) -> None:
    records = [record(n) for n in range(3)]
    path = write(store, "r.jsonl", lines(*records))
    read(store)
    records[where]["text"] = records[where]["text"].upper()
    path.write_text(lines(*records, record(3)))
    read(store)
    assert texts(store) == [[r["text"] for r in (*records, record(3))]]


def test_a_line_that_is_still_being_written_is_read_when_it_is_whole(store: Store) -> None:
    whole = lines(record(1), record(2))
    path = write(store, "r.jsonl", whole[:-12])
    assert read(store).failed == 1
    path.write_text(whole)
    assert read(store).failed == 0
    path.write_text(whole + lines(record(3)))
    read(store)
    assert texts(store) == [[record(n)["text"] for n in (1, 2, 3)]]


def test_the_number_of_a_broken_line_counts_the_lines_before_it(store: Store) -> None:
    path = write(store, "r.jsonl", lines(record(1)) + "\n")
    read(store)
    path.write_text(path.read_text() + "{broken\n")
    read(store)
    reasons = store.lake.read(layout.documents(FIRST), ["parse_error"])["parse_error"]
    assert reasons.to_pylist()[1].startswith("line 3: ")


def as_csv(records: list[Record]) -> bytes:
    sink = io.StringIO(newline="")
    writer = csv.DictWriter(sink, ["id", "text", "note"])
    writer.writeheader()
    writer.writerows(records)
    return sink.getvalue().encode()


def as_parquet(records: list[Record]) -> bytes:
    sink = io.BytesIO()
    schema = pa.schema([("id", pa.string()), ("text", pa.string()), ("note", pa.string())])
    pq.write_table(pa.Table.from_pylist(records, schema), sink, row_group_size=3)
    return sink.getvalue()


FORMATS: dict[str, Callable[[list[Record]], bytes]] = {
    "r.jsonl": lambda records: lines(*records).encode(),
    "r.json": lambda records: json.dumps(records).encode(),
    "r.csv": as_csv,
    "r.parquet": as_parquet,
}
_IDS = st.sampled_from(["1", "2", "3", "", "4", "5"])
_TEXTS = st.sampled_from(["One two.", "Three four.", "", "# H\n\nBody.\n\n" + "Long. " * 900])
_RECORDS = st.lists(
    st.fixed_dictionaries(
        {"id": _IDS, "text": _TEXTS}, optional={"note": st.sampled_from(["a", "b"])}
    ),
    max_size=7,
)


def tables(store: Store) -> dict[str, pa.Table]:
    """Documents and chunks of all shards."""
    found = {}
    for shard in store.ledger.sources.shards():
        chunk_documents(store, shard.key)
        for path in (layout.documents(shard.key), layout.chunks(shard.key)):
            found[path] = store.lake.read(path)
    return found


@pytest.mark.sample(1)
@pytest.mark.parametrize("name", sorted(FORMATS))
@settings(max_examples=15)
@given(versions=st.lists(_RECORDS, min_size=2, max_size=4))
def test_what_is_read_in_steps_is_what_is_read_at_once(
    tmp_path_factory: pytest.TempPathFactory, name: str, versions: list[list[Record]]
) -> None:
    folder = tmp_path_factory.mktemp("steps")
    environ = {**BLANK, "SEMANTIC_ASSETS_SOURCES": str(folder / "sources")}
    with open_store(Settings.load(root=folder / "steps", environ=environ)) as steps:
        for number, version in enumerate(versions):
            path = write(steps, name, FORMATS[name](version))
            os.utime(path, ns=(number, number))
            read(steps)
            in_steps = tables(steps)
    with open_store(Settings.load(root=folder / "once", environ=environ)) as once:
        read(once)
        assert tables(once) == in_steps


def test_records_that_did_not_change_are_not_parsed(store: Store) -> None:
    """The table holds another text than the file: it was taken from the table."""
    path = write(store, "r.parquet", as_parquet([record(1), record(2)]))
    read(store)
    table = store.lake.read(layout.documents(FIRST))
    row = table.schema.get_field_index("text")
    other = pa.array(["taken from the table", "and this too"], pa.large_string())
    metadata = store.lake.metadata(layout.documents(FIRST))
    with store.lake.writing(layout.documents(FIRST), table.schema, metadata) as file:
        file.write(table.set_column(row, table.schema.field(row), other))
    path.write_bytes(as_parquet([record(2), record(1), record(3)]))
    read(store)
    assert texts(store) == [["and this too", "taken from the table", record(3)["text"]]]


# -- files larger than a shard --------------------------------------------------------------------


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("pipeline.documents.slice_reader", "ledger.sources.placement"):
        monkeypatch.setattr(f"semantic_assets.{module}.SHARD_MAX_DOCUMENTS", 4)


def read_all(store: Store) -> dict[int, list[str]]:
    """Shard number -> record ids, after all shards were read; new shards too."""
    discover(store)
    done: list[ShardKey] = []
    while todo := [s.key for s in store.ledger.sources.shards() if s.key not in done]:
        for shard in todo:
            read_documents(store, shard)
            done.append(shard)
    return {
        shard.number: store.lake.read(layout.documents(shard), ["record_id"])[
            "record_id"
        ].to_pylist()
        for shard in sorted(done)
    }


def ids(*numbers: int) -> list[str]:
    return [str(number) for number in numbers]


@pytest.mark.parametrize("name", ["r.jsonl", "r.parquet", "r.csv"])
class TestAFileOfTwoShards:
    @pytest.fixture(autouse=True)
    def _begin(self, store: Store, name: str, small_shards: None) -> None:
        self.store, self.name = store, name
        assert self.after(*range(7)) == {0: ids(0, 1, 2, 3), 1: ids(4, 5, 6)}

    def after(self, *numbers: int, **changed: str) -> dict[int, list[str]]:
        records = [record(n, changed.get(f"r{n}")) for n in numbers]
        write(self.store, self.name, FORMATS[self.name](records))
        return read_all(self.store)

    def test_a_record_in_front_moves_no_other(self) -> None:
        assert self.after(9, *range(7)) == {0: ids(0, 1, 2, 3), 1: ids(9, 4, 5, 6)}

    def test_a_reordered_file_moves_none(self) -> None:
        assert self.after(6, 5, 4, 3, 2, 1, 0) == {0: ids(3, 2, 1, 0), 1: ids(6, 5, 4)}

    def test_deleted_records_leave_and_nothing_moves_up(self) -> None:
        assert self.after(2, 3, 4, 6) == {0: ids(2, 3), 1: ids(4, 6)}

    def test_edited_records_stay(self) -> None:
        assert self.after(*range(7), r1="Edited.", r5="Edited too.") == {
            0: ids(0, 1, 2, 3),
            1: ids(4, 5, 6),
        }
        assert texts(self.store, FIRST)[0][1] == "Edited."
        assert texts(self.store, SECOND)[0][1] == "Edited too."

    def test_a_file_that_grows_fills_the_last_shard_and_then_new_ones(self) -> None:
        found = self.after(*range(14))
        assert found == {
            0: ids(0, 1, 2, 3),
            1: ids(4, 5, 6, 7),
            2: ids(8, 9, 10, 11),
            3: ids(12, 13),
        }
        assert self.after(*range(14)) == found

    def test_new_records_in_front_of_a_full_shard_go_to_a_new_one(self) -> None:
        self.after(*range(8))
        assert self.after(20, *range(8), 21) == {
            0: ids(0, 1, 2, 3),
            1: ids(4, 5, 6, 7),
            2: ids(20, 21),
        }

    def test_the_order_in_which_shards_are_read_does_not_matter(self) -> None:
        write(self.store, self.name, FORMATS[self.name]([record(n) for n in (9, *range(7))]))
        discover(self.store)
        read_documents(self.store, SECOND)
        read_documents(self.store, FIRST)
        assert read_all(self.store) == {0: ids(0, 1, 2, 3), 1: ids(9, 4, 5, 6)}

    def test_a_lost_table_takes_back_what_it_had(self) -> None:
        for lost in (FIRST, SECOND):
            self.store.lake.delete(layout.documents(lost))
            assert read_all(self.store) == {0: ids(0, 1, 2, 3), 1: ids(4, 5, 6)}

    def test_equal_ids_in_two_shards_are_two_documents(self) -> None:
        self.after(0, 1, 2, 3, 4, 5, 0)
        found = [
            self.store.lake.read(layout.documents(shard), ["document_id"])["document_id"]
            for shard in (FIRST, SECOND)
        ]
        assert len({name for column in found for name in column.to_pylist()}) == 7


@pytest.mark.usefixtures("small_shards")
def test_a_shard_that_dies_between_its_split_and_its_table_loses_and_doubles_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    write(store, "r.jsonl", lines(*(record(n) for n in range(7))))
    discover(store)
    with monkeypatch.context() as patched:
        patched.setattr("semantic_assets.lake.lake.TableFile.close", die)
        with pytest.raises(KeyboardInterrupt):
            read_documents(store, FIRST)
    assert len(store.ledger.sources.shards()) == 2
    read_documents(store, SECOND)
    assert read_all(store) == {0: ids(0, 1, 2, 3), 1: ids(4, 5, 6)}
