"""CSV as people have it: other delimiters and quotes, lines before the header, rows that are wrong."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.parsing.readers import read_records
from semantic_assets.parsing.records import Columns, KnownRecord


def texts(records):
    return [record.text for record in records]


@pytest.mark.parametrize("delimiter", ",;\t|^~:\x1f\x01")
@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_delimiter_is_told_from_the_header(read, delimiter, suffix):
    rows = [["id", "title", "text"], ["1", "Pump", "It leaks. See 4, 5; 6."]]
    sink = io.StringIO()
    csv.writer(sink, delimiter=delimiter).writerows(rows)
    [record] = read(f"a.{suffix}", sink.getvalue())
    assert (record.record_id, record.title, record.text) == tuple(rows[1])
    assert record.parse_error is None


def test_tsv_has_a_type_of_its_own(read):
    assert read("a.tsv", "id\ttext\n1\ta\n")[0].mime == "text/tab-separated-values"


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;", "\nsep=;"])
def test_line_that_tells_excel_the_delimiter_is_no_header(read, line):
    [record] = read("a.csv", f'{line}\r\nid;text\r\n1;"a; b, c"\r\n')
    assert (record.record_id, record.text, record.parse_error) == ("1", "a; b, c", None)


def test_excels_unicode_text_is_read(read):
    content = 'id\ttext\r\n1\t"Über ""alles"""\r\n2\tzwei\r\n'.encode("utf-16")
    assert texts(read("a.csv", content)) == ['Über "alles"', "zwei"]


def test_comments_before_the_header_are_left_out(read):
    [record] = read("a.csv", "# made on Monday, by hand\n# version 2\nid,text\n1,a\n")
    assert (record.record_id, record.text, record.parse_error) == ("1", "a", None)


def test_header_may_be_a_comment(read):
    assert read("a.tsv", "#id\ttext\n1\ta\n")[0].record_id == "1"


def test_titles_before_the_header_are_left_out_and_it_is_said(read):
    first, second = read("a.csv", "Stock report\n\nid,text\n1,a\n2,b\n")
    assert (first.text, second.text) == ("a", "b")
    assert first.parse_error == "lines 1 to 2, before the header, are left out"
    assert second.parse_error is None


def test_row_with_a_cell_named_text_is_no_header(read):
    [record] = read("a.csv", "id,kind,body\n1,text,Here are some words about a pump\n")
    assert "it has: id, kind, body" in record.parse_error


def test_missing_text_column_is_proposed_from_the_rows(read):
    words = "The pump stands in the cellar and hums all night long."
    [record] = read("a.csv", f"key,who,remarks\n1,Ann,{words}\n2,Bob,{words}\n")
    assert record.parse_error.endswith('in dataset.toml: [columns] text = "remarks"')


def test_only_column_may_hold_commas(read):
    assert texts(read("a.csv", 'text\nOne, two; three\n"four, five"\n')) == [
        "One, two; three",
        "four, five",
    ]


def test_name_that_stands_twice_keeps_both_columns_and_says_so(read):
    first, second = read("a.csv", "id,text,text\n1,a,b\n2,c,d\n")
    assert (first.text, first.metadata) == ("b", {"text (1)": "a"})
    assert (second.text, second.metadata) == ("d", {"text (1)": "c"})
    assert "column 'text' stands twice" in first.parse_error
    assert second.parse_error is None


def test_column_without_a_name_is_kept(read):
    [record] = read("a.csv", ",text,\n7,a,b\n")
    assert record.metadata == {"column 1": "7", "column 3": "b"}


def test_spaces_after_delimiters_belong_to_no_cell(read):
    [record] = read("a.csv", 'id, title, text\n1, "A, B", "C, D"\n')
    assert (record.title, record.text) == ("A, B", "C, D")


@pytest.mark.parametrize("rest", [",,", ", ,", ",,,"])
def test_empty_cells_beyond_the_header_are_no_fault(read, rest):
    [record] = read("a.csv", f"id,text\n1,a{rest}\n")
    assert (record.text, record.parse_error) == ("a", None)


def test_rows_of_empty_cells_are_no_records(read):
    assert texts(read("a.csv", "id,text\n,\n1,a\n , \n,,,\n")) == ["a"]


