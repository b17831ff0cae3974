import pytest


@pytest.mark.parametrize("name", ["notes.txt", "notes.txt.gz"])
def test_plain_text_is_named_after_its_file(read, tmp_path, name):
    [record] = read(name, "# not a heading\nbody")
    assert (record.title, record.record_id, record.mime) == ("notes", None, "text/plain")
    assert record.text == "# not a heading\nbody"
    assert record.bytes == (tmp_path / name).stat().st_size
    assert (record.pages, record.metadata, record.parse_error) == ((), {}, None)


def test_newlines_become_lf_and_only_the_ends_are_stripped(read):
    [record] = read("a.txt", "\n  one \r\n\r\n\r\n two\rthree  x\u2028y\t\n\n")
    assert record.text == "one \n\n\n two\nthree  x\u2028y"


def test_document_of_white_space_fails(read):
    [record] = read("a.txt", " \n\t\n")
    assert record.parse_error == "document has no text"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("intro\n\n## Second level ##\n\n# First", "Second level"),
        ("```sh\n# comment\n```\n# Real", "Real"),
        ("~~~\n```\n# comment\n~~~\n# Real", "Real"),
        ("Underlined\n====\n\n# Later", "Underlined"),
        ("#hashtag\n\nno heading", "manual"),
        ("#\n# Named", "Named"),
    ],
)
def test_markdown_title_is_its_first_heading(read, text, title):
    [record] = read("manual.md", text)
    assert (record.title, record.text, record.mime) == (title, text, "text/markdown")


def test_front_matter_gives_title_and_metadata_and_leaves_the_text(read):
    front = (
        "---\ntitle: 'Pump: manual'\nauthor: Ada\ntags:\n  - a\n- b\n# note\n\ndraft: true\n---\n"
    )
    [record] = read("a.md", front + "\n# Heading\n\nBody")
    assert record.title == "Pump: manual"
    assert record.metadata == {"author": "Ada", "draft": "true"}
    assert record.text == "# Heading\n\nBody"


@pytest.mark.parametrize(
    "text",
    [
        "---\nProse between two rules, no key.\n---\nBody",
        "---\nkey: value\nProse as well\n---\nBody",
        "---\ntitle: never closed\n\nBody",
    ],
)
def test_rules_around_prose_are_no_front_matter(read, text):
    [record] = read("a.md", text)
    assert (record.text, record.metadata) == (text, {})


def test_title_after_a_file_name_is_one_line(read):
    assert read("two\n lines.txt", "text")[0].title == "two lines"
