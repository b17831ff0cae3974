"""Office files made by hand: a ZIP of the parts that matter, and no library."""

import io
import zipfile
from collections.abc import Mapping

_MAIN = "application/vnd.openxmlformats-officedocument"
_RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGED = "http://schemas.openxmlformats.org/package/2006"
WORD = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    ' xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    ' xmlns:v="urn:schemas-microsoft-com:vml"'
    ' xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    f' xmlns:r="{_RELATED}"'
)
SLIDE = (
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    f' xmlns:r="{_RELATED}"'
)
ODF = (
    " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for short, name in {
            "office": "office",
            "text": "text",
            "table": "table",
            "draw": "drawing",
            "presentation": "presentation",
            "meta": "meta",
            "style": "style",
            "svg": "svg-compatible",
            "manifest": "manifest",
        }.items()
    )
    + ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
)


def package(parts: Mapping[str, str | bytes]) -> bytes:
    """A ZIP of the parts, in their order."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return sink.getvalue()


def relations(targets: Mapping[str, tuple[str, str]]) -> str:
    """Relationships by id: kind and target."""
    rows = "".join(
        f'<Relationship Id="{name}" Type="{_RELATED}/{kind}" Target="{target}"/>'
        for name, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{_PACKAGED}/relationships">{rows}</Relationships>'


def core(title: str = "", creator: str = "") -> str:
    return (
        f'<cp:coreProperties xmlns:cp="{_PACKAGED}/metadata/core-properties"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">'
        f"<dc:title>{title}</dc:title><dc:creator>{creator}</dc:creator></cp:coreProperties>"
    )


def _opened(main: str, kind: str, title: str, creator: str) -> dict[str, str | bytes]:
    return {
        "[Content_Types].xml": (
            f'<Types xmlns="{_PACKAGED}/content-types">'
            f'<Override PartName="/{main}" ContentType="{kind}"/></Types>'
        ),
        "_rels/.rels": relations({"rId1": ("officeDocument", main)}),
        "docProps/core.xml": core(title, creator),
    }


def para(text: str, style: str = "", properties: str = "") -> str:
    """A paragraph of one run."""
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    return (
        f"<w:p><w:pPr>{named}{properties}</w:pPr>"
        f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'
    )


def listed(text: str, level: int = 0, number: int = 1) -> str:
    numbering = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'
    return para(text, properties=numbering)


def grid(*rows: tuple[str, ...]) -> str:
    """A table of one paragraph a cell."""
    lines = (
        "<w:tr>" + "".join(f"<w:tc>{para(cell)}</w:tc>" for cell in row) + "</w:tr>" for row in rows
    )
    return f"<w:tbl>{''.join(lines)}</w:tbl>"


def docx(
    body: str, *, title: str = "", creator: str = "", parts: Mapping[str, str] | None = None
) -> bytes:
    """A Word document; `parts` are by name below word/, without the root's namespaces."""
    content = _opened(
        "word/document.xml", f"{_MAIN}.wordprocessingml.document.main+xml", title, creator
    )
    content["word/document.xml"] = f"<w:document {WORD}><w:body>{body}</w:body></w:document>"
    related = {
        f"rId{number}": (name.removesuffix(".xml"), name)
        for number, name in enumerate(parts or {}, 1)
    }
    content["word/_rels/document.xml.rels"] = relations(related)
    for name, inner in (parts or {}).items():
        root = name.removesuffix(".xml")
        content[f"word/{name}"] = f"<w:{root} {WORD}>{inner}</w:{root}>"
    return package(content)


def shape(*paragraphs: str, kind: str = "", extra: str = "") -> str:
    """A shape with text; `kind` is its placeholder's (title, body, sldNum ...)."""
    place = f'<p:ph type="{kind}"/>' if kind else ""
    lines = "".join(f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>" for text in paragraphs)
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="2" name="x"/><p:cNvSpPr/><p:nvPr>{place}</p:nvPr></p:nvSpPr>'
        f"<p:spPr>{extra}</p:spPr><p:txBody>{lines}</p:txBody></p:sp>"
    )


