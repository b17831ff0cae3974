"""What drawings say in Word and PowerPoint: alternative texts, diagrams, charts."""

from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

from semantic_assets.parsing.office.package import Package
from semantic_assets.parsing.office.xml import texts_of

Parts = Callable[[str], str | None]
#: Texts that programs write by themselves for a picture.
_MADE_UP = ("description automatically generated", "automatically generated description")


def alternative_text(properties: Element) -> str:
    """Return the description of a drawing by its author, empty if it was made up or is a name."""
    text = (properties.get("descr") or "").strip()
    return "" if any(mark in text.lower() for mark in _MADE_UP) else text


def diagram_lines(package: Package, part: str, drawing: Element) -> Iterator[str]:
    """Yield the texts of the diagrams and charts that a drawing refers to."""
    relations = package.relations(part) if _refers(drawing) else {}
    for one in drawing.iter():
        number = one.get("r.dm") if one.tag == "dgm.relIds" else one.get("r.id")
        if one.tag not in ("dgm.relIds", "c.chart") or number not in relations:
            continue
        root = package.optional_xml(relations[number].target)
        if root is not None:
            yield from _diagram(root) if one.tag == "dgm.relIds" else _chart(root)


def _refers(drawing: Element) -> bool:
    return any(one.tag in ("dgm.relIds", "c.chart") for one in drawing.iter())


def _diagram(root: Element) -> Iterator[str]:
    for point in root.iter("dgm.pt"):
        text = "".join(texts_of(point, "a.t")).strip()
        if text:
            yield text


def _chart(root: Element) -> Iterator[str]:
    """Yield a chart's titles, and each row of it as categories and values."""
    for title in root.iter("c.title"):
        text = "".join(texts_of(title, "a.t")).strip()
        if text:
            yield text
    for series in root.iter("c.ser"):
        name = " ".join(_values(series, "c.tx"))
        pairs = zip(_values(series, "c.cat"), _values(series, "c.val"), strict=False)
        row = "; ".join(f"{category} {value}" for category, value in pairs)
        if row:
            yield f"{name}: {row}" if name else row


def _values(series: Element, tag: str) -> list[str]:
    found = series.find(tag)
    return [] if found is None else list(texts_of(found, "c.v"))
