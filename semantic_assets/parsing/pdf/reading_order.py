"""Columns of prose whose lines PDFium reads across: each is put behind the one to its left.

Only such columns change the order of PDFium: lines that fill their column and go on in the next
line of it. The cells of a table do neither.
"""

import re
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from semantic_assets.parsing.pdf.pieces import Row, crossings, rows_of

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

#: In points: what all lines leave free between two columns.
_GUTTER = 4.0
_LEAST_ROWS, _MOST_ROWS = 3, 400
#: Of a column's lines: words, the share of the width, the share that goes on in the next.
_WORDS, _FILL, _FLOW = 2.5, 0.7, 0.35
_LETTERS = 0.6
#: Columns are halved at a gutter, and the halves again, so many times.
_MOST_GUTTERS = 3
#: In line distances: more than this is a blank line.
_BLANK_LINE = 1.4
_ENDS = (".", "!", "?", ":", "。", "\uff01", "\uff1f")
_HYPHENS = ("-", "\u00ad", "\u2010", "\x02", "\ufffe")
#: In writing from right to left a column begins elsewhere.
_LEFTWARD = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe]")


class _Region(NamedTuple):
    """Consecutive rows on both sides of a gutter."""

    end: int
    crossed: int
    left: list[Row]
    right: list[Row]


def in_reading_order(layer: "PdfTextPage", text: str) -> str | None:
    """Return the text column by column if PDFium reads it across columns of prose, else None."""
    if _LEFTWARD.search(text) or crossings(layer) < _LEAST_ROWS:
        return None
    rows = rows_of(layer)
    if len(rows) > _MOST_ROWS:
        return None
    ordered = _ordered(rows)
    return None if ordered is None else "\n".join(map(_line, ordered))


def _ordered(rows: list[Row], depth: int = 0) -> list[Row] | None:
    """Return the rows with those of columns split and moved; None if there are no columns."""
    ordered: list[Row] = []
    is_changed, start = False, 0
    while start < len(rows):
        end, columns = _columns_at(rows, start, depth)
        ordered += columns or rows[start:end]
        is_changed |= columns is not None
        start = end
    return ordered if is_changed else None


def _columns_at(rows: list[Row], start: int, depth: int) -> tuple[int, list[Row] | None]:
    """Return where the columns end that begin at a row, and their rows; None: there are none."""
    places = range(1, len(rows[start])) if depth < _MOST_GUTTERS else ()
    regions = [_region(rows, start, place) for place in places]
    likely = [one for one in regions if one.crossed >= _LEAST_ROWS]
    for region in sorted(likely, key=lambda one: -one.crossed):
        if not (_has_words(region.left) and _has_words(region.right)):
            continue
        left, right = (_ordered(side, depth + 1) or side for side in (region.left, region.right))
        if _is_prose(left) and _is_prose(right):
            return region.end, _block_by_block(region, left, right)
    # What follows in the same rows is the same table.
    return max((one.end for one in likely), default=start + 1), None


def _region(rows: list[Row], start: int, place: int) -> _Region:
    """Return the rows from `start` on that leave a gutter free before the piece at `place`."""
    low, high = rows[start][place - 1].right, rows[start][place].left
    left: list[Row] = []
    right: list[Row] = []
    crossed, end = 0, start
    for row in rows[start:]:
        before = [piece for piece in row if piece.left + piece.right < low + high]
        after = row[len(before) :]
        new_low = max([low, *(piece.right for piece in before)])
        new_high = min([high, *(piece.left for piece in after)])
        is_below = end == start or row[0].top <= rows[end - 1][0].top
        if new_high - new_low < _GUTTER or not is_below:
            break
        low, high, end = new_low, new_high, end + 1
        crossed += bool(before and after)
        left += [before] if before else []
        right += [after] if after else []
    return _Region(end, crossed, left, right)


def _block_by_block(region: _Region, left: list[Row], right: list[Row]) -> list[Row]:
    """Return both columns, in parts where a blank line goes through both behind whole sentences.

    The rows of a table may be such parts: its cells stay with those beside them.
    """
    lines = _distinct_heights([*left, *right])
    gaps = list(pairwise(lines))
    usual = median(upper - lower for upper, lower in gaps)
    edges = [(a + b) / 2 for a, b in gaps if a - b > _BLANK_LINE * usual]
    edges = [edge for edge in edges if _ends_above(left, edge) and _ends_above(right, edge)]
    bounds = [float("inf"), *edges, float("-inf")]
    ordered: list[Row] = []
    for upper, lower in pairwise(bounds):
        for side in (left, right):
            ordered += [row for row in side if lower < _base(row) <= upper]
    return ordered


def _distinct_heights(rows: list[Row]) -> list[float]:
    """Return the heights of lines from the top; letters below the line make no other height."""
    distinct: list[float] = []
    for row in sorted(rows, key=_base, reverse=True):
        height = row[0].top - row[0].bottom
        if not distinct or distinct[-1] - _base(row) > height / 2:
            distinct.append(_base(row))
    return distinct


def _ends_above(rows: list[Row], edge: float) -> bool:
    """Return whether the last line above a height ends a sentence."""
    above = [row for row in rows if _base(row) > edge]
    return not above or _line(min(above, key=_base)).endswith(_ENDS)


def _has_words(rows: list[Row]) -> bool:
    """Return whether the lines of a column are mostly words."""
    lines = [_line(row) for row in rows]
    letters = sum(letter.isalpha() for line in lines for letter in line)
    solid = sum(len(line) - line.count(" ") for line in lines)
    words = sum(max(line.count(" ") + 1, len(line) / 8) for line in lines)
    return len(rows) >= _LEAST_ROWS and words >= _WORDS * len(rows) and letters >= _LETTERS * solid


def _is_prose(rows: list[Row]) -> bool:
    """Return whether the lines of a column are sentences that go on from line to line."""
    lines = [_line(row) for row in rows]
    flowing = sum(map(_goes_on, lines, lines[1:]))
    is_flowing = flowing >= _FLOW * (len(lines) - 1) and _fill(rows) >= _FILL
    return is_flowing and _has_words(rows)


def _fill(rows: list[Row]) -> float:
    """Return the share of its column's width that a line usually has."""
    width = max(row[-1].right for row in rows) - min(row[0].left for row in rows)
    return median((row[-1].right - row[0].left) / width for row in rows) if width else 0.0


def _goes_on(line: str, following: str) -> bool:
    first = following[0]
    is_inner = first.isalpha() and first == first.lower()
    return line.endswith(_HYPHENS) or (is_inner and not line.endswith(_ENDS))


def _line(row: Row) -> str:
    return " ".join(piece.text for piece in row)


def _base(row: Row) -> float:
    return row[0].bottom
