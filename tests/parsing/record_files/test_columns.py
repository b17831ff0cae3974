"""Columns of a dataset: names that lead into objects, templates of several, titles as texts."""

import json

import pytest

from semantic_assets.parsing.records import Columns

ROW = {
    "key": 7,
    "payload": {"body": {"plain": "The words."}, "lang": "en"},
    "parts": [{"t": "One."}, {"n": 1}, {"t": "Two."}],
    "payload.dotted": "Dotted.",
    "year": 2020,
}


def one(read, columns, row=ROW):
    [record] = read("a.jsonl", json.dumps(row), columns=columns)
    return record


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("payload.body.plain", "The words."),
        ("payload.dotted", "Dotted."),
        ("parts.t", "One.\n\nTwo."),
        ("parts.2.t", "Two."),
    ],
)
def test_name_leads_into_objects_and_lists(read, name, text):
    record = one(read, Columns(text=name, record_id="key"))
    assert (record.text, record.record_id, record.parse_error) == (text, "7", None)


@pytest.mark.parametrize(
    "name", ["payload.body.html", "parts.9.t", "parts.x", "payload.body.plain.x"]
)
def test_name_that_leads_nowhere_is_a_missing_column(read, name):
    assert f"no column '{name}'" in one(read, Columns(text=name)).parse_error


def test_what_is_beside_a_nested_column_is_metadata(read):
    record = one(read, Columns(text="payload.body.plain", metadata=None))
    assert record.metadata["payload"] == '{"lang": "en"}'


def test_metadata_may_be_nested(read):
    record = one(read, Columns(text="parts.t", metadata=("payload.lang", "year", "none")))
    assert record.metadata == {"payload.lang": "en", "year": "2020"}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{parts.t}\n\n{payload.body.plain}", "One.\n\nTwo.\n\nThe words."),
        ("In {year}: {payload.body.plain}", "In 2020: The words."),
        ("{none}\n\n{payload.dotted}", "Dotted."),
        ("About: {none}\n\n{payload.dotted}", "Dotted."),
    ],
)
def test_template_joins_columns_and_leaves_out_paragraphs_without_any(read, template, text):
    record = one(read, Columns(text=template))
    assert (record.text, record.parse_error) == (text, None)
    assert not {"payload.dotted"} & set(record.metadata) or "dotted" not in template


def test_title_in_a_template_is_not_embedded_twice(read):
    row = {"title": "T", "body": "B"}
    record = one(read, Columns(text="{title}\n\n{body}"), row)
    assert (record.title, record.text, record.is_title_shown_only) == ("T", "T\n\nB", True)


def test_template_of_columns_that_a_table_lacks_is_refused_once(read):
    [record] = read("a.csv", "id,body\n1,a\n2,b\n", columns=Columns(text="{summary}\n\n{text}"))
    assert "record has no column '{summary} {text}', it has: id, body" in record.parse_error


def test_list_of_strings_is_a_text_of_paragraphs(read):
    assert one(read, Columns(), {"text": ["a", "", "b"]}).text == "a\n\nb"


@pytest.mark.parametrize("text", [{}, {"text": ""}, {"text": None}, {"text": []}])
def test_record_with_a_title_alone_is_its_title_once(read, text):
    record = one(read, Columns(), {"id": 1, "title": "On the pump", "year": 1999, **text})
    assert (record.title, record.text, record.parse_status) == ("On the pump",) * 2 + ("ok",)
    assert record.is_title_shown_only
    assert record.parse_error == "record has no text in column 'text': its title is its text"


def test_record_whose_text_is_under_another_name_is_not_its_title(read):
    words = "The pump stands in the cellar, and nobody has ever seen it work."
    record = one(read, Columns(), {"title": "On the pump", "abstract": words})
    assert record.parse_status == "failed"
    assert record.parse_error.endswith('[columns] text = "abstract"')


def test_csv_rows_without_text_are_their_titles(read):
    records = read("a.csv", "id,title,text\n1,Pump,\n2,,\n3,Lid,x\n")
    assert [(r.text, r.parse_status) for r in records] == [
        ("Pump", "ok"),
        ("", "failed"),
        ("x", "ok"),
    ]
