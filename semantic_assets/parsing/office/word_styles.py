"""What a Word paragraph is by its style and its numbering: a heading, a list item, or neither."""

import re
from collections.abc import Callable
from typing import NamedTuple
from xml.etree.ElementTree import Element

_HEADING_NAME = re.compile(r"(?:heading|title|überschrift|titre|título|заголовок) ?([1-9])?", re.I)
_CONTENTS_NAME = re.compile(r"toc(?: ?[1-9]| heading)|table of (?:figures|authorities)", re.I)
_PLACE = re.compile(r"%([1-9])")
_MAX_INHERITED = 20
_LEVELS = 9
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)


class Style(NamedTuple):
    """What a style says of its paragraphs: level from 1 on, numbering and its level."""

    level: int | None = None
    numbering: str | None = None
    indent: int = 0
    is_contents: bool = False


class _Level(NamedTuple):
    form: str
    pattern: str
    start: int


class Styles:
    """The styles of a document by id, with what they inherit."""

    def __init__(self, root: Element | None) -> None:
        found = () if root is None else root.iter("w.style")
        self._elements = {one.get("w.styleId", ""): one for one in found}
        self._known: dict[str, Style] = {}

    def named(self, style_id: str) -> Style:
        if style_id not in self._known:
            self._known[style_id] = self._read(style_id)
        return self._known[style_id]

    def _read(self, style_id: str) -> Style:
        level = numbering = None
        indent, is_contents = 0, bool(_CONTENTS_NAME.fullmatch(style_id))
        current = style_id
        for _ in range(_MAX_INHERITED):
            element = self._elements.get(current)
            name = _value(element, "w.name") or current
            is_contents = is_contents or bool(_CONTENTS_NAME.fullmatch(name))
            level = level or outline_level(element) or _level_named(name)
            if numbering is None and element is not None:
                numbering, indent = numbering_of(element)
            current = _value(element, "w.basedOn") or ""
            if not current:
                break
        return Style(level if level != _NO_LEVEL else None, numbering, indent, is_contents)


_NO_LEVEL = _LEVELS + 1


def outline_level(element: Element | None) -> int | None:
    """Return the level in an element's properties, from 1 on; 10 for body text said to be none."""
    value = _value(element, "w.pPr/w.outlineLvl")
    return int(value) + 1 if value and value.isdecimal() else None


def numbering_of(element: Element) -> tuple[str | None, int]:
    """Return the numbering in an element's properties, and the level of it."""
    level = _value(element, "w.pPr/w.numPr/w.ilvl") or "0"
    indent = min(int(level), _LEVELS - 1) if level.isdecimal() else 0
    return _value(element, "w.pPr/w.numPr/w.numId"), indent


def _level_named(name: str) -> int | None:
    found = _HEADING_NAME.fullmatch(name)
    return int(found[1] or 1) if found else None


def _value(element: Element | None, path: str) -> str | None:
    found = None if element is None else element.find(path)
    return None if found is None else found.get("w.val")


class Numbering:
    """The labels of numbered paragraphs, counted in their order: `3.`, `b)`, `1.2`, or a dash."""

    def __init__(self, root: Element | None) -> None:
        self._lists: dict[str, str] = {}
        self._levels: dict[str, dict[int, _Level]] = {}
        self._counts: dict[str, list[int]] = {}
        if root is None:
            return
        for one in root.iter("w.abstractNum"):
            self._levels[one.get("w.abstractNumId", "")] = _levels(one)
        for one in root.iter("w.num"):
            self._lists[one.get("w.numId", "")] = _value(one, "w.abstractNumId") or ""

    def label(self, number: str, indent: int) -> str:
        """Count a paragraph and return its label."""
        name = self._lists.get(number, number)
        levels = self._levels.get(name, {})
        level = levels.get(indent, _Level("bullet", "", 1))
        if level.form in ("bullet", "none"):
            return "-"
        counts = self._counts.setdefault(
            name, [levels[one].start - 1 if one in levels else 0 for one in range(_LEVELS)]
        )
        counts[indent] += 1
        for deeper in range(indent + 1, _LEVELS):
            counts[deeper] = levels[deeper].start - 1 if deeper in levels else 0
        return _PLACE.sub(lambda place: _counted(levels, counts, int(place[1]) - 1), level.pattern)


def _levels(abstract: Element) -> dict[int, _Level]:
    found: dict[int, _Level] = {}
    for one in abstract.iter("w.lvl"):
        place, start = one.get("w.ilvl", ""), _value(one, "w.start") or "1"
        if place.isdecimal() and int(place) < _LEVELS:
            form = _value(one, "w.numFmt") or "decimal"
            pattern = _value(one, "w.lvlText") or ""
            found[int(place)] = _Level(form, pattern[:50], int(start) if start.isdecimal() else 1)
    return found


def _counted(levels: dict[int, _Level], counts: list[int], place: int) -> str:
    form = levels[place].form if place in levels else "decimal"
    number = max(counts[place], 1)
    write = _FORMS.get(form.lower())
    text = write(number) if write else str(number)
    return text.upper() if form.startswith("upper") else text


def _roman(number: int) -> str:
    text = ""
    for value, sign in _ROMAN:
        count, number = divmod(number, value)
        text += sign * min(count, 9)
    return text


def _letters(number: int) -> str:
    times, place = divmod(number - 1, 26)
    return chr(ord("a") + place) * min(times + 1, 9)


_FORMS: dict[str, Callable[[int], str]] = {
    **dict.fromkeys(("lowerroman", "upperroman"), _roman),
    **dict.fromkeys(("lowerletter", "upperletter"), _letters),
    "decimalzero": lambda number: f"{number:02}",
}
