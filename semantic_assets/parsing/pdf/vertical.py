"""Vertical writing of East Asia: columns from right to left, which PDFium gives from left to right."""

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pypdfium2 import PdfPage, PdfTextPage

CJK = re.compile("[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]")
#: A column's letters move sideways by less than this part of what they move down.
_SLANT = 0.1
_LEAST_CHARS = 3
#: Two columns of one tier share so much of the lower one's height.
_OVERLAP = 0.5
_THIN = 0.01


class _Line(NamedTuple):
    text: str
    x: float
    top: float
    bottom: float

    @property
    def is_vertical(self) -> bool:
        return self.top > self.bottom


def widen_columns(page: "PdfPage") -> bool:
    """Give columns of no width a little; return whether there were any.

    PDFium leaves out text without width, as vertical writing in a font that is not in the file has.
    """
    from pypdfium2.raw import FPDF_PAGEOBJ_TEXT, FPDFPageObj_Transform

    thin = []
    for found in page.get_objects(filter=[FPDF_PAGEOBJ_TEXT]):
        left, bottom, right, top = found.get_bounds()
        if right - left < _THIN < top - bottom:
            thin.append(found)
    for found in thin:
        FPDFPageObj_Transform(found, 1, 0, _THIN, 1, 0, 0)
    return bool(thin)


def right_to_left(layer: "PdfTextPage", text: str) -> str | None:
    """Return the text with its vertical columns in their order; None if it has no two of them."""
    if not CJK.search(text):
        return None
    lines = _lines(layer)
    if sum(line.is_vertical for line in lines) < 2:
        return None
    ordered: list[str] = []
    columns: list[_Line] = []
    for line in lines:
        if line.is_vertical:
            columns.append(line)
            continue
        ordered += [*_by_tier(columns), line.text]
        columns = []
    return "\n".join([*ordered, *_by_tier(columns)])


def _by_tier(columns: list[_Line]) -> list[str]:
    """Return the texts of columns tier by tier from the top, in each from right to left."""
    tiers: list[list[_Line]] = []
    for column in sorted(columns, key=lambda one: -one.top):
        first = tiers[-1][0] if tiers else None
        shared = min(column.top, first.top) - max(column.bottom, first.bottom) if first else 0.0
        if first is None or shared < _OVERLAP * (column.top - column.bottom):
            tiers.append([])
        tiers[-1].append(column)
    return [one.text for tier in tiers for one in sorted(tier, key=lambda one: -one.x)]


def _lines(layer: "PdfTextPage") -> list[_Line]:
    """Return PDFium's lines with their places; one that is not a column has no height."""
    text = str(layer.get_text_range(errors="replace"))
    lines: list[_Line] = []
    start = 0
    for line in text.split("\r\n"):
        if line.strip():
            lines.append(_placed(layer, line, start))
        start += len(line) + 2
    return lines


def _placed(layer: "PdfTextPage", line: str, start: int) -> _Line:
    from ctypes import c_double

    from pypdfium2.raw import FPDFText_GetCharIndexFromTextIndex, FPDFText_GetCharOrigin

    places = []
    solid = [n for n, letter in enumerate(line) if not letter.isspace()]
    for place in (solid[0], solid[-1]):
        x, y = c_double(), c_double()
        index = FPDFText_GetCharIndexFromTextIndex(layer, start + place)
        FPDFText_GetCharOrigin(layer, index, x, y)
        places.append((x.value, y.value))
    (left, top), (right, bottom) = places
    is_column = top - bottom > 0 and abs(right - left) <= _SLANT * (top - bottom)
    is_column = is_column and len(solid) >= _LEAST_CHARS and CJK.search(line) is not None
    return _Line(line, left, top, bottom if is_column else top)
