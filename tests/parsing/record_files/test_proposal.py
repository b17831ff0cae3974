"""Which columns are proposed for records whose columns have other names than text, title and id."""

import pytest

from semantic_assets.parsing.record_files.proposal import likely_text, propose_columns
from semantic_assets.parsing.records import Columns

PROSE = "The valve closes when the pressure falls below the mark on the gauge."


def rows(**columns: object) -> list[dict[str, object]]:
    return [
        {
            name: value.format(number) if isinstance(value, str) else value
            for name, value in columns.items()
        }
        for number in range(5)
    ]


@pytest.mark.parametrize(
    ("columns", "proposed"),
    [
        (
            {"id": "{}", "title": "Valve {}", "text": PROSE},
            ("id", "title", "text"),
        ),
        (
            {"ref": "A-{}", "author": "Ann Lee", "summary": PROSE * 3, "headline": "On {}"},
            ("ref", "headline", "summary"),
        ),
        (
            {"Nummer": "{}", "Betreff": "Ventil {}", "Beschreibung": "Das Ventil {} tropft."},
            ("Nummer", "Betreff", "Beschreibung"),
        ),
        (
            {"番号": "{}", "件名": "窯{}", "本文": "窯の温度が下がりません。"},
            ("番号", "件名", "本文"),
        ),
        (
            {"url": "https://example.org/a/{}", "review_text": "Not bad."},
            ("url", "title", "review_text"),
        ),
        ({"k": "{}", "a": "short", "b": PROSE}, ("k", "title", "b")),
    ],
)
def test_names_and_values_show_the_columns(columns, proposed):
    found = propose_columns(rows(**columns))
    assert (found.record_id, found.title, found.text) == proposed


def test_names_lead_into_objects():
    found = propose_columns(
        [{"meta": {"uid": n}, "payload": {"body": {"plain": PROSE}}} for n in range(3)]
    )
    assert (found.record_id, found.text) == ("meta.uid", "payload.body.plain")


def test_links_digests_and_numbers_are_no_text():
    assert likely_text(rows(link="https://example.org/" + "a" * 80, digest="0f" * 40, n=5)) is None


def test_values_that_come_twice_are_no_ids():
    found = propose_columns([{"id": 1, "sku": n, "text": PROSE} for n in range(3)])
    assert found.record_id == "sku"


def test_without_rows_the_columns_are_the_usual_ones():
    assert propose_columns([]) == Columns()
