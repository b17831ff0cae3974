"""Tables that programs export as Excel 2003 XML, mostly named .xls."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from semantic_assets.parsing.office import marks
from semantic_assets.parsing.office.xml import parse_xml
from semantic_assets.parsing.records import Unreadable
from semantic_assets.parsing.text import ReadDocument

_MAX_COLUMNS = 16_384


def read_flat_xml(data: bytes) -> ReadDocument:
    """Return the sheets of a workbook in one XML file."""
    root = parse_xml(data, "the file itself")
    if root.tag != "ss.Workbook":
        raise Unreadable("it is XML of no office format that is read: save it as .docx or .xlsx")
    texts = []
    for sheet in root.iter("ss.Worksheet"):
        text = marks.table(list(_cells(row)) for row in sheet.iter("ss.Row"))
        texts.append(f"{marks.heading(2, sheet.get('ss.Name', ''))}\n\n{text}" if text else "")
    return marks.join_pages(texts, None)


def _cells(row: Element) -> Iterator[str]:
    """Yield the cells of a row; one may say its column, and those before it are empty."""
    place = 1
    for cell in row.iter("ss.Cell"):
        index = cell.get("ss.Index", "")
        wanted = min(int(index), _MAX_COLUMNS) if index.isdecimal() else place
        yield from [""] * (wanted - place)
        place = max(wanted, place) + 1
        data = cell.find("ss.Data")
        yield "" if data is None else "".join(data.itertext())
