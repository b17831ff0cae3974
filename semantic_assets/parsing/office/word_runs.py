"""The text of one Word paragraph, with what hangs on it: notes, comments, boxes, pictures."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from semantic_assets.parsing.office.drawings import alternative_text, diagram_lines
from semantic_assets.parsing.office.formula_letters import formula_text
from semantic_assets.parsing.office.package import Package

_SIGNS = {
    "w.tab": " ",
    "w.ptab": " ",
    "w.cr": "\n",
    "w.noBreakHyphen": "\N{NON-BREAKING HYPHEN}",
}
#: Deleted, of another place, code of a field, reading aid of Han characters, a property.
_LEFT_OUT = frozenset(
    ("w.del", "w.moveFrom", "w.instrText", "w.delText", "w.delInstrText", "w.rt", "w.pPr", "w.rPr")
)
#: A power and not the mark of an ordinal: 10^6, m^2, but 1st.
_POWER = re.compile(r"[-+\N{MINUS SIGN}]?[0-9]{1,9}")
_FIRST_PRIVATE, _LAST_PRIVATE = 0xE000, 0xF8FF


@dataclass(slots=True)
class Line:
    """A paragraph as read."""

    text: str = ""
    boxes: list[Element] = field(default_factory=list)
    described: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)


class Runs:
    """Reads paragraphs of a part, and numbers the notes they refer to."""

    def __init__(self, package: Package, part: str) -> None:
        self._package, self._part = package, part
        #: Kind and id of each note, with its number in the order of the references.
        self.notes: dict[tuple[str, str], int] = {}

    def line(self, paragraph: Element) -> Line:
        line = Line()
        parts: list[str] = []
        self._collect(paragraph, parts, line)
        line.text = "".join(parts)
        return line

    def _collect(self, parent: Element, parts: list[str], line: Line) -> None:
        for element in parent:
            tag = element.tag
            if tag == "w.t":
                parts.append(element.text or "")
            elif tag == "w.r":
                self._run(element, parts, line)
            elif tag in _SIGNS:
                parts.append(_SIGNS[tag])
            elif tag not in _LEFT_OUT and not self._special(element, parts, line):
                self._collect(element, parts, line)

    def _special(self, element: Element, parts: list[str], line: Line) -> bool:
        """Take an element that is more than its content; return whether it was one."""
        tag = element.tag
        if tag == "w.br":
            parts.append("" if element.get("w.type") in ("page", "column") else "\n")
        elif tag == "w.sym":
            parts.append(_symbol(element))
        elif tag in ("m.oMath", "m.oMathPara"):
            parts.append(formula_text(element))
        elif tag in ("w.footnoteReference", "w.endnoteReference"):
            note = (tag[2:-9], element.get("w.id", ""))
            parts.append(f"[^{self.notes.setdefault(note, len(self.notes) + 1)}]")
        elif tag == "w.commentReference":
            line.comments.append(element.get("w.id", ""))
        elif tag == "mc.AlternateContent":
            self._collect_one(element, parts, line)
        elif tag in ("w.drawing", "w.pict", "w.object"):
            self._drawing(element, line)
        else:
            return False
        return True

    def _run(self, run: Element, parts: list[str], line: Line) -> None:
        properties = run.find("w.rPr")
        if properties is not None and _is_on(properties.find("w.vanish")):
            return
        inner: list[str] = []
        self._collect(run, inner, line)
        text = "".join(inner)
        if properties is not None and _is_raised(properties) and _POWER.fullmatch(text.strip()):
            text = f"^{text.strip()}"
        parts.append(text)

    def _collect_one(self, element: Element, parts: list[str], line: Line) -> None:
        """Take the first of several forms of the same content that says something."""
        for form in element:
            inner: list[str] = []
            found = Line()
            self._collect(form, inner, found)
            if inner or found.boxes or found.described:
                parts += inner
                line.boxes += found.boxes
                line.described += found.described
                line.comments += found.comments
                return

    def _drawing(self, drawing: Element, line: Line) -> None:
        for one in _outside_boxes(drawing):
            if one.tag == "w.txbxContent":
                line.boxes.append(one)
            elif one.tag == "wp.docPr":
                line.described.append(alternative_text(one))
            elif one.tag in ("v.shape", "v.rect") and one.find("v.imagedata") is not None:
                line.described.append((one.get("alt") or "").strip())
        line.described += diagram_lines(self._package, self._part, drawing)


def _outside_boxes(drawing: Element) -> Iterator[Element]:
    """Yield the elements of a drawing; a text box, but nothing inside it: that is read as text."""
    waiting = [drawing]
    while waiting:
        element = waiting.pop()
        yield element
        if element.tag != "w.txbxContent":
            waiting.extend(reversed(element))


def _is_on(element: Element | None) -> bool:
    return element is not None and element.get("w.val", "true") not in ("0", "false", "off")


def _is_raised(properties: Element) -> bool:
    place = properties.find("w.vertAlign")
    return place is not None and place.get("w.val") == "superscript"


def _symbol(element: Element) -> str:
    """Return a sign given by its number; those of symbol fonts have no meaning outside them."""
    try:
        number = int(element.get("w.char", ""), 16)
    except ValueError:
        return ""
    return "" if number < 32 or _FIRST_PRIVATE <= number <= _LAST_PRIVATE else chr(number)
