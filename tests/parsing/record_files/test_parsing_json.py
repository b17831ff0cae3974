import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.parsing.readers import read_records
from semantic_assets.parsing.records import Columns

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\t\n")).map(
    lambda text: f"x{text}\u2028y"
)


def test_line_is_a_record_with_the_other_columns_as_metadata(read):
    row = {"id": 7, "title": " T ", "text": "körper", "n": 1.5, "b": True, "list": ["ä", {"k": 1}]}
    [record] = read("a.jsonl", json.dumps({**row, "none": None, "date": "2020"}))
    assert (record.record_id, record.title, record.text) == ("7", "T", "körper")
    assert record.metadata == {"n": "1.5", "b": "true", "list": '["ä", {"k": 1}]', "date": "2020"}
    assert (record.bytes, record.mime) == (7, "application/x-ndjson")
    assert (record.pages, record.parse_status, record.parse_error) == ((), "ok", None)


@given(st.lists(TEXTS, min_size=1))
def test_lines_survive_the_round_trip(texts):
    rows = [{"id": str(number), "text": text} for number, text in enumerate(texts)]
    data = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
    records = list(read_records("a.jsonl", io.BytesIO(data), columns=Columns()))
    assert [record.text for record in records] == texts
    assert [record.record_id for record in records] == [row["id"] for row in rows]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_blank_lines_are_no_records(read, newline):
    lines = ["", '{"text": "a"}', "  ", '{"text": "b"}', "", ""]
    assert [record.text for record in read("a.jsonl", newline.join(lines))] == ["a", "b"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{broken", "line 2: not valid JSON"),
        ("[1, 2]", "line 2: not an object but list"),
        ('{"body": "x", "id": 3}', "line 2: record has no column 'text', it has: body, id"),
        ('{"text": 5}', "line 2: column 'text' holds int, not text"),
        ('{"text": "\\u0000a\\u0000b"}', "line 2: column 'text': the text holds NUL"),
        ('{"text": "\\ud83d\\ud83d alone"}', "line 2: column 'text': it holds characters that"),
        ("[" * 100_000, "line 2: JSON is nested too deeply"),
    ],
)
def test_bad_line_fails_alone(read, line, reason):
    before, bad, after = read("a.jsonl", f'{{"text": "a"}}\n{line}\n{{"text": "b"}}')
    assert (before.text, after.text) == ("a", "b")
    assert (bad.parse_status, bad.record_id, bad.bytes) == ("failed", None, len(line))
    assert bad.parse_error.startswith(reason)
    assert bad.parse_error.isprintable()


@pytest.mark.parametrize("value", ['""', '" \\n"', "null"])
def test_record_with_an_empty_text_has_its_title_as_its_text(read, value):
    [record] = read("a.jsonl", f'{{"id": "k", "title": "T", "text": {value}, "n": 1}}')
    assert (record.record_id, record.title, record.text) == ("k", "T", "T")
    assert (record.parse_status, record.is_title_shown_only) == ("ok", True)
    assert record.parse_error == "record has no text in column 'text': its title is its text"
    assert record.metadata == {"n": "1"}


@pytest.mark.parametrize("value", ['""', '" \\n"', "null"])
def test_record_with_neither_text_nor_title_keeps_its_id(read, value):
    [record] = read("a.jsonl", f'{{"id": "k", "title": {value}, "text": {value}}}')
    assert record.parse_error == "record has no text in column 'text'"
    assert (record.record_id, record.title, record.parse_status) == ("k", None, "failed")


def test_not_a_number_is_read_as_python_writes_it(read):
    [record] = read("a.jsonl", '{"text": "x", "price": NaN, "n": 123456789012345678901234567890}')
    assert record.text == "x"
    assert record.metadata == {"n": "123456789012345678901234567890"}


def test_columns_can_be_named(read):
    columns = Columns(record_id="key", title="name", text="body")
    [record] = read("a.jsonl", '{"key": 1, "name": "N", "body": "B", "id": 2}', columns=columns)
    assert (record.record_id, record.title, record.text) == ("1", "N", "B")
    assert record.metadata == {"id": "2"}


def test_duplicate_and_missing_ids_are_kept_as_they_come(read):
    records = read("a.jsonl", '{"id": 1, "text": "a"}\n{"id": 1, "text": "b"}\n{"text": "c"}')
    assert [record.record_id for record in records] == ["1", "1", None]


@pytest.mark.parametrize("skip", range(6))
def test_skip_counts_failed_lines_and_not_blank_ones(read, skip):
    content = '{"text": "a"}\n\nbroken\n{"text": "c"}\n{"text": "d"}\n'
    texts = [record.text for record in read("a.jsonl", content, skip=skip)]
    assert texts == ["a", "", "c", "d"][skip:]


def test_mark_before_a_bad_first_line_is_no_part_of_it(read):
    [record] = read("a.jsonl", b"\xef\xbb\xbfbroken")
    assert record.bytes == 6


def test_line_without_end_does_not_fill_the_memory(read, monkeypatch):
    for module in ("blocks", "record_files.json_lines"):
        monkeypatch.setattr(f"semantic_assets.parsing.{module}.MAX_LINE_BYTES", 1000)
    content = '{"text": "a"}\n{"text": "' + "x" * 3_000_000 + '"}\n{"text": "b"}'
    first, long, last = read("a.jsonl", content)
    assert (first.text, last.text) == ("a", "b")
    assert "longer than" in long.parse_error
    assert long.bytes < 2_000_000


def test_lines_are_streamed():
    stream = io.BytesIO(b'{"text": "some text of a record"}\n' * 400_000)
    next(read_records("a.jsonl", stream, columns=Columns()))
    assert stream.tell() <= 2 << 20


def test_array_gives_its_objects(read):
    records = read("a.json", '[{"id": "a", "text": "one"}, 5, {"id": "b"}, {"text": "two"}]')
    assert [record.text for record in records] == ["one", "", "", "two"]
    assert records[1].parse_error == "element 2: not an object but int"
    assert records[2].parse_error.startswith("element 3: record has no column 'text', it has: id")
    assert records[0].mime == "application/json"
    assert [record.text for record in read("a.json", '[{"text": "one"}, 5]', skip=1)] == [""]


def test_empty_array_has_no_records(read):
    assert read("a.json", "[]") == []


def test_one_object_is_one_record(read):
    [record] = read("a.json.gz", '{"id": 1, "text": "one\\r\\ntwo", "lang": "en"}')
    assert (record.text, record.metadata, record.bytes) == ("one\ntwo", {"lang": "en"}, 7)


def test_object_without_the_text_column_says_what_there_is(read):
    [record] = read("a.json", '{"data": [], "count": 0}')
    assert record.parse_error.startswith("record has no column 'text', it has: data, count")
