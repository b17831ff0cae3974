import csv
import datetime
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.parsing.readers import read_records
from semantic_assets.parsing.records import Columns

CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('",;\t\n\u2028'))


def parquet(table: pa.Table, **options) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1), st.sampled_from(",;\t"))
def test_csv_survives_the_round_trip(pairs, delimiter):
    rows = [(str(number), f"x{text}y", note) for number, (text, note) in enumerate(pairs)]
    sink = io.StringIO(newline="")
    csv.writer(sink, delimiter=delimiter).writerows([("id", "text", "note"), *rows])
    stream = io.BytesIO(sink.getvalue().encode())
    records = list(read_records("a.csv", stream, columns=Columns()))
    assert [(record.record_id, record.text) for record in records] == [row[:2] for row in rows]
    assert [record.metadata.get("note", "") for record in records] == [n.strip() for *_, n in rows]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_csv_newlines_in_quotes_belong_to_the_text(read, newline):
    content = newline.join(["id;title;text", '1;T;"one', "", 'two, ""three"""', "", "2;;four", ""])
    first, second = read("a.csv", content)
    assert first.text == 'one\n\ntwo, "three"'
    assert (first.record_id, first.title, first.mime) == ("1", "T", "text/csv")
    assert (second.text, second.title, second.bytes) == ("four", None, 4)


def test_csv_delimiter_is_the_one_that_shows_the_text_column(read):
    [record] = read("a.csv", "text;a,b,c,d\nhello, world;x\n")
    assert record.text == "hello, world"
    assert record.metadata == {"a,b,c,d": "x"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1", "row 2, line 3: 1 cells where the header has 2"),
        ("1,a,b", "row 2, line 3: 3 cells where the header has 2"),
        ('1,"a"b', "row 2, line 3: ',' expected after '\"': check its quotes"),
        ("1,\0a\0b", "row 2, line 3: column 'text': the text holds NUL"),
    ],
)
def test_bad_csv_row_fails_alone(read, row, reason):
    before, bad, after = read("a.csv", f"id,text\n0,a\n{row}\n2,b\n")
    assert (before.text, after.text) == ("a", "b")
    assert (bad.parse_status, bad.record_id) == ("failed", None)
    assert bad.parse_error.startswith(reason)


@pytest.mark.parametrize("row", ['1,"open', '1,"open, and, more', '"1,open'])
@pytest.mark.parametrize("end", ["", '3,"c"\n', '3,"c ""d"""\n'])
def test_csv_quote_that_never_closes_costs_its_own_row(read, row, end):
    good, bad, *after = read("a.csv", f"id,text\n0,a\n{row}\n2,b\n{end}")
    assert (good.text, after[0].text) == ("a", "b")
    assert bad.parse_error.startswith("row 2, line 3: ")
    assert "check its quotes" in bad.parse_error
    assert [record.parse_status for record in after] == ["ok"] * len(after)
    assert len(after) == 1 + bool(end)


def test_csv_text_may_be_longer_than_the_modules_limit(read):
    text = "long " * 60_000 + "end"
    assert read("a.csv", f"id,text\n1,{text}\n")[0].text == text


def test_csv_with_no_text_in_a_row_fails_that_row(read):
    [record] = read("a.csv", "id,text\n1,\n")
    assert record.parse_error == "record has no text in column 'text'"
    assert record.record_id == "1"


def test_csv_without_the_text_column_fails_once(read):
    [record] = read("a.csv", "id,body\n1,a\n2,b\n")
    assert record.parse_error.startswith("record has no column 'text', it has: id, body")


def test_csv_header_alone_has_no_records(read):
    assert read("a.csv", "id,text\n") == []


@pytest.mark.parametrize("skip", range(5))
def test_csv_skip_counts_failed_rows(read, skip):
    records = read("a.csv", "id,text\n0,a\n1\n\n2,c\n", skip=skip)
    assert [record.text for record in records] == ["a", "", "c"][skip:]


def test_csv_is_streamed():
    stream = io.BytesIO(b"id,text\n" + b"1,some text of a record\n" * 400_000)
    next(read_records("a.csv", stream, columns=Columns()))
    assert stream.tell() <= 2 << 20


