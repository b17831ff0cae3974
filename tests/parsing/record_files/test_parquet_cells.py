"""Parquet columns of every kind: a value that Python lacks costs no row."""

import io
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.parsing.readers import read_records
from semantic_assets.parsing.records import Columns, KnownRecord

YEAR_10000, DAY_10000 = 253_402_300_800, 2_932_897


def parquet(columns, **options) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, **options)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (pa.timestamp("ns"), 1_600_000_000_123_456_789, "2020-09-13T12:26:40.123456789"),
        (pa.timestamp("us"), 1_600_000_000_123_456, "2020-09-13T12:26:40.123456"),
        (pa.timestamp("us"), YEAR_10000 * 10**6, "10000-01-01T00:00:00.000000"),
        (pa.timestamp("ms"), -YEAR_10000 * 10**3, "-6060-01-02T00:00:00.000"),
        (pa.timestamp("us", "+05:30"), 0, "1970-01-01T05:30:00+05:30"),
        (pa.timestamp("ns", "UTC"), 1, "1970-01-01T00:00:00.000000001Z"),
        (pa.timestamp("us", "Mars/Base"), 0, "1970-01-01T00:00:00.000000Z"),
        (pa.date32(), 0, "1970-01-01"),
        (pa.date32(), DAY_10000, "10000-01-01"),
        (pa.date32(), -800_000, "-0221-09-04"),
        (pa.time64("ns"), 1, "00:00:00.000000001"),
        (pa.time64("us"), 1, "00:00:00.000001"),
        (pa.duration("us"), timedelta(days=1), "1 day, 0:00:00"),
        (pa.duration("ns"), 1, "1 ns"),
        (pa.decimal128(38, 2), Decimal("1.10"), "1.10"),
        (pa.decimal256(60, 0), Decimal(9 * 10**50), "9" + "0" * 50),
        (pa.float16(), np.float16(1.5), "1.5"),
        (pa.uint64(), 2**64 - 1, str(2**64 - 1)),
        (pa.bool_(), True, "true"),
        (pa.large_string(), "ä", "ä"),
        (pa.string_view(), "ä", "ä"),
        (pa.binary(), "ä".encode(), "ä"),
        (pa.dictionary(pa.int8(), pa.string()), "ä", "ä"),
        (pa.list_(pa.date32()), [DAY_10000, 0], '["10000-01-01", "1970-01-01"]'),
        (pa.struct({"t": pa.timestamp("ns")}), {"t": 1}, '{"t": "1970-01-01T00:00:00.000000001"}'),
        (pa.map_(pa.string(), pa.time64("ns")), [("k", 1)], '[["k", "00:00:00.000000001"]]'),
        (pa.struct({"b": pa.binary()}), {"b": b"\xff\xfe"}, '{"b": "2 bytes"}'),
    ],
)
def test_value_of_every_kind_is_metadata(read, kind, value, shown):
    values = pa.array([value, None, value], kind)
    records = read("a.parquet", parquet({"text": ["a", "b", "c"], "x": values}))
    assert [record.metadata for record in records] == [{"x": shown}, {}, {"x": shown}]
    assert [record.parse_error for record in records] == [None] * 3


@pytest.mark.parametrize("bad", [DAY_10000, -800_000])
def test_one_odd_day_costs_no_row(read, bad):
    days = pa.array([*range(18), bad, 18], pa.int32()).view(pa.date32())
    records = read("a.parquet", parquet({"text": [f"t{n}" for n in range(20)], "day": days}))
    assert [record.parse_status for record in records] == ["ok"] * 20
    assert records[0].metadata == {"day": "1970-01-01"}


def test_old_times_of_96_bits_are_read(read):
    times = pa.array([YEAR_10000 - 1], pa.timestamp("s")).cast(pa.timestamp("us"))
    content = parquet({"text": ["a"], "x": times}, use_deprecated_int96_timestamps=True)
    assert read("a.parquet", content)[0].metadata == {"x": "9999-12-31T23:59:59"}


