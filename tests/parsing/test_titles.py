import pytest

from semantic_assets.parsing.titles import MAX_TITLE_CHARS, own_title

JUNK = [
    *("untitled", "UNTITLED", "Untitled Document", "Untitled-1", "(untitled)", "no title", "title"),
    *(
        "Sans titre",
        "Namenlos 1",
        "Без имени",
        "无标题文档",
        "New Microsoft Word Document",
        "Document",
    ),
    *(
        "Document1",
        "Document 2",
        "Presentation1",
        "Sheet1",
        "Slide 1",
        "Слайд 3",
        "Book1",
        "IMG_0042",
    ),
    *("IMG_20240101_1234", "scan0001", "untitled document (3)", "PowerPoint Presentation", "none"),
    *("Microsoft Word - minutes.doc", "Microsoft Word - Minutes of the May meeting"),
    *("minutes_v3.docx", "Annual report 2020.doc", "ch-04_Valves.indd", "main.dvi", "untitled.pdf"),
    *("1984", "2.1", "---", ".", "", "\U0001f680"),
    *("https://a.example/b", "file:///C:/x", "C:\\Users\\x\\y z.doc", "/home/x/y.tex"),
    *("d41d8cd98f00b204e9800998ecf8427e", "123e4567-e89b-12d3-a456-426614174000"),
    *("![logo](a.png)", "[![build](a.svg)](b)", "[](x)", '<img src="a.png">', "<!-- note -->"),
]
TITLES = {
    "[![ci](https://a/b.svg)](https://a) **Pumpctl** ![v](https://a/v.svg)": "Pumpctl",
    "The `list<T>` type": "The list<T> type",
    "Map<Key, Value>": "Map<Key, Value>",
    "snake_case_name and a*b*c": "snake_case_name and a*b*c",
    "*Very* __good__ ~~old~~": "Very good old",
    "Intro {#intro}": "Intro",
    "Setup {: .no_toc }": "Setup",
    "[Pump][1] guide[^2]": "Pump guide",
    "[[Page|Shown]]": "Shown",
    '<a name="top"></a>Top': "Top",
    "AT&amp;T \\_x": "AT&T _x",
    ":rocket: Launch": "Launch",
    "Pu\u00admp\u200bs \u00e0 la\n Cre\u0301mone": "Pumps \u00e0 la Cr\u00e9mone",
}
KEPT = [
    *(
        "Node.js",
        "package.json",
        "C",
        "Title IX",
        "Catch-22",
        "Fahrenheit 451",
        "Photo 51",
        "Note 7",
    ),
    *("Document management", "New York", "Page layout", "Books", "2024 report", "[1.2.0] Changes"),
    *(
        "Image processing",
        "Deadbeef",
        "What is a .doc",
        "使用说明",
        "Word - Part of speech",
        "TODO",
    ),
]


@pytest.mark.parametrize("text", JUNK)
def test_what_a_program_filled_in_is_no_title(text):
    assert own_title(text) is None


@pytest.mark.parametrize("text", TITLES)
def test_title_is_one_line_without_markup(text):
    assert own_title(text) == TITLES[text]


@pytest.mark.parametrize("text", KEPT)
def test_title_that_only_resembles_such_is_kept(text):
    assert own_title(text) == text


def test_long_title_is_cut():
    assert own_title("word " * 1_000) == ("word " * 1_000)[:MAX_TITLE_CHARS].rstrip()
