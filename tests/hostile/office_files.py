"""Small office files and messages that cost their readers minutes or gigabytes."""

import io
import zipfile
from collections.abc import Callable

from tests.parsing.office.build import (
    SLIDE,
    WORD,
    docx,
    opendocument,
    package,
    para,
    pptx,
    relations,
    shape,
    slide,
    xlsx,
)

_MB = 1 << 20


def _packed(name: str, block: bytes, times: int, *, others: dict[str, str] | None = None) -> bytes:
    """A ZIP with one part of a block that is written many times."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for other, content in (others or {}).items():
            archive.writestr(other, content)
        with archive.open(name, "w", force_zip64=True) as part:
            for _ in range(times):
                part.write(block)
    return sink.getvalue()


def zip_bomb() -> bytes:
    """A Word document of a gigabyte of blanks in a megabyte."""
    return _packed("word/document.xml", b" " * _MB, 1024)


def many_paragraphs() -> bytes:
    """A Word document of 100 MB of elements in some 200 kB."""
    head = f"<w:document {WORD}><w:body>".encode()
    return _packed("word/document.xml", head + b"<w:p><w:r><w:t>x</w:t></w:r></w:p>" * 3_000_000, 1)


def entity_bomb() -> bytes:
    """A part whose ten entities are a gigabyte."""
    entities = "".join(
        f'<!ENTITY e{number} "{f"&e{number - 1};" * 10}">' for number in range(1, 10)
    )
    bomb = f'<!DOCTYPE d [<!ENTITY e0 "aaaaaaaaaa">{entities}]><d>&e9;</d>'
    return package({"word/document.xml": bomb})


def long_entity() -> bytes:
    """A part that names one long entity very often."""
    text = "a" * 100_000
    return package(
        {"word/document.xml": f'<!DOCTYPE d [<!ENTITY e "{text}">]><d>{"&e;" * 100_000}</d>'}
    )


def nested_tables(depth: int = 100_000) -> bytes:
    start = "<w:tbl><w:tr><w:tc>"
    return docx(start * depth + para("x") + "</w:tc></w:tr></w:tbl>" * depth)


def nested_boxes(depth: int = 12) -> bytes:
    """Text boxes inside text boxes, each in two forms."""
    inner = para("x")
    for _ in range(depth):
        box = f"<w:txbxContent>{inner}</w:txbxContent>"
        inner = (
            "<w:p><w:r><mc:AlternateContent><mc:Choice><w:drawing>"
            f"{box}</w:drawing></mc:Choice><mc:Fallback><w:pict>{box}</w:pict></mc:Fallback>"
            "</mc:AlternateContent></w:r></w:p>"
        )
    return docx(inner)


def ring_of_notes() -> bytes:
    """A note that refers to itself."""
    mark = '<w:p><w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
    return docx(
        para("x") + mark, parts={"footnotes.xml": f'<w:footnote w:id="2">{mark}</w:footnote>'}
    )


def ring_of_styles() -> bytes:
    styles = "".join(
        f'<w:style w:styleId="{one}"><w:basedOn w:val="{other}"/></w:style>'
        for one, other in ("ab", "ba")
    )
    return docx(para("x", "a"), parts={"styles.xml": styles})


def many_slides(count: int = 50_000) -> bytes:
    """A presentation that shows one slide very often."""
    shown = '<p:sldId id="256" r:id="r1"/>' * count
    root = f"<p:presentation {SLIDE}><p:sldIdLst>{shown}</p:sldIdLst></p:presentation>"
    inner = shape("y" * 2000, kind="body")
    parts = pptx({"s": slide(inner)}, parts={})
    sink = io.BytesIO(parts)
    with zipfile.ZipFile(sink) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    kept["ppt/presentation.xml"] = root.encode()
    related = relations({"r1": ("slide", "slides/s.xml")})
    return package({**kept, "ppt/_rels/presentation.xml.rels": related})


def far_cell() -> bytes:
    """A workbook whose two cells are at the ends of a sheet of 17 billion."""
    first = '<row r="1"><c r="A1"><v>1</v></c></row>'
    last = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return xlsx({"S": f"<sheetData>{first}{last}</sheetData>"})


def many_cells(rows: int = 20_000, columns: int = 50) -> bytes:
    """A workbook of a million cells."""
    cells = "".join(f"<c><v>{number}</v></c>" for number in range(columns))
    return xlsx({"S": f"<sheetData>{f'<row>{cells}</row>' * rows}</sheetData>"})


def long_cells() -> bytes:
    """A workbook of which each cell is the same text of a megabyte."""
    cells = "<row>" + '<c t="s"><v>0</v></c>' * 100 + "</row>"
    shared = (f"<t>{'z' * 100_000}</t>",)
    return xlsx({"S": f"<sheetData>{cells * 100}</sheetData>"}, shared=shared)


def repeated_cells() -> bytes:
    """A sheet whose one cell stands in every place."""
    cell = '<table:table-cell table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell>'
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    return opendocument("spreadsheet", f"<table:table>{row * 1000}</table:table>")


def nested_lists(depth: int = 50_000) -> bytes:
    start = "<text:list><text:list-item>"
    return opendocument("text", start * depth + "</text:list-item></text:list>" * depth)


def many_spaces() -> bytes:
    """A paragraph of elements that each claim a billion spaces."""
    spaces = '<text:s text:c="999999999"/>' * 100_000
    return opendocument("text", f"<text:p>x{spaces}y</text:p>")


def nested_groups(depth: int = 1_000_000) -> bytes:
    return b"{\\rtf1 " + b"{" * depth + b"x" + b"}" * depth + b"}"


def many_rows(rows: int = 200_000) -> bytes:
    return b"{\\rtf1 " + b"\\trowd\\intbl a\\cell b\\cell\\row" * rows + b"}"


def long_binary() -> bytes:
    """An RTF that claims two billion bytes of picture."""
    return b"{\\rtf1 x{\\pict\\bin2147483647 abc}}"


def nested_parts(depth: int = 3_000) -> bytes:
    """A message of messages."""
    head = "Content-Type: message/rfc822\n\n"
    return ("Subject: x\n" + head * depth + "Subject: y\n\ntext\n").encode()


def many_parts(count: int = 100_000) -> bytes:
    part = "--b\nContent-Type: text/plain\n\nx\n"
    return ("Content-Type: multipart/mixed; boundary=b\n\n" + part * count + "--b--\n").encode()


def many_boundaries(depth: int = 300) -> bytes:
    """Parts inside parts: each line is held against the boundaries of all of them."""
    heads = "".join(
        f'Content-Type: multipart/mixed; boundary="{n}"\n\n--{n}\n' for n in range(depth)
    )
    return (f"Subject: x\n{heads}\n" + "line of text\n" * 100_000).encode()


def long_header(size: int = 2 * _MB) -> bytes:
    """A message whose header of addresses is very long."""
    return b"To: " + b"a <a@example.org>, " * (size // 19) + b"\nSubject: x\n\ntext\n"


def encoded_header(size: int = _MB) -> bytes:
    return b"Subject: " + b"=?utf-8?q?a?= " * (size // 14) + b"\n\ntext\n"


#: By name of file: its maker, and what the last record must say; None: it is read, in time.
OFFICE: dict[str, tuple[Callable[[], bytes], str | None]] = {
    "bomb.docx": (zip_bomb, "over 128 MB"),
    "paragraphs.docx": (many_paragraphs, "MB of memory|CPU seconds"),
    "entity.docx": (entity_bomb, "amplification"),
    "long_entity.docx": (long_entity, "amplification"),
    "tables.docx": (nested_tables, "nested too deeply"),
    "boxes.docx": (nested_boxes, None),
    "notes.docx": (ring_of_notes, None),
    "styles.docx": (ring_of_styles, None),
    "slides.pptx": (many_slides, "over 64 MB|CPU seconds"),
    "far.xlsx": (far_cell, "crashed|MB of memory"),
    "cells.xlsx": (many_cells, None),
    "long_cells.xlsx": (long_cells, "over 64 MB|MB of memory"),
    "cells.ods": (repeated_cells, "over 64 MB|MB of memory|CPU seconds"),
    "lists.odt": (nested_lists, "nested too deeply"),
    "spaces.odt": (many_spaces, None),
    "groups.rtf": (nested_groups, "nested too deeply"),
    "rows.rtf": (many_rows, None),
    "binary.rtf": (long_binary, None),
    "parts.eml": (nested_parts, "nested too deeply"),
    "many_parts.eml": (many_parts, None),
    "boundaries.eml": (many_boundaries, "nested too deeply|CPU seconds"),
    "header.eml": (long_header, None),
    "encoded.eml": (encoded_header, None),
}
