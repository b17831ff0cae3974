"""Spreadsheets of Excel (.xlsx, .xlsm, .xlsb, .xls): a heading and a page for each sheet, rows as tables.

calamine gives the cells, with the last computed values of formulas.
"""

import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from semantic_assets.parsing.office import marks
from semantic_assets.parsing.office.package import Package
from semantic_assets.parsing.office.xml import texts_of
from semantic_assets.parsing.records import MAX_TEXT_BYTES, Unreadable
from semantic_assets.parsing.text import ReadDocument

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

_Cell = int | float | str | bool | time | date | datetime | timedelta
_Row = list[str]
#: Beyond 2^53 a float no longer tells neighbouring integers apart.
_MAX_EXACT = 2.0**53


def read_sheets(data: bytes, package: Package | None = None) -> ReadDocument:
    """Return the text of all sheets, hidden ones too; `package` gives properties and comments."""
    from python_calamine import CalamineError, PasswordError, load_workbook

    try:
        book = load_workbook(io.BytesIO(data))
    except PasswordError as error:
        raise Unreadable("it has a password: remove it, then put it back") from error
    except (CalamineError, OSError, ValueError) as error:
        raise _damaged(error) from error
    title, metadata = package.properties() if package else (None, {})
    comments = _comments(package) if package else {}
    faults: list[str] = []
    texts = list(_sheets(book, comments, faults))
    if texts and len(faults) == len(texts):
        raise Unreadable(faults[0])
    remarks = [*faults[:5], *([package.remark] if package and package.remark else [])]
    return marks.join_pages(texts, title, metadata, "; ".join(remarks) or None)


def _sheets(
    book: "CalamineWorkbook", comments: dict[str, list[str]], faults: list[str]
) -> Iterator[str]:
    from python_calamine import CalamineError, SheetTypeEnum, SheetVisibleEnum

    total = 0
    for sheet in book.sheets_metadata:
        text = ""
        if sheet.typ == SheetTypeEnum.WorkSheet:
            try:
                rows = (
                    list(map(_shown, row)) for row in book.get_sheet_by_name(sheet.name).iter_rows()
                )
                text = sheet_text(rows, MAX_TEXT_BYTES - total)
            except (CalamineError, OSError, ValueError) as error:
                faults.append(f"sheet '{sheet.name[:50]}': {_damaged(error)}")
        total += len(text)
        blocks = [text, *comments.get(sheet.name, [])]
        if any(blocks) and sheet.visible != SheetVisibleEnum.Visible:
            blocks.insert(0, "(This sheet is hidden.)")
        shown = "\n\n".join(filter(None, blocks))
        yield f"{marks.heading(2, sheet.name)}\n\n{shown}" if shown else ""


def _damaged(error: Exception) -> Unreadable:
    what = " ".join(str(error).split())[:200]
    return Unreadable(f"it is damaged as a spreadsheet ({what}): open it and save it again")


def _shown(value: _Cell) -> str:
    """Return a value as a person would write it: 3 and not 3.0, dates without midnight."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        is_whole = value == value // 1 and abs(value) < _MAX_EXACT
        return str(int(value)) if is_whole else f"{value:.15g}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    return str(value)


def sheet_text(rows: Iterator[_Row], limit: int) -> str:
    """Return the tables of a sheet; a line of one cell above a table is a paragraph."""
    parts: list[str] = []
    for block in _tables(_bounded(rows, limit)):
        wide = max(map(_filled, block))
        while block and wide > 1 and _filled(block[0]) == 1:
            parts.append(marks.paragraph("".join(block.pop(0))))
        parts.append(marks.table(block))
    return "\n\n".join(filter(None, parts))


def _bounded(rows: Iterator[_Row], limit: int) -> Iterator[_Row]:
    size = 0
    for row in rows:
        size += sum(map(len, row))
        if size > limit:
            raise Unreadable(
                f"its text is over {MAX_TEXT_BYTES >> 20} MB: split it, or save its sheets as .csv"
            )
        yield row


def _tables(rows: Iterator[_Row]) -> Iterator[list[_Row]]:
    """Yield the tables of a sheet: one begins after an empty row, in other columns, with names."""
    table: list[_Row] = []
    columns: set[int] = set()
    was_empty = False
    for row in rows:
        filled = {place for place, cell in enumerate(row) if cell.strip()}
        if filled and table and was_empty and filled != columns and _are_names(row):
            yield table
            table = []
        if filled:
            if not table or _filled(table[-1]) == 1:
                columns = filled
            table.append(row)
        was_empty = not filled
    if table:
        yield table


def _filled(row: Sequence[str]) -> int:
    return sum(1 for cell in row if cell.strip())


def _are_names(row: Sequence[str]) -> bool:
    return not any(cell[:1].isdigit() or cell[:1] == "-" for cell in row)


def _comments(package: Package) -> dict[str, list[str]]:
    """Return the comments on cells, by the name of their sheet."""
    main = package.related("", "officeDocument")
    name = main[0] if main else "xl/workbook.xml"
    root = package.optional_xml(name) if name.endswith(".xml") else None
    relations = package.relations(name) if root is not None else {}
    found: dict[str, list[str]] = {}
    for sheet in () if root is None else root.iter("x.sheet"):
        relation = relations.get(sheet.get("r.id", ""))
        for part in package.related(relation.target, "comments") if relation else ():
            found.setdefault(sheet.get("name", ""), []).extend(_cell_comments(package, part))
    return found


def _cell_comments(package: Package, part: str) -> Iterator[str]:
    root = package.optional_xml(part)
    for one in () if root is None else root.iter("x.comment"):
        if text := marks.one_line("".join(texts_of(one, "x.t"))):
            yield f"> Comment on {one.get('ref', '')[:20]}: {text}"
