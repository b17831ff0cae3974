"""PDF: the text layer, page by page. Scanned pages need OCR, which is not done here."""

import re
import threading
from typing import TYPE_CHECKING

from semantic_assets.parsing.encoding import check_signature
from semantic_assets.parsing.records import Unreadable, Untranscribed
from semantic_assets.parsing.text import ReadDocument

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

#: PDFium keeps global state: two threads inside it, even on two documents, crash the process.
_PDFIUM = threading.Lock()
_PASSWORD_ERROR = 4  # FPDF_ERR_PASSWORD
_LOOKED_AT = 10
#: NUL and the non-characters stand for glyphs without a Unicode value.
_JUNK = re.compile("[\x00\x0c\uffff]")
#: PDFium's own marks for a hyphen at the end of a line, by version; the line break is lost there.
_HYPHEN = re.compile("[\x02\ufffe]")


def read_pdf(data: bytes) -> ReadDocument:
    """Return the page texts joined by blank lines, with the offset of each page."""
    # Imported late: loading PDFium takes longer than reading a corpus without PDFs.
    import pypdfium2

    if b"%PDF-" not in data[:1024]:
        check_signature(data)
        raise Unreadable("content does not match the file name, it is not a PDF")
    with _PDFIUM:
        try:
            # The bytes and not the stream: an error while PDFium calls back is lost in C.
            with pypdfium2.PdfDocument(data) as document:
                title = document.get_metadata_value("Title").strip("\0 ") or None
                texts = [_page_text(document, number) for number in range(len(document))]
                scanned = 0 if any(texts) else _scanned_pages(document)
        except pypdfium2.PdfiumError as error:
            raise _unreadable(error) from error
    text, pages = _join(texts)
    if scanned:
        raise Untranscribed(
            "PDF is scanned, its pages are pictures without text: set transcribe = true in "
            "dataset.toml, or run OCR on it",
            len(texts),
        )
    if not text:
        raise Unreadable("PDF has no text layer: run OCR on it first")
    return ReadDocument(text, title, None, pages)


def _page_text(document: "PdfDocument", number: int) -> str:
    page = document[number]
    try:
        layer = page.get_textpage()
        try:
            text = str(layer.get_text_bounded())
        finally:
            layer.close()
    finally:
        page.close()
    text = _JUNK.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _HYPHEN.sub("-", text).strip()


def _scanned_pages(document: "PdfDocument") -> int:
    """Return how many of the first pages hold a picture."""
    from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

    pages = range(min(len(document), _LOOKED_AT))
    return sum(any(document[n].get_objects(filter=[FPDF_PAGEOBJ_IMAGE])) for n in pages)


def _join(texts: list[str]) -> tuple[str, tuple[int, ...]]:
    """Return the whole text and where each page begins; an empty one begins where the next does."""
    offsets: list[int] = []
    position = 0
    for text in texts:
        offsets.append(position)
        position += len(text) + 2 if text else 0
    whole = "\n\n".join(text for text in texts if text)
    return whole, tuple(min(offset, len(whole)) for offset in offsets)


def _unreadable(error: "Exception") -> Unreadable:
    if getattr(error, "err_code", None) == _PASSWORD_ERROR:
        return Unreadable("PDF is encrypted: remove its password, then put it back")
    return Unreadable(f"PDF is damaged: {error}")
