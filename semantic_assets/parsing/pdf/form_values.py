"""What people wrote on a page beside its text: form values, text boxes and notes."""

import re
from ctypes import c_ushort
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pypdfium2 import PdfDocument, PdfPage

#: Notes on text, text boxes, stamps and drawings; a link's contents only say where it leads.
_NOTES = frozenset((1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17))
_WIDGET = 20
#: Kinds of form fields: marked, chosen, written.
_MARKED, _CHOSEN, _WRITTEN = frozenset((2, 3)), frozenset((4, 5)), 6
_PASSWORD = 1 << 13
#: Names that programs give: "Text1", "f1_01[0]", "undefined_2", "topmostSubform[0].Page1[0]".
_MADE_NAME = re.compile(
    r"(?i)[\W\d_]*|[a-z]{1,2}[\W\d_]*|(?:(?:text|check ?box|combo ?box|list ?box|radio ?button|group|field"
    r"|feld|champ|campo|untitled|undefined|fill|toggle|button|option|dropdown)[\W\d_]*){1,3}"
)
_INDEX = re.compile(r"\[\d{1,6}\]")
_WORD_STARTS = re.compile(r"(?<=[a-z])(?=[A-Z])|_")
_TAGS = re.compile(r"<[^<>]{0,1000}>")
_MOST_MARKS = 5000
_MOST_CHARS = 1 << 16


class Written(NamedTuple):
    """A value or note, with the name of its field."""

    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}: {self.value}" if self.name else self.value


def written_on(document: "PdfDocument", page: "PdfPage") -> "Iterator[Written]":
    """Yield what was filled in or noted on a page, in the order of the file."""
    from pypdfium2 import raw

    for number in range(min(raw.FPDFPage_GetAnnotCount(page), _MOST_MARKS)):
        mark = raw.FPDFPage_GetAnnot(page, number)
        if not mark:
            continue
        try:
            written = _written(document, mark)
        finally:
            raw.FPDFPage_CloseAnnot(mark)
        if written is not None and written.value:
            yield written


def _written(document: "PdfDocument", mark: Any) -> Written | None:
    from pypdfium2 import raw

    kind = raw.FPDFAnnot_GetSubtype(mark)
    if kind in _NOTES:
        return Written("", _note(mark))
    if kind != _WIDGET or document.formenv is None:
        return None
    form = document.formenv
    value = _value(form, mark)
    return Written(_name(form, mark), value) if value else None


def _note(mark: Any) -> str:
    from pypdfium2 import raw

    plain = _text(lambda *to: raw.FPDFAnnot_GetStringValue(mark, b"Contents", *to))
    return plain or " ".join(
        _TAGS.sub(" ", _text(lambda *to: raw.FPDFAnnot_GetStringValue(mark, b"RC", *to))).split()
    )


def _value(form: Any, mark: Any) -> str:
    from pypdfium2 import raw

    kind = raw.FPDFAnnot_GetFormFieldType(form, mark)
    if kind in _MARKED:
        if not raw.FPDFAnnot_IsChecked(form, mark):
            return ""
        return _text(lambda *to: raw.FPDFAnnot_GetFormFieldExportValue(form, mark, *to)) or "x"
    if kind in _CHOSEN and (chosen := _chosen(form, mark)):
        return ", ".join(chosen)
    is_secret = raw.FPDFAnnot_GetFormFieldFlags(form, mark) & _PASSWORD
    if kind not in _CHOSEN and (kind != _WRITTEN or is_secret):
        return ""
    return _text(lambda *to: raw.FPDFAnnot_GetFormFieldValue(form, mark, *to))


def _chosen(form: Any, mark: Any) -> list[str]:
    """Return the labels of what was chosen: a value may be a code."""
    from pypdfium2 import raw

    count = min(raw.FPDFAnnot_GetOptionCount(form, mark), _MOST_MARKS)
    places = [n for n in range(count) if raw.FPDFAnnot_IsOptionSelected(form, mark, n)]
    return [
        _text(lambda *to, n=place: raw.FPDFAnnot_GetOptionLabel(form, mark, n, *to))
        for place in places
    ]


def _name(form: Any, mark: Any) -> str:
    """Return what a field is called to people; "" if only a program named it."""
    from pypdfium2 import raw

    shown = _text(lambda *to: raw.FPDFAnnot_GetFormFieldAlternateName(form, mark, *to))
    full = _text(lambda *to: raw.FPDFAnnot_GetFormFieldName(form, mark, *to))
    name = shown or _WORD_STARTS.sub(" ", _INDEX.sub("", full).rsplit(".", 1)[-1])
    name = " ".join(name.split()).rstrip(":")
    return "" if _MADE_NAME.fullmatch(name) else name


def _text(fill: "Callable[..., int]") -> str:
    """Return the text that a function of PDFium writes into a buffer, by its size in bytes."""
    size = min(fill(None, 0), 2 * _MOST_CHARS)
    if size <= 2:
        return ""
    buffer = (c_ushort * (size // 2 + 1))()
    fill(buffer, size)
    text = bytes(buffer)[:size].decode("utf-16-le", "ignore")
    return text.replace("\r\n", "\n").replace("\r", "\n").strip("\0 \n")
