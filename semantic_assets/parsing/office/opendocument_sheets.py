"""OpenDocument spreadsheets (.ods): a heading and a page for each sheet, cells as they are shown."""

from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

from semantic_assets.parsing.office import marks
from semantic_assets.parsing.office.opendocument_text import line_of
from semantic_assets.parsing.office.sheets import sheet_text
from semantic_assets.parsing.records import MAX_TEXT_BYTES

#: A sheet with styled cells to its end repeats the last one a thousand times, and so a row.
_MAX_REPEATED = 1000
_ROWS = frozenset(("table.table-row-group", "table.table-header-rows", "table.table-rows"))
_CELLS = frozenset(("table.table-cell", "table.covered-table-cell"))


def sheets_of(body: Element, hidden: frozenset[str]) -> list[str]:
    """Return the text of each sheet, hidden ones too."""
    texts: list[str] = []
    left = MAX_TEXT_BYTES
    for sheet in body.iter("table.table"):
        text = sheet_text((_cells(row, _shown) for row in _rows(sheet)), left)
        comments = [comment for cell in sheet.iter("office.annotation") for comment in _said(cell)]
        blocks = [text, *comments]
        if any(blocks) and sheet.get("table.style-name") in hidden:
            blocks.insert(0, "(This sheet is hidden.)")
        shown = "\n\n".join(filter(None, blocks))
        left -= len(shown)
        texts.append(f"{marks.heading(2, sheet.get('table.name', ''))}\n\n{shown}" if shown else "")
    return texts


def _rows(parent: Element) -> Iterator[Element]:
    for element in parent:
        if element.tag == "table.table-row":
            is_filled = any(cell.find("text.p") is not None for cell in element)
            yield from [element] * (repeated(element, "rows") if is_filled else 1)
        elif element.tag in _ROWS:
            yield from _rows(element)


def _cells(row: Element, write: Callable[[Element], str]) -> list[str]:
    cells: list[str] = []
    for cell in row:
        if cell.tag in _CELLS:
            cells += [write(cell)] * repeated(cell, "columns")
    return cells


def repeated(element: Element, what: str) -> int:
    """Return how often a row or cell stands there, within bounds."""
    times = element.get(f"table.number-{what}-repeated", "1")
    return min(int(times), _MAX_REPEATED) if times.isdecimal() else 1


def _shown(cell: Element) -> str:
    """Return a cell; a date as in the file, because how it is shown differs by language."""
    date = cell.get("office.date-value")
    if date:
        return date.replace("T", " ").removesuffix(" 00:00:00")
    return " ".join(line_of(one, []).text for one in cell.findall("text.p"))


def _said(comment: Element) -> Iterator[str]:
    text = marks.one_line(" ".join(line_of(one, []).text for one in comment.iter("text.p")))
    if text:
        yield f"> Comment: {text}"
