"""Pieces of lines on a page of a PDF: what stands together without a wide gap, with its place."""

from ctypes import byref, c_double
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pypdfium2 import PdfTextPage

#: In letter heights: a gap wider than a blank between words.
_GAP = 0.9
#: In points: the least width of a column, and the height of letters whose run has next to none.
_COLUMN, _LEAST_HEIGHT = 60.0, 6.0
#: Two pieces of one row share so much of the lower one's height.
_SAME_ROW = 0.5


class Segment(NamedTuple):
    """A piece of a line without a wide gap."""

    text: str
    left: float
    bottom: float
    right: float
    top: float


Row = list[Segment]
#: Left, bottom, right and top.
_Box = tuple[float, float, float, float]


def crossings(layer: "PdfTextPage") -> int:
    """Return how many rows leave one gutter free between long pieces of text.

    A look at PDFium's runs of text costs a small part of a look at every letter.
    """
    gaps: list[tuple[float, float]] = []
    row: list[_Box] = []
    for box in _runs(layer):
        last = row[-1] if row else None
        if last is None or box[1] >= last[3] or last[1] >= box[3] or box[0] < last[0]:
            gaps += _wide_gaps(row)
            row = []
        row.append(box)
    return _most_at_one_place([*gaps, *_wide_gaps(row)])


def _runs(layer: "PdfTextPage") -> "Iterator[_Box]":
    from pypdfium2.raw import FPDFText_GetRect

    left, top, right, bottom = c_double(), c_double(), c_double(), c_double()
    box = byref(left), byref(top), byref(right), byref(bottom)
    for number in range(layer.count_rects()):
        FPDFText_GetRect(layer, number, *box)
        yield left.value, bottom.value, right.value, top.value


def _wide_gaps(row: list[_Box]) -> list[tuple[float, float]]:
    """Return the gaps in a row of runs that have room for a column on both sides."""
    if len(row) < 2:
        return []
    first, last = row[0][0], row[-1][2]
    return [
        (one[2], other[0])
        for one, other in pairwise(row)
        if other[0] - one[2] > _GAP * max(_LEAST_HEIGHT, one[3] - one[1], other[3] - other[1])
        and one[2] - first >= _COLUMN <= last - other[0]
    ]


def _most_at_one_place(gaps: list[tuple[float, float]]) -> int:
    """Return how many of the gaps have a place in common."""
    turns = sorted((place, step) for gap in gaps for place, step in zip(gap, (1, -1), strict=True))
    return max(accumulate(step for _, step in turns), default=0)


def rows_of(layer: "PdfTextPage") -> list[Row]:
    """Return the pieces of text in PDFium's order, row by row."""
    rows: list[Row] = []
    for segment in _segments(layer):
        last = rows[-1][-1] if rows else None
        if last is not None and segment.left >= last.right and _shares_row(last, segment):
            rows[-1].append(segment)
        else:
            rows.append([segment])
    return rows


def _shares_row(first: Segment, second: Segment) -> bool:
    shared = min(first.top, second.top) - max(first.bottom, second.bottom)
    return shared > _SAME_ROW * min(first.top - first.bottom, second.top - second.bottom)


def _segments(layer: "PdfTextPage") -> list[Segment]:
    from pypdfium2.raw import FPDFText_GetCharBox, FPDFText_GetUnicode

    left, right, bottom, top = c_double(), c_double(), c_double(), c_double()
    box = byref(left), byref(right), byref(bottom), byref(top)
    pieces = _Pieces()
    for index in range(layer.count_chars()):
        code = FPDFText_GetUnicode(layer, index)
        if code in (0x0D, 0x0A):
            pieces.finish()
        elif code in (0x20, 0xA0, 0x09):
            pieces.blank()
        elif code:
            FPDFText_GetCharBox(layer, index, *box)
            pieces.add(chr(code), left.value, bottom.value, right.value, top.value)
    pieces.finish()
    return pieces.found


class _Pieces:
    """Collects letters until one stands elsewhere."""

    def __init__(self) -> None:
        self.found: list[Segment] = []
        self._letters: list[str] = []
        self._is_blank = False
        self._left = self._bottom = self._right = self._top = self._height = 0.0

    def blank(self) -> None:
        self._is_blank = bool(self._letters)

    def add(self, letter: str, left: float, bottom: float, right: float, top: float) -> None:
        if self._letters and self._is_elsewhere(left, bottom, top):
            self.finish()
        if not self._letters:
            self._left, self._bottom, self._right, self._top = left, bottom, right, top
            self._height = top - bottom
        if self._is_blank:
            self._letters.append(" ")
        self._is_blank = False
        self._letters.append(letter)
        self._right = max(self._right, right)
        self._bottom, self._top = min(self._bottom, bottom), max(self._top, top)
        self._height = max(self._height, top - bottom)

    def _is_elsewhere(self, left: float, bottom: float, top: float) -> bool:
        middle = (bottom + top) / 2
        is_apart = left - self._right > _GAP * self._height or left < self._left
        return is_apart or not self._bottom - self._height < middle < self._top + self._height

    def finish(self) -> None:
        if self._letters:
            text = "".join(self._letters)
            self.found.append(Segment(text, self._left, self._bottom, self._right, self._top))
        self._letters, self._is_blank = [], False
