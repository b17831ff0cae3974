"""Vertical writing of East Asia: columns from right to left, which PDFium gives from left to right."""

import re
from collections.abc import Iterable, Iterator
from ctypes import byref, c_double
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pypdfium2 import PdfPage, PdfTextPage

CJK = re.compile("[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]")
#: In font sizes: how far a letter may stand beside its column, and below the one before it.
_BESIDE, _BELOW = 0.8, 6.0
#: In font sizes: less is the same height.
_LEVEL = 0.2
_LEAST_CHARS, _SAMPLE = 3, 60
#: Two columns of one tier share so much of the lower one's height.
_OVERLAP = 0.5
_THIN = 0.01


class _Letter(NamedTuple):
    text: str
    x: float
    y: float
    size: float


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
    """Return the text of a page in vertical writing, its columns in order; None: it is not."""
    if not CJK.search(text) or not _is_vertical(layer):
        return None
    ordered: list[str] = []
    columns: list[list[_Letter]] = []
    for run in _runs(_letters(layer, 0, layer.count_chars())):
        if _is_column(run):
            columns.append(run)
        else:
            ordered += [*_by_tier(columns), _text(run)]
            columns = []
    return "\n".join([*ordered, *_by_tier(columns)])


def _is_vertical(layer: "PdfTextPage") -> bool:
    """Return whether the letters in the middle of a page stand below each other."""
    start = max(layer.count_chars() - _SAMPLE, 0) // 2
    letters = list(_letters(layer, start, min(_SAMPLE, layer.count_chars())))
    below = sum(_stands_below(one, other) for one, other in pairwise(letters))
    return below * 2 >= len(letters) >= _LEAST_CHARS


def _stands_below(one: _Letter, other: _Letter) -> bool:
    is_lower = _LEVEL * one.size < one.y - other.y < _BELOW * one.size
    return is_lower and abs(one.x - other.x) <= _BESIDE * one.size


def _letters(layer: "PdfTextPage", start: int, count: int) -> Iterator[_Letter]:
    from pypdfium2.raw import FPDFText_GetCharOrigin, FPDFText_GetFontSize, FPDFText_GetUnicode

    x, y = c_double(), c_double()
    for index in range(start, start + count):
        code = FPDFText_GetUnicode(layer, index)
        if code > ord(" "):
            FPDFText_GetCharOrigin(layer, index, byref(x), byref(y))
            yield _Letter(chr(code), x.value, y.value, FPDFText_GetFontSize(layer, index))


def _runs(letters: Iterable[_Letter]) -> list[list[_Letter]]:
    """Return the letters in runs: down a column, or along a line."""
    runs: list[list[_Letter]] = []
    for letter in letters:
        last = runs[-1][-1] if runs else None
        is_along = last is not None and abs(last.y - letter.y) <= _LEVEL * letter.size
        if last is not None and (
            _stands_below(last, letter) if _is_column(runs[-1]) or not is_along else True
        ):
            runs[-1].append(letter)
        else:
            runs.append([letter])
    return runs


def _is_column(run: list[_Letter]) -> bool:
    return len(run) > 1 and _stands_below(run[0], run[1])


def _by_tier(columns: list[list[_Letter]]) -> list[str]:
    """Return the texts of columns tier by tier from the top, in each from right to left."""
    tiers: list[list[list[_Letter]]] = []
    for column in sorted(columns, key=lambda run: -run[0].y):
        if not tiers or _shared_height(tiers[-1][0], column) < _OVERLAP:
            tiers.append([])
        tiers[-1].append(column)
    return [_text(run) for tier in tiers for run in sorted(tier, key=lambda run: -run[0].x)]


def _shared_height(first: list[_Letter], second: list[_Letter]) -> float:
    """Return the share of the second column's height that is beside the first."""
    shared = min(first[0].y, second[0].y) - max(first[-1].y, second[-1].y)
    return shared / (second[0].y - second[-1].y)


def _text(run: list[_Letter]) -> str:
    return "".join(letter.text for letter in run)
