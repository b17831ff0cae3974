"""Headers and footers: lines that stand at the head or foot of most pages."""

import re
from collections import Counter
from collections.abc import Container
from typing import NamedTuple

_LEAST_PAGES, _LEAST_TIMES = 4, 3
#: Lines looked at from the head and from the foot of a page.
_LINES = 3
#: Left and right pages may have headers of their own, and chapters begin without one. A number
#: that counts the pages is evidence by itself.
_SHARE, _NUMBERED_SHARE = 0.4, 0.25
_NUMBER = re.compile(r"\d{1,9}")
_ROMAN = re.compile(r"[ivxlc]{1,8}|[IVXLC]{1,8}")
#: A longer line is text.
_MAX_CHARS = 150


class Pages(NamedTuple):
    """The texts of pages without the lines that repeat, and how many lines were left out."""

    texts: list[str]
    left_out: int


def without_repeated_lines(texts: list[str], scans: Container[int]) -> Pages:
    """Return the pages without headers and footers; a header without page number stays once.

    Where half of the pages but scans have nothing else, as cards have, nothing is left out.
    """
    filled = sum(map(bool, texts))
    if filled < _LEAST_PAGES:
        return Pages(texts, 0)
    pages = [text.split("\n") if text else [] for text in texts]
    heads = _repeated([lines[:_LINES] for lines in pages], filled)
    feet = _repeated([lines[-_LINES:] for lines in pages], filled)
    seen: set[str] = set()
    kept = [_kept(number, lines, heads, feet, seen) for number, lines in enumerate(pages)]
    own = [bool(new) for n, new in enumerate(kept) if pages[n] and n not in scans]
    if own.count(False) * 2 > len(own):
        return Pages(texts, 0)
    left_out = sum(len(old) - len(new) for old, new in zip(pages, kept, strict=True))
    return Pages(["\n".join(lines).strip() for lines in kept], left_out)


def _repeated(edges: list[list[str]], filled: int) -> frozenset[str]:
    """Return the shapes of the lines that are at this edge of enough pages."""
    times: Counter[str] = Counter()
    for page, lines in enumerate(edges):
        times.update({shape for line in lines for shape in _shapes(line, page)})
    least = {True: _SHARE * filled, False: _NUMBERED_SHARE * filled}
    return frozenset(
        shape
        for shape, count in times.items()
        if count >= max(_LEAST_TIMES, least[shape.startswith("=")])
    )


def _kept(
    page: int, lines: list[str], heads: frozenset[str], feet: frozenset[str], seen: set[str]
) -> list[str]:
    kept: list[str] = []
    for place, line in enumerate(lines):
        is_head, is_foot = place < _LINES, place >= len(lines) - _LINES
        shapes = _shapes(line, page) if is_head or is_foot else set()
        repeats = (shapes & heads if is_head else set()) | (shapes & feet if is_foot else set())
        if not repeats or (repeats == {_plain(line)} and not repeats & seen):
            kept.append(line)
        seen |= repeats
    return kept


def _plain(line: str) -> str:
    return f"={' '.join(line.split())}"


def _shapes(line: str, page: int) -> set[str]:
    """Return the line, and what it is when a number in it counts the pages."""
    text = " ".join(line.split())
    if not text or len(text) > _MAX_CHARS:
        return set()
    shapes = {"=roman"} if _ROMAN.fullmatch(text) else {_plain(line)}
    for found in _NUMBER.finditer(text):
        offset = int(found[0]) - page
        shapes.add(f"{text[: found.start()]}\0{offset}\0{text[found.end() :]}")
        if found.start() == 0:
            shapes.add(f"first\0{offset}")
        if found.end() == len(text):
            shapes.add(f"last\0{offset}")
    if _NUMBER.fullmatch(text):
        shapes.discard(_plain(line))  # the same number on many pages is of a table
    return shapes
