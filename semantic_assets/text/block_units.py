"""The units of Markdown and of source code, from the paragraphs that blank lines divide them into.

A list item and a block of code stay whole, a heading goes with what follows it, and code is divided
where a definition begins.
"""

import re
from collections.abc import Sequence

from semantic_assets.text.breaks import STEPS, Break, code_step
from semantic_assets.text.code_outline import tops
from semantic_assets.text.outline import Outline

#: (place, rank) of units, and the breaks inside them that were passed over.
BlockUnits = tuple[list[tuple[int, int]], list[int]]

_MARKER = re.compile(r"(?:[-*+\u2022]|\d{1,9}[.)])[ \t]")


def of_markup(
    text: str, outline: Outline, starts: Sequence[int], is_joined: Sequence[bool]
) -> BlockUnits:
    """Return the units of Markdown: whole items and blocks of code, with their headings."""
    known = dict(zip(starts, is_joined, strict=True))
    units: list[tuple[int, int]] = []
    inner: list[int] = []
    is_in_item = was_item = False
    for place in sorted({*starts, *outline.levels}):
        indent = _indent(text, place)
        is_item = _MARKER.match(text, place) is not None
        goes_in = outline.is_code(place) or (indent > 1 and is_in_item)
        is_behind = place in outline.bodies or (
            known.get(place, True) and not (is_item and was_item)
        )
        is_heading = place in outline.levels and place not in outline.bodies
        if units and not is_heading and (goes_in or is_behind):
            inner += [place] if goes_in and place not in outline.bodies else []
        else:
            units.append((place, outline.levels.get(place, Break.PARAGRAPH) * STEPS))
        is_in_item, was_item = is_item or indent > 1, is_item
    return units, inner


def of_code(
    text: str, outline: Outline, starts: Sequence[int], is_joined: Sequence[bool]
) -> BlockUnits:
    """Return the units of source code: the least indented begin first."""
    places = sorted({*starts, *tops(text)})
    return [(p, Break.PARAGRAPH * STEPS + code_step(text, p, 0)) for p in places], []


def _indent(text: str, place: int) -> int:
    return place - text.rfind("\n", 0, place) - 1
