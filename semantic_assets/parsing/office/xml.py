"""XML of foreign files as elements whose names have known prefixes, whatever the file says: `w.p`.

expat (2.4.1 and later) ends an entity that grows a hundredfold; nothing outside a file is opened.
"""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError, fromstring

from semantic_assets.parsing.records import Unreadable

_OOXML = "http://schemas.openxmlformats.org"
_STRICT = "http://purl.oclc.org/ooxml"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"
_PREFIXES = {
    f"{_OOXML}/wordprocessingml/2006/main": "w",
    f"{_STRICT}/wordprocessingml/main": "w",
    f"{_OOXML}/presentationml/2006/main": "p",
    f"{_STRICT}/presentationml/main": "p",
    f"{_OOXML}/drawingml/2006/main": "a",
    f"{_STRICT}/drawingml/main": "a",
    f"{_OOXML}/drawingml/2006/wordprocessingDrawing": "wp",
    f"{_STRICT}/drawingml/wordprocessingDrawing": "wp",
    f"{_OOXML}/drawingml/2006/chart": "c",
    f"{_STRICT}/drawingml/chart": "c",
    f"{_OOXML}/drawingml/2006/diagram": "dgm",
    f"{_STRICT}/drawingml/diagram": "dgm",
    f"{_OOXML}/officeDocument/2006/math": "m",
    f"{_STRICT}/officeDocument/math": "m",
    f"{_OOXML}/officeDocument/2006/relationships": "r",
    f"{_STRICT}/officeDocument/relationships": "r",
    f"{_OOXML}/markup-compatibility/2006": "mc",
    f"{_OOXML}/package/2006/relationships": "rel",
    f"{_OOXML}/package/2006/metadata/core-properties": "cp",
    f"{_OOXML}/spreadsheetml/2006/main": "x",
    f"{_STRICT}/spreadsheetml/main": "x",
    "http://schemas.microsoft.com/office/word/2010/wordprocessingShape": "wps",
    "urn:schemas-microsoft-com:vml": "v",
    "urn:schemas-microsoft-com:office:spreadsheet": "ss",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://www.w3.org/1999/xlink": "xlink",
    "http://www.w3.org/1998/Math/MathML": "math",
    "http://www.idpf.org/2007/opf": "opf",
    "urn:oasis:names:tc:opendocument:xmlns:container": "container",
    "http://www.w3.org/2001/04/xmlenc#": "enc",
    f"{_ODF}:drawing:1.0": "draw",
    f"{_ODF}:svg-compatible:1.0": "svg",
    **{
        f"{_ODF}:{name}:1.0": name
        for name in ("office", "text", "table", "presentation", "meta", "style", "container")
    },
}


def parse_xml(data: bytes, name: str) -> Element:
    """Return the root of a part; Unreadable if it is not XML."""
    try:
        root = fromstring(data)
    except (ParseError, ValueError, LookupError) as error:
        raise Unreadable(
            f"its part {name[:100]} is damaged ({error}): open it where it was made and save it again"
        ) from error
    known: dict[str, str] = {}
    for element in root.iter():
        element.tag = _short(element.tag, known)
        if any("}" in key for key in element.attrib):
            element.attrib = {_short(key, known): value for key, value in element.items()}
    return root


def texts_of(element: Element, tag: str) -> Iterator[str]:
    """Yield the texts of all elements of a tag below one."""
    return (found.text for found in element.iter(tag) if found.text)


def _short(name: str, known: dict[str, str]) -> str:
    short = known.get(name)
    if short is None:
        uri, closing, local = name.rpartition("}")
        prefix = _PREFIXES.get(uri[1:], "other")
        short = known[name] = f"{prefix}.{local}" if closing else name
    return short
