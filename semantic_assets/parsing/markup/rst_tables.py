"""Tables of reStructuredText: grids, simple ones, lists of lists, and CSV."""

import csv
import re
from collections import deque
from collections.abc import Sequence

from semantic_assets.parsing.markup.marked import table as table

_GRID = re.compile(r"\+[-=+]+\+")
_GRID_RULE = re.compile(r"[+|][-=+]{2,}[+|]")
_SIMPLE = re.compile(r"=+(?: +=+)+")
_SPAN = re.compile(r"-+(?: +-+)*")
_COLUMN = re.compile(r"=+")
_ROW = re.compile(r"\*[ ]+-(?:[ ](.*))?")
_CELL = re.compile(r"[ ]{1,8}-(?:[ ](.*))?")
#: A table of more is no table a person has drawn.
_MAX_COLUMNS = 200


def begins(line: str, following: str) -> bool:
    """Return whether a table begins with this line."""
    if line.startswith("+"):
        return _GRID.fullmatch(line) is not None and following.lstrip().startswith(("|", "+"))
    return line.startswith("=") and bool(following) and _SIMPLE.fullmatch(line) is not None


def take(lines: deque[str]) -> list[str]:
    """Take a table's lines: to a blank one, or of a simple table to its last rule."""
    taken: list[str] = [lines.popleft()]
    if taken[0].lstrip().startswith("+"):
        while lines and lines[0].lstrip().startswith(("|", "+")):
            taken.append(lines.popleft())
        return taken
    while lines:
        line = lines.popleft()
        taken.append(line)
        if _SIMPLE.fullmatch(line.strip()) and (not lines or not lines[0]):
            break
    return taken


def rows_of(lines: Sequence[str]) -> list[list[str]]:
    """Return the rows of a drawn table."""
    return _grid_rows(lines) if lines[0].startswith("+") else _simple_rows(lines)


def list_rows(content: Sequence[str], _options: object = None) -> list[list[str]]:
    """Return the rows of a list of lists."""
    rows: list[list[str]] = []
    for line in content:
        if found := _ROW.fullmatch(line):
            rows.append([found[1] or ""])
        elif rows and (found := _CELL.fullmatch(line)):
            rows[-1].append(found[1] or "")
        elif rows and line.strip():
            rows[-1][-1] += " " + line.strip()
    return rows


def csv_rows(content: Sequence[str], options: dict[str, str]) -> list[list[str]]:
    """Return the rows of a table in CSV; a row that is none is kept as one cell."""
    delimiter = {"tab": "\t", "space": " "}.get(options.get("delim", ""), options.get("delim", ","))
    lines = [line for line in [options.get("header", ""), *content] if line.strip()]
    try:
        found = csv.reader(lines, delimiter=delimiter[:1] or ",", skipinitialspace=True)
        return [row for row in found if row]
    except csv.Error:
        return [[line] for line in lines]


def _grid_rows(lines: Sequence[str]) -> list[list[str]]:
    """Return the rows between the rules; cells that span rows or columns keep their text."""
    rows: list[list[str]] = []
    edges = [place for place, sign in enumerate(lines[0]) if sign == "+"][: _MAX_COLUMNS + 1]
    fresh = True
    for line in lines:
        if _GRID_RULE.match(line):
            fresh = True
            continue
        cells = _cells_between(line, edges)
        if fresh:
            rows.append(cells)
        else:
            rows[-1] = [f"{old} {new}".strip() for old, new in zip(rows[-1], cells, strict=True)]
        fresh = False
    return rows


def _cells_between(line: str, edges: list[int]) -> list[str]:
    """Return a cell for each column; one that goes over an edge is in the first of its columns."""
    cells: list[str] = [""] * (len(edges) - 1)
    first = 0
    for column in range(1, len(edges)):
        end = edges[column]
        if column == len(edges) - 1 or line[end : end + 1] in ("|", "+", ""):
            cells[first] = line[edges[first] + 1 : end].strip()
            first = column
    return cells


def _simple_rows(lines: Sequence[str]) -> list[list[str]]:
    starts = [found.start() for found in _COLUMN.finditer(lines[0])][:_MAX_COLUMNS]
    ends: list[int | None] = [*starts[1:], None]
    rows: list[list[str]] = []
    for line in lines:
        if not line or _SIMPLE.fullmatch(line) or _SPAN.fullmatch(line):
            continue
        cells = [line[start:end].strip() for start, end in zip(starts, ends, strict=True)]
        if cells[0] or not rows:
            rows.append(cells)
        else:  # without a first cell it goes on with the row above
            rows[-1] = [f"{old} {new}".strip() for old, new in zip(rows[-1], cells, strict=True)]
    return rows
