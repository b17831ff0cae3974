"""EPUB: the chapters in their reading order, each a page, read as HTML; the navigation is left out."""

import posixpath
import re
from xml.etree.ElementTree import Element

from semantic_assets.parsing.html.page import read_whole_html
from semantic_assets.parsing.office import marks
from semantic_assets.parsing.office.package import Package, dublin_core, resolved
from semantic_assets.parsing.records import Unreadable
from semantic_assets.parsing.text import ReadDocument

#: Empty in XML, but to an HTML parser a start whose end never comes.
_EMPTY_TAG = re.compile(
    rb"<(title|script|style|textarea|iframe|a|b|i|em|strong|span|div|p|td|th|li)(\s[^<>]{0,1000})?/>"
)
_CHAPTERS = frozenset(("application/xhtml+xml", "text/html", "application/x-dtbook+xml"))


def read_epub(package: Package) -> ReadDocument:
    """Return the book's chapters, titled by its own title."""
    root = package.xml("META-INF/container.xml")
    name = next((one.get("full-path", "") for one in root.iter("container.rootfile")), "")
    book = package.xml(name)
    _check_rights(package)
    title, metadata = dublin_core(book)
    language = next(book.iter("dc.language"), None)
    if language is not None and language.text:
        metadata["language"] = language.text.strip()
    texts = [_chapter(package, part) for part in _spine(book, posixpath.dirname(name))]
    return marks.join_pages(texts, title, metadata, package.remark)


def _spine(book: Element, folder: str) -> list[str]:
    """Return the names of the chapters in their order."""
    items = {one.get("id", ""): one for one in book.iter("opf.item")}
    order = [items[name] for one in book.iter("opf.itemref") if (name := one.get("idref")) in items]
    return [
        resolved(folder, one.get("href", ""))
        for one in order
        if "nav" not in (one.get("properties") or "").split()
        and one.get("media-type", "text/html") in _CHAPTERS
    ]


def _chapter(package: Package, part: str) -> str:
    data = package.read(part)
    if data is None:
        package.remark_that(f"chapter {part[:100]} is missing: get the book again")
        return ""
    try:
        return read_whole_html(_EMPTY_TAG.sub(rb"<\1\2></\1>", data)).text if data.strip() else ""
    except Unreadable as error:
        package.remark_that(f"chapter {part[:100]}: {error}")
        return ""


def _check_rights(package: Package) -> None:
    """Raise Unreadable if chapters are encrypted; fonts alone may be."""
    root = package.optional_xml("META-INF/encryption.xml")
    locked = (
        [] if root is None else [one.get("URI", "") for one in root.iter("enc.CipherReference")]
    )
    if any(name.lower().endswith((".xhtml", ".html", ".htm", ".xml")) for name in locked):
        raise Unreadable("it is encrypted (DRM): put a copy without it here")
