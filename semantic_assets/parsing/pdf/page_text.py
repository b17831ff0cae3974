"""One page of a PDF: its text, and whether it is a picture that should be text."""

import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from semantic_assets.parsing.pdf.reading_order import in_reading_order
from semantic_assets.parsing.pdf.vertical import CJK, right_to_left, widen_columns

if TYPE_CHECKING:
    from pypdfium2 import PdfObject, PdfPage

#: NUL and the non-character stand for glyphs without a Unicode value.
_JUNK = re.compile("[\x00\x0c\uffff]")
#: PDFium's own marks for a hyphen at the end of a line, by version; the line break is lost there.
_HYPHEN = re.compile("\ufffe|(?<=[^\\W\\d_])\x02(?=[^\\W_])")
_LIGATURES = str.maketrans(
    {"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl"}
    | dict.fromkeys("\ufb05\ufb06", "st")
)
#: A page of so few characters may be a scan with a stamp.
STAMP_CHARS = 200
_MOST_OBJECTS = 5000
#: The share of the page that a picture covers if it is the page.
_STAMPED_SHARE, _EMPTY_SHARE = 0.7, 0.25
#: So many strokes draw letters.
_DRAWN_STROKES = 300


class Page(NamedTuple):
    """A page as read; `cover` is the share that pictures cover, told only of one with few words."""

    text: str
    cover: float = 0.0


def read_page(page: "PdfPage") -> Page:
    """Return the text in reading order, and what pictures cover if there is hardly any."""
    text = _layer(page)
    if (not text or CJK.search(text)) and widen_columns(page):
        text = _layer(page)
    return Page(text, _cover(page) if len(text) < STAMP_CHARS else 0.0)


def is_picture(cover: float, text: str) -> bool:
    """Return whether a page of this cover and text is one that only OCR can read."""
    return len(text) < STAMP_CHARS and cover >= (_STAMPED_SHARE if text else _EMPTY_SHARE)


def _layer(page: "PdfPage") -> str:
    layer = page.get_textpage()
    try:
        text = str(layer.get_text_bounded()).replace("\r\n", "\n").replace("\r", "\n")
        if page.get_rotation() == 0:
            text = right_to_left(layer, text) or in_reading_order(layer, text) or text
    finally:
        layer.close()
    return _HYPHEN.sub("-\n", _JUNK.sub("", text)).translate(_LIGATURES).strip()


def _cover(page: "PdfPage") -> float:
    from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE, FPDF_PAGEOBJ_PATH

    width, height = page.get_size()
    area, strokes = 0.0, 0
    outer: PdfObject | None = None
    for found in islice(page.get_objects(), _MOST_OBJECTS):
        outer = found if found.level == 0 else outer
        strokes += found.type == FPDF_PAGEOBJ_PATH
        if found.type == FPDF_PAGEOBJ_IMAGE and outer is not None:
            left, bottom, right, top = outer.get_bounds()
            area += min(right - left, width) * min(top - bottom, height)
            outer = None if found.level else outer
    share = area / (width * height) if width * height else 0.0
    return max(share, _EMPTY_SHARE if strokes >= _DRAWN_STROKES else 0.0)
