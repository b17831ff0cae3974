"""Tables of AsciiDoc: cells behind bars, their number in a row by `cols` or by the first line."""

import csv
import re
from collections.abc import Iterator, Sequence

_CELL = re.compile(
    r"(?:(?<!\S)(?:(\d{1,3})(?:\.\d{1,3})?[+*]|\.\d{1,3}\+)?[<^>.]{0,3}[adehlmsv]?)?(?<!\\)\|"
)
_COLS = re.compile(r"cols=(?:\"([^\"]{0,1000})\"|'([^']{0,1000})'|([^,\s]{1,100}))")
_TIMES = re.compile(r"(\d{1,3})\*")
_FORMAT = re.compile(r"format=\"?(\w{1,10})")
_MAX_COLUMNS = 200


def rows_of(delimiter: str, lines: Sequence[str], block: Sequence[str]) -> list[list[str]]:
    """Return the rows of a table; `block` are the attributes in brackets above it."""
    above = ",".join(block)
    form = _FORMAT.search(above)
    if delimiter[0] in ",:" or (form and form[1] in ("csv", "dsv", "tsv")):
        kind = form[1] if form else {",": "csv", ":": "dsv"}[delimiter[0]]
        return _separated(lines, {"dsv": ":", "tsv": "\t"}.get(kind, ","))
    bar = delimiter[0]
    texts = [line.replace(bar, "|") if bar == "!" else line for line in lines]
    width = _columns_of(above) or _first_width(texts)
    return _grouped(list(_cells(texts)), min(max(width, 1), _MAX_COLUMNS))


def _separated(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader([*filter(None, lines)], delimiter=delimiter) if row]
    except csv.Error:
        return [[line] for line in lines if line]


def _columns_of(above: str) -> int:
    found = _COLS.search(above)
    parts = (found[1] or found[2] or found[3] or "").replace(";", ",").split(",") if found else []
    times = [_TIMES.match(part.strip()) for part in parts]
    return sum(int(one[1]) if one else 1 for one in times)


def _first_width(lines: Sequence[str]) -> int:
    first = next((line for line in lines if "|" in line), "")
    return len(_CELL.findall(first))


def _cells(lines: Sequence[str]) -> Iterator[str]:
    """Yield the cells; a line without a bar goes on with the cell above."""
    held: list[str] = []
    times = 0
    for line in lines:
        start = 0
        for found in _CELL.finditer(line):
            held.append(line[start : found.start()])
            yield from ["\n".join(held).strip()] * times
            held, start = [], found.end()
            times = _repeats(found)
        held.append(line[start:])
    yield from ["\n".join(held).strip()] * times


def _repeats(found: re.Match[str]) -> int:
    """Return how many columns a cell takes: one over several leaves the others empty of itself."""
    return min(int(found[1]), 20) if found[1] and "*" in found[0] else 1


def _grouped(cells: list[str], width: int) -> list[list[str]]:
    cells = [cell.replace("\\|", "|") for cell in cells]
    return [cells[start : start + width] for start in range(0, len(cells), width)]