def test_row_that_is_too_short_is_read_and_reported_with_its_line(read):
    first, second = read("a.csv", "id,text,note\n\n1,a\n2,b,c\n")
    assert (first.text, first.parse_status) == ("a", "ok")
    assert first.parse_error.startswith("row 1, line 3: 2 cells where the header has 3")
    assert second.parse_error is None


def test_rest_of_a_broken_row_is_no_short_row(read):
    records = read("a.csv", "id,text,note\n1,a,b\nand so on, and on\n2,c,d\n")
    assert [record.parse_status for record in records] == ["ok", "failed", "ok"]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (r'"He said \"no\""', 'He said "no"'),
        (r'"\"No\", he said, and \"never\", and left"', '"No", he said, and "never", and left'),
        (r'"C:\new and \"x\""', r'C:\new and "x"'),
        (r'"C:\"', "C:\\"),
        ('"He said "no" twice"', 'He said "no" twice'),
        ('"He said "no"\nand left, and\ncame back"', 'He said "no"\nand left, and\ncame back'),
        ('"a ""doubled"" one"', 'a "doubled" one'),
    ],
)
def test_quotes_in_cells_are_read_as_they_are_meant(read, cell, text):
    records = read("a.csv", f"id,text,n\n0,z,1\n1,{cell},2\n2,b,3\n")
    assert texts(records) == ["z", text, "b"]
    assert records[1].metadata == {"n": "2"}


def test_single_quotes_around_cells_are_quotes(read):
    records = read("a.csv", "id,text\n'1','a, b'\n'2','it''s'\n")
    assert texts(records) == ["a, b", "it's"]
    assert records[0].record_id == "1"


def test_apostrophes_are_no_quotes(read):
    records = read("a.csv", "id,text\n1,'tis late\n2,the dogs'\n3,it's\n")
    assert texts(records) == ["'tis late", "the dogs'", "it's"]


def test_tabs_need_no_quotes(read):
    rows = [
        '1\t"Yes" he said',
        '2\t"open',
        '3\t5" pipe',
        '4\t"line\nline"',
        '5\tb"',
        '6\t"a ""b"""',
    ]
    records = read("a.tsv", "\n".join(["id\ttext", *rows, ""]))
    assert texts(records) == ['"Yes" he said', '"open', '5" pipe', "line\nline", 'b"', 'a "b"']


def test_undecodable_byte_costs_its_character(read):
    [record] = read("a.csv", "id,text\n1,ööö ööö ".encode() + b"ab\xffcd\n")
    assert record.text == "ööö ööö ab\ufffdcd"
    assert "1 in column 'text' cannot be decoded" in record.parse_error


def test_thousands_of_columns_are_metadata(read):
    names = [f"c{number}" for number in range(3000)]
    [record] = read(
        "a.csv", f"{','.join(names)},text\n{',v' * 2999},a\n".replace("\n,v", "\nv,v", 1)
    )
    assert (len(record.metadata), record.text) == (3000, "a")


def test_header_longer_than_any_is_one_failed_record(read):
    [record] = read("a.csv", "x" * 3_000_000 + ",text\n1,a\n")
    assert record.parse_status == "failed"


ROWS = st.lists(
    st.sampled_from(
        ["{},a", '{},"b"', '{},"open', '{},"x"y', "{}", "{},a,b", ",", '{},"c\nd"', r'{},"\"e"']
    ),
    max_size=12,
)


@given(ROWS, st.integers(0, 12), st.booleans())
def test_skipped_and_known_rows_leave_the_others_as_they_were(rows, skip, has_remark):
    head = "id,text,text" if has_remark else "id,text"
    content = "\n".join([head, *(row.format(n) for n, row in enumerate(rows))]).encode()

    def read(**options):
        return list(read_records("a.csv", io.BytesIO(content), columns=Columns(), **options))

    everything = read()
    assert read(skip=skip) == everything[skip:]
    known = {record.signature for record in everything if record.signature}
    again = read(known=known)
    assert len(again) == len(everything)
    for record, one in zip(everything, again, strict=True):
        assert one == (KnownRecord(record.signature) if record.signature else record)
