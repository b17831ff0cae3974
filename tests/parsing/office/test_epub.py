"""Books: chapters in their reading order, each a page."""

from tests.parsing.conftest import Read
from tests.parsing.office.build import package

_LONG = "The kiln is fired slowly. " * 12


def _book(chapters: dict[str, str], *, order: str, rights: str = "", properties: str = "") -> bytes:
    items = "".join(
        f'<item id="{name}" href="text/{name}.xhtml" media-type="application/xhtml+xml"'
        f" {properties if name == 'nav' else ''}/>"
        for name in chapters
    )
    spine = "".join(f'<itemref idref="{name}"/>' for name in order)
    spine = "".join(f'<itemref idref="{name}"/>' for name in order.split())
    book = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<metadata><dc:title>Kiln book</dc:title><dc:creator>Ann</dc:creator>"
        "<dc:creator>Bo</dc:creator><dc:language>en</dc:language></metadata>"
        f"<manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
    )
    parts = {"mimetype": "application/epub+zip", "META-INF/container.xml": container}
    if rights:
        parts["META-INF/encryption.xml"] = (
            '<encryption><CipherReference xmlns="http://www.w3.org/2001/04/xmlenc#"'
            f' URI="{rights}"/></encryption>'
        )
    parts["OEBPS/book.opf"] = book
    for name, text in chapters.items():
        parts[f"OEBPS/text/{name}.xhtml"] = text
    return package(parts)


def _chapter(heading: str) -> str:
    return (
        '<html xmlns="http://www.w3.org/1999/xhtml"><head><title/><script src="a.js"/></head>'
        f'<body><a id="x"/><h1>{heading}</h1><p>{_LONG}</p></body></html>'
    )


def test_chapters_are_in_the_order_of_the_spine_without_the_navigation(read: Read):
    chapters = {"a": _chapter("Alpha"), "nav": _chapter("Contents"), "b": _chapter("Beta")}
    book = _book(chapters, order="nav b a", properties='properties="nav"')
    [record] = read("a.epub", book)
    assert record.text == f"# Beta\n\n{_LONG.strip()}\n\n# Alpha\n\n{_LONG.strip()}"
    assert [record.text[at : at + 6] for at in record.pages] == ["# Beta", "# Alph"]
    assert record.title == "Kiln book"
    assert record.metadata == {"author": "Ann, Bo", "language": "en"}


def test_missing_chapter_is_said(read: Read):
    book = _book({"a": _chapter("Alpha"), "b": "x"}, order="a b")
    book = book.replace(b"text/b.xhtml", b"text/z.xhtml")
    [record] = read("a.epub", book)
    assert record.parse_status == "ok"
    assert record.parse_error == "chapter OEBPS/text/b.xhtml is missing: get the book again"


def test_book_with_locked_chapters_is_a_failed_record(read: Read):
    book = _book({"a": _chapter("Alpha")}, order="a", rights="OEBPS/text/a.xhtml")
    [record] = read("a.epub", book)
    assert record.parse_error == "it is encrypted (DRM): put a copy without it here"


def test_locked_fonts_are_no_hindrance(read: Read):
    book = _book({"a": _chapter("Alpha")}, order="a", rights="OEBPS/fonts/a.otf")
    assert read("a.epub", book)[0].parse_status == "ok"
