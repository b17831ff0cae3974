"""Org files as Markdown-like text."""

import pytest


def _text(read, content: str) -> str:
    [record] = read("a.org", content)
    assert record.parse_status == "ok", record.parse_error
    return record.text


def test_stars_are_headings_without_states_priorities_and_tags(read):
    content = "#+TITLE: Garden\n#+AUTHOR: Ada\n* TODO [#A] Sow beans :work:home:\nx\n** Water\ny"
    [record] = read("a.org", content)
    assert record.text == "# Sow beans\n\nx\n\n## Water\n\ny"
    assert (record.title, record.metadata) == ("Garden", {"author": "Ada"})
    assert not record.is_title_shown_only


def test_drawers_and_comments_are_left_out(read):
    content = "* A\n:PROPERTIES:\n:ID: 7\n:END:\n# no\n:LOGBOOK:\nCLOCK: x\n:END:\ntext"
    assert _text(read, content) == "# A\n\ntext"


def test_drawer_that_never_ends_takes_nothing_away(read):
    assert "text" in _text(read, "* A\n:NOTES:\ntext\n* B\nmore")


@pytest.mark.parametrize(
    "mark", ["#+BEGIN_SRC python\n{}\n#+END_SRC", "#+begin_src python :results x\n{}\n#+end_src"]
)
def test_source_is_fenced(read, mark):
    assert _text(read, mark.format("# x\n,* y")) == "```python\n# x\n* y\n```"


def test_example_and_output_are_fenced(read):
    assert _text(read, "#+begin_example\n# x\n#+end_example\n: # out\n: two") == (
        "```\n# x\n```\n\n```\n# out\ntwo\n```"
    )


def test_quote_is_text(read):
    assert _text(read, "#+begin_quote\nWater well.\n#+end_quote\nEnd.") == "Water well.\nEnd."


def test_export_for_one_format_is_left_out(read):
    assert _text(read, "a\n#+begin_export html\n<b>\n#+end_export\nb") == "a\nb"


def test_table_is_a_table(read):
    assert _text(read, "| Bed | Beans |\n|-----+-------|\n| 1 | 30 |\n| 2 | |\n#+TBLFM: $2=1") == (
        "| Bed | Beans |\n| --- | --- |\n| 1 | 30 |\n| 2 |  |"
    )


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("see [[https://x.org][the site]]", "see the site"),
        ("see [[file:plan.org]]", "see plan.org"),
        ("=code= and ~more~", "`code` and `more`"),
        ("a = b and c = d", "a = b and c = d"),
        ("noted [fn:1]", "noted [1]"),
        ("- bean :: a seed", "- bean: a seed"),
        ("<<here>>Text", "hereText"),
    ],
)
def test_marks_within_a_line(read, marked, plain):
    assert _text(read, marked) == plain


def test_included_files_are_said(read):
    [record] = read("a.org", 'x\n#+INCLUDE: "b.org" src\n')
    assert "(b.org)" in record.parse_error
