"""JSON as people have it: one value over many lines, arrays and objects around records, near JSON."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.parsing.readers import read_records
from semantic_assets.parsing.record_files.json_lines import begins_with_a_line
from semantic_assets.parsing.records import Columns, KnownRecord

ROWS = [{"id": "1", "text": "The lid is open."}, {"id": "2", "text": "The lid is shut."}]
COMPACT = [json.dumps(row) for row in ROWS]
PRETTY = [json.dumps(row, indent=2) for row in ROWS]


def found(records):
    return [(record.record_id, record.text, record.parse_status) for record in records]


BOTH = [(row["id"], row["text"], "ok") for row in ROWS]
SHAPES = {
    "lines": "\n".join(COMPACT),
    "lines with CR LF": "\r\n".join(COMPACT),
    "lines with CR": "\r".join(COMPACT),
    "lines with commas": ",\n".join(COMPACT),
    "record separators": "".join(f"\x1e{line}\n" for line in COMPACT),
    "marks of joined files": "\n".join(f"\ufeff{line}" for line in COMPACT),
    "several a line": "".join(COMPACT),
    "several a line with spaces": " ".join(COMPACT),
    "pretty": "\n".join(PRETTY),
    "pretty with separators": "".join(f"\x1e{value}\n" for value in PRETTY),
    "array": json.dumps(ROWS),
    "array over lines": "[" + ",\n".join(COMPACT) + "]\n",
    "array of pretty objects": json.dumps(ROWS, indent=4),
    "bracket on a line of its own": "[\n" + ",\n".join(COMPACT) + "\n]",
    "array with a comma too many": "[\n" + ",\n".join(COMPACT) + ",\n]",
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("suffix", ["json", "jsonl", "ndjson", "jsonl.gz"])
def test_records_are_found_in_every_shape(read, shape, suffix):
    assert found(read(f"a.{suffix}", shape)) == BOTH


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("shape", ["lines", "pretty", "array over lines", "several a line"])
def test_shapes_are_found_in_every_encoding(read, shape, encoding):
    content = SHAPES[shape].replace("open", "öffen — grün, schön").encode(encoding)
    records = read("a.jsonl", content)
    assert [record.text for record in records] == [
        "The lid is öffen — grün, schön.",
        ROWS[1]["text"],
    ]


@pytest.mark.parametrize("first", ['{"id": 1, "text": "cut', '{"id": 1,', '{"id": 1, "text": "a"'])
def test_first_line_that_is_cut_off_fails_alone(read, first):
    bad, *rest = read("a.jsonl", "\n".join([first, *COMPACT]))
    assert bad.parse_error.startswith("line 1: not valid JSON")
    assert found(rest) == BOTH


def test_broken_object_over_lines_fails_alone(read):
    first, bad, last = read("a.jsonl", "\n".join([PRETTY[0], '{\n"id" 5\n}', PRETTY[1]]))
    assert found([first, last]) == BOTH
    assert bad.parse_error.startswith("line 5: not valid JSON")


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
@pytest.mark.parametrize("rest", ["", ', {"id": 3, "text": ', ', {"id": 3 "text": "x"}]'])
def test_array_that_is_broken_keeps_its_sound_elements(read, name, rest):
    *sound, bad = read(
        name, f"[{', '.join(COMPACT)}{rest}" if rest else f"[{', '.join(COMPACT)}, x"
    )
    assert found(sound) == BOTH
    assert "not valid JSON" in bad.parse_error


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"data": ROWS}, None),
        (
            {"count": 2, "data": ROWS, "next": None},
            "in data; not kept is what is beside: count, next",
        ),
        ({"response": {"docs": ROWS}}, None),
        ({"a": ROWS[:1], "b": ROWS[1:]}, None),
        ({"1": {"text": ROWS[0]["text"]}, "2": {"text": ROWS[1]["text"]}}, None),
    ],
)
def test_records_inside_an_object_are_found(read, content, said):
    for name, text in (("a.json", json.dumps(content)), ("a.jsonl", json.dumps(content, indent=1))):
        records = read(name, text)
        assert found(records) == BOTH
        assert records[1].parse_error is None
        assert (records[0].parse_error or "").endswith(said or "")
        assert (records[0].parse_error is None) == (said is None)


def test_elements_without_the_text_column_are_one_reason_with_the_column_they_have(read):
    words = "The bridge was built of stone and has three arches."
    places = {"type": "F", "features": [{"properties": {"about": words}}] * 3}
    [record] = read("a.json", json.dumps(places))
    assert "it has: properties" in record.parse_error
    assert record.parse_error.endswith('[columns] text = "properties.about"')
    columns = Columns(text="properties.about")
    assert [r.text for r in read("a.json", json.dumps(places), columns=columns)] == [words] * 3


def test_strings_are_texts(read):
    assert [r.text for r in read("a.json", '["one", "two"]')] == ["one", "two"]
    assert [r.text for r in read("a.jsonl", '"one"\n"two"\n')] == ["one", "two"]


@pytest.mark.parametrize(
    "line",
    [
        '{"text": "a // b, }",}',
        '{"text": "a // b, }", /* kept */ "n": [1,2,],}',
        '{"text": "a // b, }"} // more',
        '{"text": "a // b, }"},',
    ],
)
def test_commas_and_comments_that_json_has_not_are_passed_over(read, line):
    assert [r.text for r in read("a.jsonl", f'{{"text": "x"}}\n{line}\n')] == ["x", "a // b, }"]


def test_name_that_stands_twice_keeps_both_values_and_says_so(read):
    for name, content in (
        ("a.jsonl", '{"text": "a", "n": 1, "text": "b"}\n'),
        ("a.json", '[{"text" : "a", "n": 1, "text" : "b"}]'),
    ):
        [record] = read(name, content)
        assert (record.text, record.metadata) == ("b", {"text (1)": "a", "n": "1"})
        assert "a name stands twice" in record.parse_error


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"text": "a"}\n{"te', True),
        (b'\xef\xbb\xbf\n {"text": "a"},\n', True),
        (b'{"text": "a line longer than what was read', True),
        (b'"a"\n"b"\n', True),
        (b'{\n  "text"', False),
        (b'[{"text": "a"}]\n', False),
        (b'\n\x1e{"a": 1,\n', False),
    ],
)
def test_files_that_grow_have_a_record_a_line(data, expected):
    assert begins_with_a_line(data) == expected


LINES = st.lists(
    st.sampled_from(
        [
            '{"id": %d, "text": "a"}',
            '{"id": %d, "title": "b"}',
            '{"id": %d.50, "text": "a \\ud83d b"}',
            '{"id": %d, "text": "x", "text": "y"}',
            '{"id": %d, ',
            "[%d]",
            "",
            '"a text %d"',
        ]
    ),
    max_size=12,
)


@given(LINES, st.integers(0, 12))
def test_skipped_and_known_lines_leave_the_others_as_they_were(lines, skip):
    rows = [line % number if "%" in line else line for number, line in enumerate(lines)]
    content = "\n".join(rows).encode() or b"\n"

    def read(**options):
        return list(read_records("a.jsonl", io.BytesIO(content), columns=Columns(), **options))

    everything = read()
    assert read(skip=skip) == everything[skip:]
    again = read(known={record.signature for record in everything if record.signature})
    assert again == [KnownRecord(r.signature) if r.signature else r for r in everything]


@given(st.integers(0, 4), st.sampled_from(sorted(SHAPES)))
def test_skip_leaves_out_the_first_records_of_every_shape(skip, shape):
    stream = io.BytesIO(SHAPES[shape].encode())
    records = list(read_records("a.jsonl", stream, columns=Columns(), skip=skip))
    assert found(records) == BOTH[skip:]
