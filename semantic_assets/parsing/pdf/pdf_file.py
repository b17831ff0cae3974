"""Reads a PDF: all pages under one lock, then what can only be told from all of them."""

import logging
import threading
from typing import TYPE_CHECKING, NamedTuple

from semantic_assets.parsing.encoding import check_signature
from semantic_assets.parsing.pdf.form_values import Written, written_on
from semantic_assets.parsing.pdf.hyphens import join_broken_words, join_pages, words_of
from semantic_assets.parsing.pdf.noise import judged
from semantic_assets.parsing.pdf.page_text import Page, is_picture, read_page
from semantic_assets.parsing.pdf.pdf_remark import Left, remark_on
from semantic_assets.parsing.pdf.repeated import without_repeated_lines
from semantic_assets.parsing.pdf.title_field import is_foreign, title_of
from semantic_assets.parsing.pdf.xfa import xfa_values
from semantic_assets.parsing.records import Unreadable, Untranscribed
from semantic_assets.parsing.text import ReadDocument

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

#: PDFium keeps global state: two threads inside it, even on two documents, crash the process.
_PDFIUM = threading.Lock()
_PASSWORD_ERROR = 4  # FPDF_ERR_PASSWORD
#: The number of header and footer lines left out, in the metadata of a document.
LEFT_OUT = "repeated_lines_left_out"
#: So many pages have a cover.
_LEAST_PAGES = 4
_REMEDY = "set transcribe = true in dataset.toml, or run OCR on it"


class _Content(NamedTuple):
    """What PDFium gives of a file; a page of None is damaged."""

    title: str | None
    pages: list[Page | None]
    written: list[list[Written]]
    #: What was filled into an XFA form; None: it is none.
    xfa: list[Written] | None
    attached: list[str]


def read_pdf(data: bytes) -> ReadDocument:
    """Return the page texts joined by blank lines, with the offset of each page.

    Raises:
        Unreadable: it is no PDF, is encrypted, or no page of it has text.
    """
    # Imported late: loading PDFium takes longer than reading a corpus without PDFs.
    import pypdfium2

    if b"%PDF-" not in data[:1024]:
        check_signature(data)
        raise Unreadable("content does not match the file name, it is not a PDF")
    with _PDFIUM:
        try:
            # The bytes and not the stream: an error while PDFium calls back is lost in C.
            with pypdfium2.PdfDocument(data) as document:
                content = _content(document)
        except pypdfium2.PdfiumError as error:
            raise _unreadable(error) from error
    return _document(content)


def _content(document: "PdfDocument") -> _Content:
    xfa = xfa_values(document)
    logging.getLogger("pypdfium2").setLevel(logging.ERROR)  # it asks for a build that draws XFA
    document.init_forms()
    made_by = tuple(document.get_metadata_value(key) for key in ("Producer", "Creator"))
    title = title_of(document.get_metadata_value("Title"), made_by)
    pages: list[Page | None] = []
    written: list[list[Written]] = []
    for number in range(len(document)):
        page, notes = _page(document, number)
        pages.append(page)
        written.append(notes)
    return _Content(title, pages, written, xfa, _attached(document))


def _page(document: "PdfDocument", number: int) -> tuple[Page | None, list[Written]]:
    from pypdfium2 import PdfiumError

    try:
        page = document[number]
        try:
            return read_page(page), list(written_on(document, page))
        finally:
            page.close()
    except PdfiumError:
        return None, []


def _attached(document: "PdfDocument") -> list[str]:
    names: list[str] = []
    for number in range(document.count_attachments()):
        names.append(" ".join(document.get_attachment(number).get_name().split()) or "unnamed")
    return names