def test_parquet_row_is_a_record_with_metadata_as_text(read):
    table = pa.table(
        {
            "id": [1, 2],
            "title": ["T", None],
            "text": ["eins\r\n", "zwö"],
            "day": [datetime.date(2020, 1, 2), None],
            "nested": [{"k": [1, 2]}, None],
            "score": [0.5, float("nan")],
            "raw": [b"\xff", b"\xfe"],
        }
    )
    first, second = read("a.parquet", parquet(table))
    assert (first.record_id, first.title, first.text) == ("1", "T", "eins")
    assert first.metadata == {"day": "2020-01-02", "nested": '{"k": [1, 2]}', "score": "0.5"}
    assert (second.record_id, second.title, second.text) == ("2", None, "zwö")
    assert (second.metadata, second.bytes) == ({}, 4)
    assert first.mime == "application/vnd.apache.parquet"


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.binary(), pa.dictionary(pa.int32(), pa.string())]
)
def test_parquet_text_may_be_of_any_text_type(read, kind):
    values = pa.array(["eins", "zwö"]).cast(pa.binary() if kind == pa.binary() else kind)
    records = read("a.parquet", parquet(pa.table({"text": values})))
    assert [record.text for record in records] == ["eins", "zwö"]


def test_parquet_text_that_is_not_utf8_fails_alone(read):
    for kind in (pa.binary(), pa.string()):
        raw = pa.array([b"a", b"\xff\xfe", b"c"], pa.binary())
        values = raw if kind == pa.binary() else pa.Array.from_buffers(kind, 3, raw.buffers())
        records = read("a.parquet", parquet(pa.table({"id": ["1", "2", "3"], "text": values})))
        assert [record.text for record in records] == ["a", "", "c"]
        assert "row 2" in records[1].parse_error
        assert "cannot be decoded" in records[1].parse_error


def test_parquet_without_the_text_column_fails_once(read):
    [record] = read("a.parquet", parquet(pa.table({"id": [1, 2], "body": ["a", "b"]})))
    assert record.parse_error.startswith("record has no column 'text', it has: id, body")


def test_parquet_rows_without_text_fail_alone(read):
    records = read("a.parquet", parquet(pa.table({"text": ["a", None, " ", "d"]})))
    assert [record.parse_status for record in records] == ["ok", "failed", "failed", "ok"]


@pytest.mark.parametrize("skip", [0, 1, 2, 3, 4, 9, 10, 11])
def test_parquet_skip_crosses_row_groups(read, skip):
    texts = [f"text {number}" for number in range(10)]
    content = parquet(pa.table({"text": texts}), row_group_size=3)
    assert [record.text for record in read("a.parquet", content, skip=skip)] == texts[skip:]


@pytest.mark.parametrize("content", [b"PAR1 and no more", b"not parquet at all" * 100])
def test_parquet_that_is_none_fails_once(read, content):
    [record] = read("a.parquet", content)
    assert record.parse_error.startswith("not readable as Parquet: ")


def test_parquet_with_a_damaged_column_name_fails_once(read):
    content = parquet(pa.table({"text": ["a"], "notes": ["b"]}), store_schema=False)
    [record] = read("a.parquet", content.replace(b"notes", b"not\xff\xfe"))
    assert record.parse_error.startswith("not readable as Parquet: ")


@pytest.mark.parametrize("skip", [0, 5, 15, 25, 30])
def test_parquet_with_a_damaged_row_group_loses_just_that(read, skip):
    texts = [f"a text of some length, number {number}" for number in range(30)]
    content = bytearray(parquet(pa.table({"text": texts}), row_group_size=10))
    middle = pq.ParquetFile(io.BytesIO(content)).metadata.row_group(1).column(0)
    start = middle.dictionary_page_offset
    content[start : start + 100] = b"\xff" * 100
    records = read("a.parquet", bytes(content), skip=skip)
    assert [record.text for record in records] == [*texts[:10], *[""] * 10, *texts[20:]][skip:]
    failed = [record.parse_error for record in records if record.parse_status == "failed"]
    assert all(reason.startswith("row 1") or reason.startswith("row 20") for reason in failed)
    assert all("damaged Parquet" in reason for reason in failed)


@pytest.mark.parametrize("skip", [0, 4500])
def test_parquet_reads_no_row_group_before_it_needs_it(skip):
    texts = [f"{number} " * 200 for number in range(5000)]
    table = pa.table({"text": texts})
    content = parquet(table, row_group_size=500, compression="none", use_dictionary=False)
    stream = _CountingStream(content)
    first = next(read_records("a.parquet", stream, columns=Columns(), skip=skip))
    assert first.text == texts[skip].strip()
    assert stream.count < len(content) / 4


class _CountingStream(io.BytesIO):
    count = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.count += len(data)
        return data
