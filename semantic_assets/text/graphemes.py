"""Grapheme clusters: what a reader sees as one character is never cut, however it is written."""

import unicodedata
from collections.abc import Iterator

import regex

#: Flags first: of a million of them, `\X` alone counts from the first one for each.
_CLUSTER = regex.compile(r"[\U0001F1E6-\U0001F1FF]{2}[\p{M}\u200d\U0001F3FB-\U0001F3FF]*|\X")
_JOINER = "\u200d"
#: No character before this one belongs to another.
FIRST_MARK = 0x300
_MODIFIERS = range(0x1F3FB, 0x1F400)
_MARKS = frozenset(("Mn", "Mc", "Me"))


def continues(character: str) -> bool:
    """Return whether a character belongs to the one before it: a mark, a joiner, a skin colour."""
    if ord(character) < FIRST_MARK:
        return False
    is_mark = unicodedata.category(character) in _MARKS
    return is_mark or character == _JOINER or ord(character) in _MODIFIERS


def runs(text: str, start: int, end: int, weights: bytes, most: int) -> Iterator[int]:
    """Yield the places that divide a run of text into pieces of at most `most`, between clusters.

    Only a cluster that alone is heavier is cut: there are texts of one letter and 10,000 accents.

    Args:
        weights: the weight of each character of the run.
    """
    begun = held = 0
    for cluster in _CLUSTER.finditer(text, start, end):
        first, last = cluster.start() - start, cluster.end() - start
        added = sum(weights[first:last])
        if held + added <= most:
            held += added
            continue
        if first > begun:
            begun, held = first, 0
            yield start + begun
        held += added
        while held > most:
            place = _heaviest(weights, begun, last, most)
            held -= sum(weights[begun:place])
            begun = place
            yield start + begun


def _heaviest(weights: bytes, begun: int, last: int, most: int) -> int:
    place, held = begun + 1, sum(weights[begun : begun + 2])
    while place < last and held <= most:
        place += 1
        held += weights[place] if place < len(weights) else 0
    return place
