"""RTF: characters of every kind, tables, lists, notes."""

import pytest

from tests.parsing.conftest import Read

_FONTS = r"{\fonttbl{\f0\fcharset0 Times;}{\f1\fcharset204 Times CYR;}{\f2\fcharset128 Mincho;}}"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (r"One\par Two", "One\n\nTwo"),
        (r"Stra\'dfe", "Straße"),
        (r"{\f1 \'cf\'f0\'e8\'e2\'e5\'f2} and \'e9", "Привет and é"),
        (r"{\f2 \'83A\'83\'42}", "アィ"),
        (r"\uc1 K\u246 ?ln \u-10179 ?\u-8704 ?", "Köln 😀"),
        (r"\uc2\u246 \'f6\'f6x", "öx"),
        (r"{\uc0\u246}x", "öx"),
        (r"a\~b\_c\-d \{\\\}", "a\xa0b\u2011cd {\\}"),
        ("a\r\nb\nc", "abc"),
        (r"1\line 2\tab 3", "1\n2 3"),
        (r"{\b bold} {\*\unknown secret}end", "bold end"),
        (r"shown {\v hidden}{\deleted gone}end", "shown end"),
        (r"10{\super 6} 1{\super st}", "10^6 1st"),
        (r"{\field{\*\fldinst HYPERLINK x}{\fldrslt the link}}", "the link"),
        (r"{\header Each page}{\pict 0102030405}Body", "Body"),
        (r"\pard\outlinelevel1 Firing\par\pard text", "## Firing\n\ntext"),
        (r"Text{\super\chftn}{\footnote\pard foot} on", "Text[^1] on\n\n[^1]: foot"),
        (r"Text{\*\annotation Is it so?} on", "Text on\n\n> Comment: Is it so?"),
        (r"{\shp{\*\shpinst{\sp{\sn a}{\sv 1}}{\shptxt box\par}}}Body", "Body\n\nbox"),
        (
            r"\pard\ls1{\listtext 1.\tab}one\par\pard\ls1\ilvl1{\listtext\'b7}two\par",
            "1. one\n  - two",
        ),
        (
            r"\trowd\pard\intbl Part\cell Limit\cell\row\trowd\pard\intbl Pump\par two\cell"
            r"\pard\intbl 9 A\cell\row\pard After\par",
            "| Part | Limit |\n| --- | --- |\n| Pump two | 9 A |\n\nAfter",
        ),
        (r"a{\bin4 }}{{b}c", "abc"),
    ],
)
def test_text_is_read_as_it_is_shown(read: Read, body: str, expected: str):
    [record] = read("a.rtf", rf"{{\rtf1\ansi\ansicpg1252\deff0{_FONTS}{body}}}")
    assert record.text == expected


def test_code_page_of_the_file_holds_for_unknown_fonts(read: Read):
    [record] = read("a.rtf", r"{\rtf1\ansi\ansicpg1251\deff0 \'cf\'f0\'e8\'e2\'e5\'f2}")
    assert record.text == "Привет"


def test_style_with_a_level_makes_headings(read: Read):
    styles = r"{\stylesheet{\s0 Normal;}{\s4\outlinelevel2 heading 3;}}"
    [record] = read("a.rtf", rf"{{\rtf1\ansi{styles}\pard\s4 Firing\par\pard\s0 text}}")
    assert record.text == "### Firing\n\ntext"


def test_title_and_author_come_from_the_properties(read: Read):
    info = r"{\info{\title Kiln guide}{\author Ann}{\creatim\yr2024}}"
    [record] = read("a.rtf", rf"{{\rtf1\ansi{info}Body}}")
    assert (record.title, record.text, record.metadata) == ("Kiln guide", "Body", {"author": "Ann"})


def test_file_cut_short_gives_what_is_there(read: Read):
    [record] = read("a.rtf", r"{\rtf1\ansi{\b One\par Two")
    assert record.text == "One\n\nTwo"
