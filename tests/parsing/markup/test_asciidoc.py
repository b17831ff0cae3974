"""AsciiDoc as Markdown-like text."""

import pytest


def _text(read, content: str) -> str:
    [record] = read("a.adoc", content)
    assert record.parse_status == "ok", record.parse_error
    return record.text


def test_titles_of_both_kinds_are_headings(read):
    assert _text(read, "= Kiln\n\n== Firing\n\nx\n\n=== Cooling\n\ny") == (
        "# Kiln\n\n## Firing\n\nx\n\n### Cooling\n\ny"
    )
    assert _text(read, "kiln(1)\n=======\n\nNAME\n----\nkiln - fires\n\nMore\n~~~~\nz") == (
        "# kiln(1)\n\n## NAME\n\nkiln - fires\n\n### More\n\nz"
    )


def test_head_is_metadata(read):
    [record] = read(
        "a.asciidoc", "= Kiln\nAda L <a@x.org>\nv1.2, 2020\n:keywords: fire\n:toc:\n\nx"
    )
    assert (record.title, record.text) == ("Kiln", "# Kiln\n\nx")
    assert record.metadata == {
        "author": "Ada L <a@x.org>",
        "revision": "v1.2, 2020",
        "keywords": "fire",
    }


def test_listing_is_fenced_and_not_a_title(read):
    content = (
        "Run this:\n\n[source,python]\n----\n# no heading\nx = {a}\n----\n\n....\n# out\n....\n"
    )
    assert _text(read, content) == (
        "Run this:\n\n```python\n# no heading\nx = {a}\n```\n\n```\n# out\n```"
    )


def test_listing_below_a_short_line_is_fenced(read):
    assert _text(read, "Text of a few words\n----\n# x\n----\nend") == (
        "Text of a few words\n\n```\n# x\n```\n\nend"
    )


def test_comments_and_passed_blocks_are_left_out(read):
    assert _text(read, "a\n// no\n////\nnor this\n////\n++++\n<b>\n++++\nb") == "a\nb"


def test_admonitions_keep_their_kind(read):
    content = "NOTE: Hot.\n\n[WARNING]\n====\nDo not open.\n====\n"
    assert _text(read, content) == "NOTE: Hot.\n\nWarning:\nDo not open."


def test_table_rows_by_columns_or_by_the_first_line(read):
    wanted = "| Part | Limit |\n| --- | --- |\n| Hose | 3 |\n| Seal | 4 |"
    assert _text(read, '[cols="1,2"]\n|===\n|Part |Limit\n\n|Hose\n|3\n|Seal |4\n|===\n') == wanted
    assert _text(read, "|===\n|Part |Limit\n\n|Hose |3\n|Seal |4\n|===\n") == wanted
    assert (
        _text(read, '[cols="2*",options="header"]\n|===\n|Part\na|Limit\n|Hose|3\n|Seal|4\n|===\n')
        == wanted
    )
    assert _text(read, ",===\nPart,Limit\nHose,3\nSeal,4\n,===\n") == wanted


def test_empty_cell_keeps_its_place(read):
    assert _text(read, "|===\n|A |B |C\n\n|1 | |3\n|===").endswith("| 1 |  | 3 |")


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("see <<firing,the firing>>", "see the firing"),
        ("see <<firing>>", "see firing"),
        ("see https://x.org/a[the site]", "see the site"),
        ("see https://x.org/a", "see https://x.org/a"),
        ("see link:x.html[the page^]", "see the page"),
        ("see linkgit:git-add[1]", "see git-add(1)"),
        ("press kbd:[Ctrl+C]", "press Ctrl+C"),
        ("hot.footnote:[Very.] Yes", "hot. (Very.) Yes"),
        ("a image:x.png[red kiln] b", "a red kiln b"),
        ("stem:[x^2]", "$x^2$"),
        ("a {unknown} b", "a {unknown} b"),
        ("C{plus}{plus}", "C++"),
        ("((kiln)) is (((hidden))) hot", "kiln is  hot"),
        ("[[here]]Text", "Text"),
        ("use `+x+` now", "use `x` now"),
        ("ratio 3:4 [sic] stays", "ratio 3:4 [sic] stays"),
    ],
)
def test_marks_within_a_line(read, marked, plain):
    assert _text(read, marked) == plain


def test_attribute_is_replaced_by_its_value(read):
    assert _text(read, ":model: K2\n\nThe {model} kiln.") == "The K2 kiln."


def test_lists(read):
    content = "* a\n** b\n+\nmore\n\n. one\n. two\n\nterm:: what it is\n"
    assert _text(read, content) == "- a\n  - b\nmore\n\n1. one\n1. two\n\nterm: what it is"


def test_title_of_a_block_is_kept(read):
    assert _text(read, ".Limits\n----\nx\n----") == "**Limits**\n\n```\nx\n```"


def test_included_files_are_said(read):
    [record] = read("a.adoc", "a\n\ninclude::b.adoc[]\ninclude::c.adoc[lines=1..2]\n")
    assert record.text == "a"
    assert "(b.adoc, c.adoc)" in record.parse_error


def test_conditions_leave_what_they_enclose(read):
    assert _text(read, "a\nifdef::x[]\nb\nendif::x[]\nc") == "a\nb\nc"


def test_escaped_bar_is_no_cell(read):
    assert _text(read, "|===\n|A |B\n\n|1 \\| 2 |3\n|===").endswith("| 1 \\| 2 | 3 |")
