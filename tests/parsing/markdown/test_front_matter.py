"""Front matter of each kind leaves the text and gives title and metadata."""

import pytest

BODY = "\n\nOpen the valve slowly.\n"
FRONT = {
    '+++\ntitle = "Valve guide"\ndraft = false\ndate = 2024-05-06\n[menu]\nmain = ["a", 2]\n+++': {
        "draft": "false",
        "date": "2024-05-06",
        "menu": '{"main": ["a", 2]}',
    },
    "---\ntitle: >-\n  Valve\n  guide\ntags: [a, b]\nauthor:\n  name: Ada\n---": {
        "tags": '["a", "b"]',
        "author": '{"name": "Ada"}',
    },
    "---\nTitle: |\n  Valve guide\ndate: 2024-05-06 # a comment\n\n# another\nversion: 1.10\n...": {
        "date": "2024-05-06",
        "version": "1.10",
    },
    "---\r\ntitle: \"Valve \\u0067uide\"\r\nsays: 'it''s'\r\n---": {"says": "it's"},
    '{\n  "title": "Valve guide",\n  "tags": ["a"]\n}': {"tags": '["a"]'},
    "% Valve\n  guide\n% Ada; Bob\n% May 2024": {"author": "Ada; Bob", "date": "May 2024"},
    "Title: Valve guide\nAuthor: Ada": {"Author": "Ada"},
    "---\ntitle: '**Valve** [guide](x)'\nbase: &a x\nagain: *a\n---": {
        "base": "&a x",
        "again": "*a",
    },
}


@pytest.mark.parametrize("front", FRONT)
def test_front_matter_gives_title_and_metadata(read, front):
    [record] = read("a.md", front + BODY)
    assert (record.title, record.text) == ("Valve guide", BODY.strip())
    assert (record.metadata, record.is_title_shown_only) == (FRONT[front], False)


def test_title_with_an_unquoted_colon_is_read(read):
    [record] = read("a.md", "---\ntitle: Valves: a guide\nauthor: Ada\n---" + BODY)
    assert (record.title, record.metadata) == ("Valves: a guide", {"author": "Ada"})


def test_title_that_is_none_stays_metadata(read):
    [record] = read("a.md", "---\ntitle: untitled\n---\n# Valves\n\nText")
    assert (record.title, record.metadata) == ("Valves", {"title": "untitled"})


def test_empty_front_matter_leaves_the_text(read):
    assert read("a.md", "---\n---" + BODY)[0].text == BODY.strip()


@pytest.mark.parametrize(
    "text",
    [
        "---\n\nProse after a rule.\n\n---\nMore",
        "---\n# Heading\n---\nText",
        "---\n- a\n- list\n---\nText",
        '{"a": 1}\n\nis an object.',
        "Title: of a book\n\nis a line.",
        "% of what? 3\nText",
        "+++\nnot TOML\n+++\nText",
        "Title: alone\nand prose\n\nText",
    ],
)
def test_what_is_no_front_matter_stays_in_the_text(read, text):
    [record] = read("a.md", text)
    assert (record.text, record.metadata) == (text, {})


@pytest.mark.parametrize(
    "front",
    [
        "---\na: " + "[" * 20_000 + "\n---\n",
        "---\na: &a [x, x]\n"
        + "".join(f"b{n}: &b{n} [*b{n - 1}, *b{n - 1}]\n" for n in range(1, 40))
        + "---\n",
        '{"title": ' + "[" * 60_000,
        "+++\na = " + "[" * 20_000 + "\n+++\n",
        "---\n" + "a: b\n" * 100_000 + "---\n",
    ],
)
def test_hostile_front_matter_is_read_in_time(read, front):
    [record] = read("a.md", front + "Text")
    assert record.parse_status == "ok"
