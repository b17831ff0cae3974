"""Grapheme clusters: what a reader sees as one character is never cut, however it is written."""

import unicodedata
from collections.abc import Iterator, Sequence

import regex

#: Flags first: of a million of them, `\X` alone counts from the first one for each.
_CLUSTER = regex.compile(r"[\U0001F1E6-\U0001F1FF]{2}[\p{M}\u200d\U0001F3FB-\U0001F3FF]*|\X")
_JOINER = "\u200d"
_MODIFIERS = range(0x1F3FB, 0x1F400)
_MARKS = frozenset(("Mn", "Mc", "Me"))


def continues(character: str) -> bool:
    """Return whether a character belongs to the one before it: a mark, a joiner, a skin colour."""
    if character < "\u0300":
        return False
    is_mark = unicodedata.category(character) in _MARKS
    return is_mark or character == _JOINER or ord(character) in _MODIFIERS


def runs(text: str, start: int, end: int, weights: Sequence[int], most: int) -> Iterator[int]:
    """Yield the places that divide a run of text into pieces of at most `most`, between clusters.

    Only a cluster that alone is heavier is cut: there are texts of one letter and 10,000 accents.

    Args:
        weights: weight of the run before each of its characters, and of all of it.
    """
    begun = 0
    for cluster in _CLUSTER.finditer(text, start, end):
        first, last = cluster.start() - start, cluster.end() - start
        if weights[last] - weights[begun] <= most:
            continue
        if first > begun:
            begun = first
            yield start + begun
        while weights[last] - weights[begun] > most:
            begun = _heaviest(weights, begun, last, most)
            yield start + begun


def _heaviest(weights: Sequence[int], begun: int, last: int, most: int) -> int:
    place = begun + 1
    while place < last and weights[place + 1] - weights[begun] <= most:
        place += 1
    return place
