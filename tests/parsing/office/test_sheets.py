"""Workbooks: a heading and a page a sheet, rows as tables."""

import pytest

from tests.parsing.conftest import Read
from tests.parsing.office.build import opendocument, relations, xlsx


def _text(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def _number(place: str, value: str, style: int = 0) -> str:
    return f'<c r="{place}" s="{style}"><v>{value}</v></c>'


def _sheet(*rows: tuple[int, str], after: str = "") -> str:
    inner = "".join(f'<row r="{number}">{cells}</row>' for number, cells in rows)
    return f"<sheetData>{inner}</sheetData>{after}"


def test_rows_are_a_table_and_empty_ones_are_trimmed(read: Read):
    sheet = _sheet(
        (3, '<c r="B3" t="s"><v>0</v></c>' + _text("D3", "Limit")),
        (4, _text("B4", "Pump") + _number("D4", "9")),
    )
    [record] = read("a.xlsx", xlsx({"Limits": sheet}, shared=("<t>Part</t>",)))
    assert record.text == "## Limits\n\n| Part | Limit |\n| --- | --- |\n| Pump | 9 |"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (_number("B2", "3"), "3"),
        (_number("B2", "0.30000000000000004"), "0.3"),
        (_number("B2", "1e21"), "1e+21"),
        (_number("B2", "45000", 1), "2023-03-15"),
        (_number("B2", "45000.5", 1), "2023-03-15 12:00:00"),
        ('<c r="B2" t="b"><v>1</v></c>', "TRUE"),
        ('<c r="B2"><f>1+1</f><v>2</v></c>', "2"),
        ('<c r="B2" t="str"><f>A1</f><v>word</v></c>', "word"),
        ('<c r="B2" t="inlineStr"><is><r><t>ri</t></r><r><t>ch</t></r></is></c>', "rich"),
    ],
)
def test_values_are_as_a_person_writes_them(read: Read, cell: str, expected: str):
    sheet = _sheet((1, _text("A1", "Name") + _text("B1", "Value")), (2, _text("A2", "x") + cell))
    [record] = read("a.xlsx", xlsx({"S": sheet}, formats={200: "yyyy-mm-dd"}))
    assert record.text.endswith(f"| x | {expected} |")


def test_dates_may_begin_in_1904(read: Read):
    sheet = _sheet((1, _text("A1", "Day") + _number("B1", "1000", 1)), (2, _text("A2", "x")))
    book = xlsx({"S": sheet}, formats={200: "yyyy-mm-dd"}, is_1904=True)
    assert "1906-09-27" in read("a.xlsx", book)[0].text


def test_hidden_sheet_is_kept_and_said_and_each_sheet_is_a_page(read: Read):
    one = _sheet((1, _text("A1", "one") + _text("B1", "x")))
    two = _sheet((1, _text("A1", "two") + _text("B1", "x")))
    [record] = read("a.xlsx", xlsx({"One": one, "Empty": _sheet(), "Two": two}, hidden=("Two",)))
    assert "## Two\n\n(This sheet is hidden.)\n\n| two | x |" in record.text
    assert [record.text[at : at + 6] for at in record.pages] == ["## One", "## Two", "## Two"]


def test_line_above_a_table_is_no_head(read: Read):
    sheet = _sheet(
        (1, _text("A1", "Limits of 2024")),
        (2, _text("A2", "Part") + _text("B2", "Limit")),
        (3, _text("A3", "Pump") + _number("B3", "9")),
    )
    [record] = read("a.xlsx", xlsx({"S": sheet}))
    assert record.text.startswith("## S\n\nLimits of 2024\n\n| Part | Limit |\n| --- |")


def test_second_table_has_its_own_head_and_a_spacer_makes_none(read: Read):
    sheet = _sheet(
        (1, _text("A1", "Part") + _text("B1", "Limit")),
        (2, _text("A2", "Pump") + _number("B2", "9")),
        (4, _text("A4", "Motor") + _text("B4", "none")),
        (6, _text("A6", "Day") + _text("B6", "Rain") + _text("C6", "Wind")),
        (7, _text("A7", "1") + _number("B7", "2") + _number("C7", "3")),
    )
    [record] = read("a.xlsx", xlsx({"S": sheet}))
    first, second = record.text.split("\n\n")[1:]
    assert first.split("\n")[-1] == "| Motor | none |"
    assert second.split("\n")[0] == "| Day | Rain | Wind |"


def test_comments_on_cells_are_kept(read: Read):
    comments = (
        '<comments xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><commentList>'
        '<comment ref="B4"><text><r><t>Measured </t></r><r><t>twice</t></r></text></comment>'
        "</commentList></comments>"
    )
    parts = {
        "xl/worksheets/_rels/s1.xml.rels": relations({"r": ("comments", "../comments1.xml")}),
        "xl/comments1.xml": comments,
    }
    sheet = _sheet((1, _text("A1", "a") + _text("B1", "b")))
    [record] = read("a.xlsx", xlsx({"S": sheet}, parts=parts))
    assert record.text.endswith("> Comment on B4: Measured twice")


def test_damaged_sheet_costs_that_sheet_and_it_is_said(read: Read):
    good = _sheet((1, _text("A1", "one") + _text("B1", "x")))
    [record] = read("a.xlsx", xlsx({"Good": good, "Bad": "<sheetData><row><c></sheet"}))
    assert (record.parse_status, "| one | x |" in record.text) == ("ok", True)
    assert record.parse_error.startswith("sheet 'Bad': it is damaged")


def test_name_of_a_sheet_is_a_title_that_is_shown_only(read: Read):
    sheet = _sheet((1, _text("A1", "one") + _text("B1", "x")))
    [record] = read("a.xlsx", xlsx({"Limits": sheet}))
    assert (record.title, record.is_title_shown_only) == ("Limits", True)


def test_open_spreadsheet_is_shown_with_dates_as_in_the_file(read: Read):
    def cell(text: str, more: str = "") -> str:
        return f"<table:table-cell {more}><text:p>{text}</text:p></table:table-cell>"

    rows = (
        cell("Part") + "<table:table-cell/>" + cell("Share") + cell("Day"),
        cell("Pump")
        + "<table:table-cell/>"
        + cell("25 %", 'office:value="0.25"')
        + cell("1. Mai", 'office:date-value="2024-05-01"'),
        '<table:table-cell table:number-columns-repeated="16384"/>',
    )
    lines = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    table = f'<table:table table:name="S" table:style-name="ta2">{lines}</table:table>'
    style = '<style:style style:name="ta2"><style:table-properties table:display="false"/></style:style>'
    [record] = read("a.ods", opendocument("spreadsheet", table, styles=style))
    rows_shown = "| Part | Share | Day |\n| --- | --- | --- |\n| Pump | 25 % | 2024-05-01 |"
    assert record.text == f"## S\n\n(This sheet is hidden.)\n\n{rows_shown}"
