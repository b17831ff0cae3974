"""Values as text: numbers as written, and one odd character or cell costs just itself."""

import pytest

from semantic_assets.parsing.records import Columns

ID = "9" * 40


@pytest.mark.parametrize(
    "number",
    [ID, f"-{ID}", "18446744073709551616", "1.10", "1e400", "1E5", "0.1" + "0" * 30, "7"],
)
@pytest.mark.parametrize(
    "form",
    [
        '{{"id": {0}, "text": "t", "n": {0}, "l": [{0}]}}',
        '{{"text": "t", "id": {0}, "n" : {0}, "l": [{0}]}}',
    ],
)
def test_numbers_are_kept_as_they_are_written(read, number, form):
    for name in ("a.jsonl", "a.json"):
        [record] = read(name, form.format(number))
        assert record.record_id == number
        assert record.metadata == {"n": number, "l": f"[{number}]"}


def test_ids_that_differ_in_the_last_of_many_digits_stay_apart(read):
    lines = "\n".join(f'{{"id": {ID}{n}, "text": "t"}}' for n in range(3))
    assert [record.record_id for record in read("a.jsonl", lines)] == [f"{ID}{n}" for n in range(3)]


def test_number_of_more_digits_than_python_reads_is_kept(read):
    digits = "1" * 5000
    [record] = read("a.jsonl", f'{{"text": "t", "n": {digits}, "m": 1.5}}')
    assert record.metadata["n"] == digits


def test_infinity_is_kept_and_not_a_number_is_nothing(read):
    [record] = read("a.jsonl", '{"text": "t", "a": NaN, "b": Infinity, "c": -Infinity}')
    assert record.metadata == {"b": "Infinity", "c": "-Infinity"}


@pytest.mark.parametrize(
    ("text", "kept", "said"),
    [
        (r"good \ud83d kiln", "good \ufffd kiln", "1 in column 'text' cannot be decoded"),
        (
            r"good \udc4d\ud83d kiln and more",
            "good \ufffd\ufffd kiln and more",
            "2 in column 'text'",
        ),
        (r"good \ud83d\udc4d kiln", "good \U0001f44d kiln", None),
        (r"Dear Sir\u0000, welcome", "Dear Sir, welcome", "1 NUL in column 'text' is left out"),
        (r"\u0000Welcome to all of you\u0000", "Welcome to all of you", "2 NUL in column 'text'"),
    ],
)
def test_odd_character_costs_just_itself_and_is_said(read, text, kept, said):
    for name, content in (
        ("a.jsonl", f'{{"text": "{text}"}}'),
        ("a.json", f'[{{"text": "{text}"}}]'),
    ):
        [record] = read(name, content)
        assert (record.text, record.parse_status) == (kept, "ok")
        assert (said is None and record.parse_error is None) or said in record.parse_error


def test_undecodable_byte_of_a_line_costs_just_itself(read):
    good = '{"text": "Grüße aus Köln"}\n'.encode()
    first, bad, last = read("a.jsonl", good + good.replace(b"aus", b"a\xffs") + good)
    assert (first.text, last.text) == ("Grüße aus Köln",) * 2
    assert (bad.text, bad.parse_status) == ("Grüße a\ufffds Köln", "ok")
    assert "1 in column 'text' cannot be decoded" in bad.parse_error


def test_line_in_another_encoding_is_no_text(read):
    good = '{"text": "Печь холодная"}\n'.encode() * 9
    *_, bad = read("a.jsonl", good + '{"text": "Печь холодная"}'.encode("cp1251"))
    assert bad.parse_error.startswith("line 10: column 'text': it holds characters that cannot")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (r'"\ud800"', "column 'x' is left out: it holds characters that cannot be decoded"),
        ("[" * 900 + "]" * 900, "column 'x' is left out: it is nested too deeply"),
        (r'"\u0000"', "column 'x' is left out: the text holds NUL"),
    ],
)
def test_bad_cell_of_metadata_or_title_costs_that_cell(read, cell, said):
    [record] = read("a.jsonl", f'{{"id": 1, "text": "t", "x": {cell}, "y": 2}}')
    assert (record.text, record.metadata) == ("t", {"y": "2"})
    assert record.parse_error.startswith(said)
    [record] = read("a.jsonl", f'{{"text": "t", "x": {cell}}}', columns=Columns(title="x"))
    assert (record.text, record.title, record.parse_status) == ("t", None, "ok")