def _document(content: _Content) -> ReadDocument:
    texts = [page.text if page else "" for page in content.pages]
    is_placeholder = content.xfa is not None and len(texts) == 1 and not any(content.written)
    if is_placeholder:
        texts = [""]
    pages = [judged(text) for text in texts]
    noise = [number for number, page in enumerate(pages) if page.is_noise]
    texts = [page.words for page in pages]
    scans = {
        n for n, page in enumerate(content.pages) if page and is_picture(page.cover, page.text)
    }
    texts, left_out = without_repeated_lines(texts, scans)
    left = _left(content, texts, noise, is_placeholder=is_placeholder)
    text, offsets = _join(_with_written(_whole_words(texts), content))
    if not text:
        raise _without_text(left, content)
    metadata = {LEFT_OUT: str(left_out)} if left_out else None
    shown_only = content.title is not None and is_foreign(content.title, text)
    return ReadDocument(text, content.title, metadata, offsets, remark_on(left), shown_only)


def _left(content: _Content, texts: list[str], noise: list[int], *, is_placeholder: bool) -> Left:
    """Return what of the pages is not in their texts."""
    pages = list(enumerate(zip(content.pages, texts, content.written, strict=True), 1))
    pictures = [
        number
        for number, (page, text, written) in pages
        if page and not written and number - 1 not in noise and is_picture(page.cover, text)
    ]
    if len(pictures) == 1 and len(pages) >= _LEAST_PAGES and _is_cover(pictures[0], texts):
        pictures = []
    broken = [number for number, (page, _, _) in pages if page is None]
    return Left(
        [] if is_placeholder else pictures,
        [number + 1 for number in noise],
        broken,
        content.attached,
        is_placeholder,
    )


def _is_cover(number: int, texts: list[str]) -> bool:
    """Return whether a picture with words is the first or last page of a text."""
    return (
        number in (1, len(texts)) and bool(texts[number - 1]) and texts.count("") < len(texts) / 2
    )


def _whole_words(texts: list[str]) -> list[str]:
    words = words_of(texts)
    return join_pages([join_broken_words(text, words) for text in texts], words)


def _with_written(texts: list[str], content: _Content) -> list[str]:
    """Return the pages with form values and notes below their text, each once."""
    said: set[Written] = set()
    pages: list[str] = []
    written = [*content.written]
    if content.xfa and not any(written):
        written[:1] = [content.xfa]
    for text, values in zip(texts, written, strict=True):
        flat = " ".join(text.split())
        lines = [text] if text else []
        for one in values:
            is_quote = not one.name and " ".join(one.value.split()) in flat
            if one not in said and not is_quote:
                lines.append(str(one))
            said.add(one)
        pages.append("\n".join(lines))
    return pages


def _join(texts: list[str]) -> tuple[str, tuple[int, ...]]:
    """Return the whole text and where each page begins; an empty one begins where the next does."""
    offsets: list[int] = []
    position = 0
    for text in texts:
        offsets.append(position)
        position += len(text) + 2 if text else 0
    whole = "\n\n".join(text for text in texts if text)
    return whole, tuple(min(offset, len(whole)) for offset in offsets)


def _without_text(left: Left, content: _Content) -> Unreadable:
    """Return the error of a PDF without text."""
    if left.is_xfa:
        reason = "PDF is an XFA form without filled-in values: print it to PDF, then put that back"
        return Unreadable(reason)
    if left.noise:
        reason = f"PDF has no readable text, as its fonts do not name their letters: {_REMEDY}"
        return Untranscribed(reason, len(content.pages))
    if left.pictures:
        reason = f"PDF is scanned, its pages are pictures without text: {_REMEDY}"
        return Untranscribed(reason, len(content.pages))
    if left.broken:
        return Unreadable("PDF is damaged: none of its pages can be read; get an undamaged copy")
    if content.attached:
        return Unreadable(f"PDF has no text of its own: {remark_on(left)}")
    return Unreadable("PDF has no text layer: run OCR on it first")


def _unreadable(error: "Exception") -> Unreadable:
    if getattr(error, "err_code", None) == _PASSWORD_ERROR:
        return Unreadable("PDF is encrypted: remove its password, then put it back")
    return Unreadable(f"PDF is damaged: {error}")
