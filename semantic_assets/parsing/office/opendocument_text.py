"""One paragraph of OpenDocument, and what styles say of paragraphs, lists and slides."""

from dataclasses import dataclass, field
from typing import NamedTuple
from xml.etree.ElementTree import Element

_LINE_PARTS = {"text.tab": " ", "text.line-break": "\n"}
_FRAMES = frozenset(("draw.frame", "draw.g", "draw.custom-shape", "draw.rect", "draw.a"))
_HIDDEN = frozenset(("text.hidden-text", "text.bookmark", "text.ruby-text", "office.forms"))
_MAX_SPACES = 100


@dataclass(slots=True)
class Line:
    """A paragraph as read, with the frames and comments anchored in it."""

    text: str = ""
    frames: list[Element] = field(default_factory=list)
    comments: list[Element] = field(default_factory=list)


class Styles(NamedTuple):
    """What the automatic and the common styles say."""

    #: A style's name, and the name of the one it is made from, itself if none.
    parents: dict[str, str]
    #: The list styles, with levels from 0 on, whose items have numbers.
    numbered: frozenset[tuple[str, int]]
    #: Styles of slides and sheets that are not shown.
    hidden: frozenset[str]


def line_of(paragraph: Element, notes: list[Element]) -> Line:
    """Return a paragraph; the notes in it are numbered and added to the others."""
    line = Line()
    parts: list[str] = []
    _collect(paragraph, parts, line, notes)
    line.text = "".join(parts)
    return line


def styles_of(*roots: Element | None) -> Styles:
    parents: dict[str, str] = {}
    numbered: set[tuple[str, int]] = set()
    hidden: set[str] = set()
    for root in roots:
        for style in () if root is None else root.iter("style.style"):
            name = style.get("style.name", "")
            parents[name] = style.get("style.parent-style-name") or name
            shown = style.find("style.drawing-page-properties")
            if shown is not None and shown.get("presentation.visibility") == "hidden":
                hidden.add(name)
            sheet = style.find("style.table-properties")
            if sheet is not None and sheet.get("table.display") == "false":
                hidden.add(name)
        for style in () if root is None else root.iter("text.list-style"):
            for level in style.findall("text.list-level-style-number"):
                place = level.get("text.level", "1")
                if place.isdecimal() and level.get("style.num-format"):
                    numbered.add((style.get("style.name", ""), int(place) - 1))
    return Styles(parents, frozenset(numbered), frozenset(hidden))


def _collect(parent: Element, parts: list[str], line: Line, notes: list[Element]) -> None:
    parts.append(_collapsed(parent.text))
    for element in parent:
        tag = element.tag
        if tag == "text.s":
            count = element.get("text.c", "1")
            parts.append(" " * (min(int(count), _MAX_SPACES) if count.isdecimal() else 1))
        elif tag in _LINE_PARTS:
            parts.append(_LINE_PARTS[tag])
        elif tag == "text.note":
            body = element.find("text.note-body")
            notes.append(element if body is None else body)
            parts.append(f"[^{len(notes)}]")
        elif tag == "office.annotation":
            line.comments.append(element)
        elif tag in _FRAMES:
            line.frames.append(element)
        elif tag not in _HIDDEN:
            _collect(element, parts, line, notes)
        parts.append(_collapsed(element.tail))


def _collapsed(text: str | None) -> str:
    """Return text whose runs of white space are one space, as the format says."""
    if not text:
        return ""
    inner = " ".join(text.split())
    start, end = text[:1].isspace(), text[-1:].isspace()
    return f"{' ' * start}{inner}{' ' * end}" if inner else " "
