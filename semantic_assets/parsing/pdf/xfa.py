"""XFA forms: their pages are a placeholder; what was filled in is in a data set of XML."""

import re
from collections.abc import Iterator
from ctypes import c_ulong, create_string_buffer
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from semantic_assets.parsing.pdf.form_values import Written

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

_WORD_STARTS = re.compile(r"(?<=[a-z])(?=[A-Z])|_")
#: Pictures and signatures are values too, of letters without blanks.
_MOST_SOLID = 300
_MOST_BYTES = 32 << 20


def xfa_values(document: "PdfDocument") -> list[Written] | None:
    """Return what was filled in, named as in the form; None if it is no XFA form."""
    packets = _packets(document)
    if not packets:
        return None
    captions = _captions(_parsed(packets.get("template", b"")))
    data = _parsed(packets.get("datasets", b""))
    return list(_values(data, captions)) if data is not None else []


def _packets(document: "PdfDocument") -> dict[str, bytes]:
    from pypdfium2 import raw

    packets: dict[str, bytes] = {}
    for number in range(max(raw.FPDF_GetXFAPacketCount(document), 0)):
        size = raw.FPDF_GetXFAPacketName(document, number, None, 0)
        name = create_string_buffer(max(size, 1))
        raw.FPDF_GetXFAPacketName(document, number, name, size)
        used = c_ulong()
        raw.FPDF_GetXFAPacketContent(document, number, None, 0, used)
        content = create_string_buffer(min(used.value, _MOST_BYTES) + 1)
        raw.FPDF_GetXFAPacketContent(document, number, content, len(content) - 1, used)
        key = name.value.decode("latin-1")
        packets[key] = packets.get(key, b"") + content.raw[: used.value]
    return _separated(packets) if packets else {}


def _separated(packets: dict[str, bytes]) -> dict[str, bytes]:
    """Return the packets by name; a form in one stream has them as parts of its XML."""
    if len(packets) > 1 or "" not in packets:
        return packets
    whole = _parsed(packets[""])
    parts = whole if whole is not None else ()
    return {"": b"", **{_local(part.tag): ElementTree.tostring(part) for part in parts}}


def _parsed(xml: bytes) -> ElementTree.Element | None:
    try:
        return ElementTree.fromstring(xml.strip(b"\0 \r\n\t")) if xml else None
    except ElementTree.ParseError:
        return None


def _captions(template: ElementTree.Element | None) -> dict[str, str]:
    """Return the caption of each field by its name."""
    captions: dict[str, str] = {}
    for field in template.iter() if template is not None else ():
        name = field.get("name")
        if name and _local(field.tag) in ("field", "exclGroup"):
            parts = [part for part in field if _local(part.tag) == "caption"]
            text = " ".join(" ".join(part.itertext()) for part in parts).split()
            if text:
                captions.setdefault(name, " ".join(text).rstrip(":"))
    return captions


def _values(data: ElementTree.Element, captions: dict[str, str]) -> Iterator[Written]:
    """Yield the leaves that hold text."""
    for found in data.iter():
        value = " ".join((found.text or "").split()) if _is_leaf(found) else ""
        if _is_rich(found):
            value = " ".join(" ".join(found.itertext()).split())
        if value and not (len(value) > _MOST_SOLID and " " not in value[:_MOST_SOLID]):
            tag = _local(found.tag)
            yield Written(captions.get(tag) or _WORD_STARTS.sub(" ", tag), value)


def _is_leaf(found: ElementTree.Element) -> bool:
    return len(found) == 0 and "xhtml" not in str(found.tag)


def _is_rich(found: ElementTree.Element) -> bool:
    """Return whether a value is text with markup, a page of XHTML of its own."""
    return len(found) == 1 and _local(found[0].tag) == "body"


def _local(tag: object) -> str:
    return str(tag).rsplit("}", 1)[-1]
