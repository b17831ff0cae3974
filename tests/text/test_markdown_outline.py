"""Headings, code and tables of Markdown: what CommonMark takes for them, and nothing else."""

import pytest

from semantic_assets.text.heading_names import name_of
from semantic_assets.text.markdown_outline import outline_of


def _headings(text: str) -> list[tuple[int, str]]:
    outline = outline_of(text)
    names = [trail[-1] for trail in outline.trails[1::2]]
    return list(zip(outline.levels.values(), names, strict=True))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# One\ntext\n###### Six\n", [(1, "One"), (6, "Six")]),
        ("   ## Three blanks\n", [(2, "Three blanks")]),
        ("#\tTab\n", [(1, "Tab")]),
        ("## Closed ##\n", [(2, "Closed")]),
        ("## C# and F#\n", [(2, "C# and F#")]),
        ("Name\n====\ntext\n\nOther\n---\n", [(1, "Name"), (2, "Other")]),
        ("  Name \n   ===  \n", [(1, "Name")]),
        ("text\n# Right below text\nmore\n", [(1, "Right below text")]),
        ("# Before\n```\n# comment\n```\n# After", [(1, "Before"), (1, "After")]),
        ("# A #\n\nB\n=", [(1, "A"), (1, "B")]),
        ("---\ntitle: x\n---\n# A\n", [(1, "A")]),
        ("<!-- one line -->\n# A\n", [(1, "A")]),
        ("> quote\n\n# A\n", [(1, "A")]),
    ],
)
def test_headings_are_found(text: str, found: list[tuple[int, str]]) -> None:
    assert _headings(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "#hashtag",
        "####### seven",
        "#",
        "# #",
        "\\# escaped",
        "    # four blanks",
        "\t# a tab",
        "a # b",
        "```bash\n# comment\n\n# another\n```",
        "~~~\n# comment\n```\n# still\n~~~",
        "````\n```\n# inner\n```\n# outer\n````",
        "```\n# never closed\n\nText\n\n# still",
        "- ```sh\n  # comment\n  ```",
        "1. Do it:\n\n   ```sh\n   # comment\n   ```",
        "- a\n  - b\n\n      ```sh\n      # comment\n      ```",
        "> ```\n> # comment\n> ```",
        "<!--\n# hidden\n\n# too\n-->",
        "<pre>\n# comment\n\n# another\n</pre>",
        "<script>\n# x\n</script>",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "a | b\n--- | ---\n1 | 2",
        "---\ntitle: x\n---\ntext",
        "Text.\n\n---\n\nText.",
        "two lines\nof a paragraph\n---\n",
        "- item\n---\n",
        "Regards\nAnna\n--\nher company",
        "===\n",
        "# <!-- -->",
    ],
)
def test_what_only_looks_like_a_heading_is_none(text: str) -> None:
    assert [name for _, name in _headings(text) if name != "<!-- -->"] == []


@pytest.mark.parametrize("tail", ["\n# After\n", "\n\n# After\n\ntext"])
@pytest.mark.parametrize(
    "block",
    [
        "```\n# in\n```",
        "~~~~ text\n# in\n~~~~~",
        "- ```\n  # in\n  ```",
        "- ```\n  # in a fence that its item ends\n",
        "<!-- # in -->",
        "<pre>\n# in\n</pre>",
        "    ```\n    # indented, not closed\n",
    ],
)
def test_headings_go_on_behind_a_block(block: str, tail: str) -> None:
    assert _headings(block + tail) == [(1, "After")]


@pytest.mark.parametrize(
    ("marked", "name"),
    [
        ("Set up **the** dome", "Set up the dome"),
        ("*All* of __it__ and _more_", "All of it and more"),
        ("snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"),
        ("The `open_dome()` call", "The open_dome() call"),
        ("`**not bold**` here", "**not bold** here"),
        ('[A link](https://a.example/b_c "t") and ![a picture](p.png)', "A link and a picture"),
        ("[![badge](b.svg)](ci) Name", "badge Name"),
        ("[Named][ref]", "Named"),
        ("Install {#install}", "Install"),
        ("Install {: .wide #i }", "Install"),
        ("Install { #install .big }", "Install"),
        ('<a name="x"></a>Options<br/>', "Options"),
        ("vector<int> and a < b", "vector<int> and a < b"),
        ("1\\. Not \\*bold\\*", "1. Not *bold*"),
        ("Q&amp;A &mdash; all", "Q&A — all"),
        ("Closed ##", "Closed"),
        ("C#", "C#"),
        ("**Bold *and* more**", "Bold and more"),
        ("~~Old~~ New", "Old New"),
        ("", ""),
        ("###", ""),
    ],
)
def test_a_name_has_no_marks(marked: str, name: str) -> None:
    assert name_of(marked) == name


def test_a_table_begins_at_its_head_and_ends_at_its_last_row() -> None:
    text = "Text.\n\n| a | b |\n|:--|--:|\n| 1 | 2 |\n| 3 | 4 |\n\nText."
    (table,) = outline_of(text).tables
    assert text[table.start : table.rows] == "| a | b |\n|:--|--:|\n"
    assert text[table.rows : table.end] == "| 1 | 2 |\n| 3 | 4 |\n"


@pytest.mark.parametrize("text", ["```\n| a |\n|---|\n```", "|---|---|\n| 1 | 2 |", "a\n|---|\n"])
def test_what_has_no_head_is_no_table(text: str) -> None:
    assert outline_of(text).tables == []