def test_column_of_nothing_is_no_metadata(read):
    [record] = read("a.parquet", parquet({"text": ["a"], "x": pa.nulls(1)}))
    assert (record.metadata, record.parse_error) == ({}, None)


def test_string_that_is_not_utf8_costs_its_cell(read):
    raw = pa.array([b"fine", b"\xff\xfe\xff", b"one b\xffd byte"], pa.binary())
    column = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
    records = read("a.parquet", parquet({"text": ["a", "b", "c"], "x": column}))
    assert [record.metadata for record in records] == [
        {"x": "fine"},
        {},
        {"x": "one b\ufffdd byte"},
    ]
    assert [record.parse_status for record in records] == ["ok"] * 3
    assert "column 'x' is left out" in records[1].parse_error
    assert "1 in column 'x' cannot be decoded" in records[2].parse_error


def test_columns_of_bytes_are_left_out_and_the_first_row_says_so(read):
    columns = {
        "text": ["a", "b"],
        "raw": [b"\xff\xd8", b"\x00"],
        "long": [b"a" * 5000, b"b" * 5000],
    }
    first, second = read("a.parquet", parquet(columns))
    assert (first.metadata, second.metadata, second.parse_error) == ({}, {}, None)
    assert first.parse_error == "left out are columns of bytes that are no text: raw, long"


def test_name_that_stands_twice_keeps_both_columns(read):
    table = pa.table([["x"], ["y"]], names=["text", "text"])
    sink = io.BytesIO()
    pq.write_table(table, sink)
    [record] = read("a.parquet", sink.getvalue())
    assert (record.text, record.metadata) == ("y", {"text (1)": "x"})
    assert "column 'text' stands twice" in record.parse_error


def test_columns_are_found_in_structs(read):
    rows = [{"body": {"plain": "The words."}, "lang": "en"}]
    content = parquet({"payload": pa.array(rows), "n": [1]})
    columns = Columns(text="payload.body.plain", metadata=("payload.lang",))
    [record] = read("a.parquet", content, columns=columns)
    assert (record.text, record.metadata) == ("The words.", {"payload.lang": "en"})


def test_missing_text_column_is_proposed_from_the_rows(read):
    words = ["The pump stands in the cellar and hums all night long."]
    [record] = read("a.parquet", parquet({"id": [1], "note": words}))
    assert record.parse_error.endswith('[columns] text = "note"')


TIMES = st.lists(st.integers(-(2**62), 2**62) | st.none(), min_size=1, max_size=8)


@given(
    TIMES,
    st.sampled_from(
        [
            pa.timestamp("us"),
            pa.timestamp("ns", "Europe/Rome"),
            pa.time64("ns"),
            pa.duration("s"),
            pa.date64(),
        ]
    ),
    st.booleans(),
)
def test_known_rows_are_not_read_again(values, kind, has_bytes):
    if pa.types.is_time(kind) or pa.types.is_date64(kind):
        values = [
            None
            if value is None
            else value % 86_400_000 * (86_400_000 * pa.types.is_date64(kind) or 1)
            for value in values
        ]
    columns = {
        "text": [f"t{n}" for n in range(len(values))],
        "x": pa.array(values, pa.int64()).view(kind),
    }
    if has_bytes:
        columns["raw"] = [b"\xff"] * len(values)
    content = parquet(columns)

    def read(**options):
        return list(read_records("a.parquet", io.BytesIO(content), columns=Columns(), **options))

    everything = read()
    signatures = [record.signature for record in everything]
    assert [record.parse_status for record in everything] == ["ok"] * len(values)
    assert (signatures[0] is None) == has_bytes
    assert None not in signatures[1:]
    assert len({*signatures}) == len(values)
    again = read(known={*signatures})
    assert again == [KnownRecord(r.signature) if r.signature else r for r in everything]
