"""Picks the reader of an office file by its content: names lie, and programs export HTML as .xls."""

import csv
import io
from collections.abc import Callable
from contextlib import suppress

from semantic_assets.parsing.encoding import check_signature, decode, looks_like_html
from semantic_assets.parsing.html.page import read_whole_html
from semantic_assets.parsing.office import marks
from semantic_assets.parsing.records import Unreadable, normal_text
from semantic_assets.parsing.text import ReadDocument, first_heading
from semantic_assets.parsing.titles import own_title

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAX_COLUMNS = 1000
_STRANGER = "content does not match the file name, it is no office document: save it again where it was made"


def read_office(data: bytes) -> ReadDocument:
    """Return the text of an office file, whichever of the kinds it is."""
    try:
        return _titled(_reader_of(data)(data))
    except RecursionError as error:
        raise Unreadable("its elements are nested too deeply: save it in another format") from error


def _titled(document: ReadDocument) -> ReadDocument:
    """Return it under its own title, else its first heading, which is shown only if further down."""
    title = own_title(document.title or "")
    if title:
        return document._replace(title=title)
    found = own_title(first_heading(document.text) or "")
    is_first = document.text.startswith("# ")
    return document._replace(title=found, is_title_shown_only=bool(found) and not is_first)


def _reader_of(data: bytes) -> Callable[[bytes], ReadDocument]:
    if data.startswith(_ZIP):
        return _read_package
    if data.startswith(_OLE):
        return _read_compound
    if data.lstrip()[:5] == b"{\\rtf":
        return _read_rtf
    return read_whole_html if looks_like_html(data) else _read_export


def _read_package(data: bytes) -> ReadDocument:
    from semantic_assets.parsing.office.epub import read_epub
    from semantic_assets.parsing.office.opendocument import read_opendocument
    from semantic_assets.parsing.office.package import Package
    from semantic_assets.parsing.office.sheets import read_sheets
    from semantic_assets.parsing.office.slides import read_slides
    from semantic_assets.parsing.office.word import read_word

    package = Package(data)
    folders = {name.partition("/")[0] for name in package.names if "/" in name}
    if "META-INF/container.xml" in package:
        return read_epub(package)
    if "word" in folders:
        return read_word(package)
    if "ppt" in folders:
        return read_slides(package)
    if "xl" in folders:
        return read_sheets(data, package)
    if "content.xml" in package:
        _check_password(package.read("META-INF/manifest.xml") or b"")
        return read_opendocument(package)
    if any(name.endswith(".iwa") for name in package.names):
        raise Unreadable("it is of Pages, Numbers or Keynote: export it as .docx, .xlsx or .pptx")
    raise Unreadable(_STRANGER)


def _check_password(manifest: bytes) -> None:
    if b"encryption-data" in manifest:
        raise Unreadable("it has a password: remove it, then put it back")


def _read_compound(data: bytes) -> ReadDocument:
    from semantic_assets.parsing.mail.outlook import read_outlook
    from semantic_assets.parsing.office.binary.compound import Compound
    from semantic_assets.parsing.office.binary.slides_97 import read_slides_binary
    from semantic_assets.parsing.office.binary.word_97 import read_word_binary
    from semantic_assets.parsing.office.sheets import read_sheets

    compound = Compound(data)
    names = set(compound.names)
    if names & {"EncryptedPackage", "EncryptionInfo"}:
        raise Unreadable("it has a password: remove it, then put it back")
    if "WordDocument" in names:
        return read_word_binary(compound)
    if "PowerPoint Document" in names:
        return read_slides_binary(compound)
    if "__properties_version1.0" in names:
        return read_outlook(compound)
    if names & {"Workbook", "Book"}:
        title, metadata = compound.title()
        return read_sheets(data)._replace(title=title, metadata=metadata)
    raise Unreadable("no reader takes this old office format: save it as .docx, .xlsx or .pptx")


def _read_rtf(data: bytes) -> ReadDocument:
    from semantic_assets.parsing.office.rtf import read_rtf

    return read_rtf(data)


def _read_export(data: bytes) -> ReadDocument:
    """Return what programs export under an office name: a page in parts, a table, plain text."""
    from semantic_assets.parsing.mail.message import read_message
    from semantic_assets.parsing.office.flat_xml import read_flat_xml

    if data[:200].lower().lstrip().startswith((b"mime-version:", b"from: <saved by")):
        return read_message(data)
    check_signature(data)
    try:
        text = normal_text(decode(data))
    except Unreadable as error:
        raise Unreadable(_STRANGER) from error
    if text.startswith("<?xml"):
        return read_flat_xml(data)
    if text.startswith("<"):
        return read_whole_html(data)
    return ReadDocument(_table_of(text) or marks.paragraph(text))


def _table_of(text: str) -> str:
    """Return the table that a text with a delimiter in each line is; empty if it is none."""
    first = text.partition("\n")[0]
    for delimiter in "\t;,":
        if 0 < first.count(delimiter) < _MAX_COLUMNS:
            with suppress(csv.Error):
                rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
                if {len(row) for row in rows if row} == {len(rows[0])}:
                    return marks.table(rows)
    return ""