def pptx(
    slides: Mapping[str, str], *, title: str = "", parts: Mapping[str, str] | None = None
) -> bytes:
    """A presentation of slides by file name, in the order they are shown."""
    content = _opened(
        "ppt/presentation.xml", f"{_MAIN}.presentationml.presentation.main+xml", title, ""
    )
    ids = {name: f"rId{number}" for number, name in enumerate(slides, 1)}
    shown = "".join(f'<p:sldId id="{256 + n}" r:id="{ids[s]}"/>' for n, s in enumerate(slides))
    content["ppt/presentation.xml"] = (
        f"<p:presentation {SLIDE}><p:sldIdLst>{shown}</p:sldIdLst></p:presentation>"
    )
    content["ppt/_rels/presentation.xml.rels"] = relations(
        {ids[name]: ("slide", f"slides/{name}.xml") for name in slides}
    )
    for name in sorted(slides):
        content[f"ppt/slides/{name}.xml"] = slides[name]
    content.update(parts or {})
    return package(content)


def slide(inner: str, *, hidden: bool = False) -> str:
    show = ' show="0"' if hidden else ""
    return f"<p:sld {SLIDE}{show}><p:cSld><p:spTree>{inner}</p:spTree></p:cSld></p:sld>"


_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def xlsx(
    sheets: Mapping[str, str],
    *,
    hidden: tuple[str, ...] = (),
    shared: tuple[str, ...] = (),
    formats: Mapping[int, str] | None = None,
    is_1904: bool = False,
    title: str = "",
    parts: Mapping[str, str] | None = None,
) -> bytes:
    """A workbook; a sheet is the inside of its sheetData. Style n has the n-th of `formats`."""
    content = _opened("xl/workbook.xml", f"{_MAIN}.spreadsheetml.sheet.main+xml", title, "")
    state = {name: 'state="hidden"' if name in hidden else "" for name in sheets}
    names = "".join(
        f'<sheet name="{name}" sheetId="{n}" {state[name]} r:id="rId{n}"/>'
        for n, name in enumerate(sheets, 1)
    )
    first = f'<workbookPr date1904="{int(is_1904)}"/>'
    content["xl/workbook.xml"] = (
        f'<workbook xmlns="{_SHEET}" xmlns:r="{_RELATED}">{first}<sheets>{names}</sheets></workbook>'
    )
    related = {f"rId{n}": ("worksheet", f"worksheets/s{n}.xml") for n in range(1, len(sheets) + 1)}
    related["rIdS"] = ("styles", "styles.xml")
    related["rIdT"] = ("sharedStrings", "sharedStrings.xml")
    content["xl/_rels/workbook.xml.rels"] = relations(related)
    given = formats or {}
    content["xl/styles.xml"] = (
        f'<styleSheet xmlns="{_SHEET}"><numFmts>'
        + "".join(f'<numFmt numFmtId="{n}" formatCode="{code}"/>' for n, code in given.items())
        + '</numFmts><cellXfs><xf numFmtId="0"/>'
        + "".join(f'<xf numFmtId="{n}"/>' for n in given)
        + "</cellXfs></styleSheet>"
    )
    strings = "".join(f"<si>{text}</si>" for text in shared)
    content["xl/sharedStrings.xml"] = f'<sst xmlns="{_SHEET}">{strings}</sst>'
    for number, inner in enumerate(sheets.values(), 1):
        content[f"xl/worksheets/s{number}.xml"] = f'<worksheet xmlns="{_SHEET}">{inner}</worksheet>'
    content.update(parts or {})
    return package(content)


def opendocument(kind: str, body: str, *, title: str = "", styles: str = "") -> bytes:
    """An OpenDocument file: kind is text, spreadsheet or presentation."""
    return package(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": (
                f"<office:document-content {ODF}><office:automatic-styles>{styles}"
                f"</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}>"
                "</office:body></office:document-content>"
            ),
            "meta.xml": (
                f"<office:document-meta {ODF}><office:meta><dc:title>{title}</dc:title>"
                "</office:meta></office:document-meta>"
            ),
        }
    )
