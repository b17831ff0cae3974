"""Filters as they are written: in text and in JSON, and what is said of those that cannot be meant."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.errors import ConfigError
from semantic_assets.model.filter_forms import filter_json, parse_condition, parse_filter
from semantic_assets.model.kind_names import kind_name
from semantic_assets.model.search_filter import (
    DATE_FIELDS,
    NUMBER_FIELDS,
    TEXT_FIELDS,
    Condition,
    Filter,
)
from semantic_assets.parsing.formats import DOCUMENTS, mime_of

_WORDS = st.text("abcü|\\ -*:'\"3", min_size=1).map(str.strip).filter(bool)
_TEXTS = st.builds(
    Condition,
    st.sampled_from([*TEXT_FIELDS, "author", "metadata.year", "a key"]),
    st.sampled_from(["=", "!=", "~"]),
    st.lists(_WORDS, min_size=1, max_size=3).map(tuple),
)
_NUMBERS = st.builds(
    Condition,
    st.sampled_from(NUMBER_FIELDS),
    st.sampled_from(["=", "<", "<=", ">", ">="]),
    st.integers(0, 3000).map(lambda number: (str(number),)),
)
_DATES = st.builds(
    Condition,
    st.sampled_from(DATE_FIELDS),
    st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
    st.sampled_from([("2024",), ("2024-05",), ("1999-12-31",)]),
)


@given(st.lists(st.one_of(_TEXTS, _NUMBERS, _DATES), max_size=6))
def test_a_filter_written_as_json_is_read_back(conditions: list[Condition]) -> None:
    filter = Filter(tuple(conditions))
    assert parse_filter(filter_json(filter)) == filter


@given(st.one_of(_TEXTS, _NUMBERS, _DATES))
def test_a_condition_written_as_text_is_read_back(condition: Condition) -> None:
    # A backslash before a bar is read as the bar's own.
    if not any("\\" in value for value in condition.values):
        assert parse_condition(str(condition)) == condition


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kind=pdf|md", Condition("kind", "=", ("pdf", "md"))),
        (" year >= 2020 ", Condition("year", ">=", ("2020",))),
        ("path=manuals/**/*.md", Condition("path", "=", ("manuals/**/*.md",))),
        ("title~pump", Condition("title", "~", ("pump",))),
        ("metadata.author=Lin", Condition("metadata.author", "=", ("Lin",))),
        ("author!=O'Brien|Lin", Condition("author", "!=", ("O'Brien", "Lin"))),
        ("date>=2024-05-01", Condition("date", ">=", ("2024-05-01",))),
        (r"title=a\|b", Condition("title", "=", ("a|b",))),
        ("formula=a=b", Condition("formula", "=", ("a=b",))),
    ],
)
def test_conditions_in_text(text: str, expected: Condition) -> None:
    assert parse_condition(text) == expected


def test_conditions_in_json_and_in_lists() -> None:
    written = {"kind": ["pdf", "md"], "year": {">=": 2020, "<": 2024}, "draft": False}
    assert parse_filter(written).conditions == (
        Condition("kind", "=", ("pdf", "md")),
        Condition("year", ">=", ("2020",)),
        Condition("year", "<", ("2024",)),
        Condition("draft", "=", ("false",)),
    )
    assert parse_filter(["kind=pdf", {"page": 3}]).conditions == (
        Condition("kind", "=", ("pdf",)),
        Condition("page", "=", ("3",)),
    )
    assert not parse_filter(None)
    assert not parse_filter({})


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("pump", "'pump' is no condition: write it as 'kind=pdf|md'"),
        ("kind==pdf", "there is no operator '==': use = != < <= > >= ~"),
        ({"kind": {"in": ["pdf"]}}, "there is no operator 'in'"),
        ("kind=", "'kind=' has an empty value: write one behind '='"),
        ("kind=pdf|", "'kind=pdf|' has an empty value"),
        ("title<b", "title is text, which is not compared by '<': use = != or ~"),
        ("year>=soon", "'year>=soon': 'soon' is not a number"),
        ("page~3", "page is a number, which contains nothing: use = != < <= > or >="),
        ("date=May", "'date=May': 'May' is not a date: write 2024, 2024-05 or 2024-05-31"),
        ("year<2020|2021", "'<' compares with one value"),
        ({"kind": None}, "has the value None: give a text or a number"),
        ({"kind": {}}, "the condition on 'kind' says nothing: give it a value"),
        ({"kind": []}, "'kind=' has no value: write one behind '='"),
        ("title=" + "x" * 1001, "has a value of 1001 characters: write at most 1000"),
        (7, "a filter is text or fields with values, not 7"),
        ([7], "a condition is text or a field with values, not 7"),
    ],
)
def test_what_cannot_be_meant_is_named_on_one_line_with_what_to_write(
    where: Any, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_filter(where)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_kind_is_the_first_ending_of_its_format() -> None:
    others = {kind_name(mime_of(f"a{ending}")) for ending in DOCUMENTS}
    assert {"pdf", "md", "html", "docx", "xlsx", "pptx", "txt", "epub", "eml", "py"} <= others
    assert all(name.isascii() and name == name.lower() and "/" not in name for name in others)
    for ending in ("pdf", "md", "html", "docx", "csv", "jsonl", "py", "rtf", "ipynb", "yaml"):
        assert kind_name(mime_of(f"a.{ending}")) == ending
