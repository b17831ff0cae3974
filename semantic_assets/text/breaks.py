"""Breaks inside a unit that is too large: at items and rows, sentences, lines, clauses, words."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from enum import IntEnum
from itertools import repeat

import numpy as np
import numpy.typing as npt

from semantic_assets.text import graphemes
from semantic_assets.text.code_outline import is_closing, is_leading, width
from semantic_assets.text.kinds import TextKind
from semantic_assets.text.outline import Outline
from semantic_assets.text.sentences import sentence_starts


class Break(IntEnum):
    """What is between two units; a chunk ends at the lowest in reach. Headings have 1 to 6."""

    PARAGRAPH = 7
    #: A blank line inside a list item or a block of code.
    INNER = 8
    ITEM = 9
    SENTENCE = 10
    #: A blank line inside a sentence, or between a short line and what it leads to.
    INTERRUPTION = 11
    LINE = 12
    CLAUSE = 13
    WORD = 14
    GRAPHEME = 15


#: The places of a rank that a class of breaks has: for the indentation of code.
STEPS = 16

_ITEM = re.compile(
    r"^([ \t]{0,40})(?:[-*+\u2022\u25e6\u25aa\u2023\u00b7]|\d{1,3}[.)])[ \t]+(?=\S)", re.M
)
_ROW = re.compile(r"^[^\n\t|]{0,300}(?:\t| ?\| ?)", re.M)
_LINE_START = re.compile(r"\n[ \t]{0,200}(?=\S)")
_CLAUSE = re.compile(r"[,;:\u2013\u2014](?=\s)\s+|[\uff0c\u3001\uff1b\uff1a\u060c\u061b]")
_WORD = re.compile(r"\s+")
_BLANK_LINE = re.compile(r"\n[ \t\f]{0,200}\n\s*")
#: Fewer lines that begin like items are sentences that happen to.
_FEWEST_ITEMS = 3
_FEWEST_ROWS, _ROWS_SHARE = 4, 0.8

_LEVELS = {
    TextKind.PLAIN: (
        *(Break.ITEM, Break.SENTENCE, Break.INTERRUPTION, Break.LINE, Break.CLAUSE),
        *(Break.WORD, Break.GRAPHEME),
    ),
    TextKind.MARKUP: (
        *(Break.INNER, Break.ITEM, Break.SENTENCE, Break.INTERRUPTION, Break.LINE, Break.CLAUSE),
        *(Break.WORD, Break.GRAPHEME),
    ),
    TextKind.CODE: (Break.LINE, Break.WORD, Break.GRAPHEME),
}


class Breaks:
    """The breaks inside the units of a document that are too large for a chunk."""

    def __init__(
        self, text: str, first: int, kind: TextKind, outline: Outline, joined: Sequence[int]
    ) -> None:
        """Describe the document.

        Args:
            text: several documents, of which this one begins at `first`.
            joined: breaks between paragraphs that were passed over, ascending: those in items.
        """
        self._text, self._first, self._kind = text, first, kind
        self._outline, self._joined = outline, joined
        self._is_ascii = text.isascii()

    def of(
        self, start: int, end: int, cumulative: npt.NDArray[np.int64], most: int
    ) -> Iterator[tuple[int, int]]:
        """Yield (place, rank) of finer and finer breaks, until no piece is heavier than `most`."""
        edges = [start, end]
        for level in _LEVELS[self._kind]:
            heavy = np.flatnonzero(np.diff(cumulative[edges]) > most).tolist()
            added: list[int] = []
            for begin, stop in [(edges[index], edges[index + 1]) for index in heavy]:
                if level is Break.GRAPHEME:
                    weights = (cumulative[begin : stop + 1] - cumulative[begin]).tolist()
                    added += graphemes.runs(self._text, begin, stop, weights, most)
                else:
                    added += self._between(level, begin, stop)
            yield from self._ranked(level, added)
            edges = sorted({*edges, *added}) if added else edges

    def _between(self, level: Break, start: int, end: int) -> list[int]:
        found = [place for place in self._places(level, start, end) if start < place < end]
        if self._is_ascii:
            return found
        return [place for place in found if not graphemes.continues(self._text[place])]

    def _ranked(self, level: Break, places: list[int]) -> Iterator[tuple[int, int]]:
        rank = level * STEPS
        if self._kind is not TextKind.CODE or level is not Break.LINE:
            return zip(places, repeat(rank), strict=False)
        return ((place, rank + code_step(self._text, place, self._first)) for place in places)

    def _places(self, level: Break, start: int, end: int) -> Iterator[int]:
        found = self._all_places(level, start, end)
        if self._kind is not TextKind.MARKUP or level >= Break.WORD:
            return found
        return (place for place in found if self._may_end_before(level, place))

    def _may_end_before(self, level: Break, place: int) -> bool:
        """Return whether the text before a place can end there: no heading, no line of code."""
        local = place - self._first
        if local in self._outline.bodies:
            return False
        is_for_prose = level in (Break.SENTENCE, Break.CLAUSE)
        return not (is_for_prose and self._is_of_lines(local))

    def _is_of_lines(self, local: int) -> bool:
        return self._outline.is_code(local) or self._outline.table(local) is not None

    def _all_places(self, level: Break, start: int, end: int) -> Iterator[int]:
        text = self._text
        if level is Break.INNER:
            first, last = bisect_right(self._joined, start), bisect_left(self._joined, end)
            return iter(self._joined[first:last])
        if level is Break.ITEM:
            return self._items(start, end)
        if level is Break.SENTENCE:
            return sentence_starts(text, start, end)
        patterns = {
            Break.INTERRUPTION: _BLANK_LINE,
            Break.LINE: _LINE_START,
            Break.CLAUSE: _CLAUSE,
            Break.WORD: _WORD,
        }
        return (found.end() for found in patterns[level].finditer(text, start, end))

    def _items(self, start: int, end: int) -> Iterator[int]:
        """Yield the starts of list items, of rows, and of lines of code in Markdown."""
        items = [found.end(1) for found in _ITEM.finditer(self._text, start, end)]
        lines = (found.end() for found in _LINE_START.finditer(self._text, start, end))
        if self._kind is TextKind.MARKUP:
            yield from (p for p in items if not self._is_of_lines(p - self._first))
            yield from (p for p in lines if self._is_of_lines(p - self._first))
        elif self._is_of_rows(start, end):
            yield from lines
        elif len(items) >= _FEWEST_ITEMS:
            yield from items

    def _is_of_rows(self, start: int, end: int) -> bool:
        fewest = max(_FEWEST_ROWS, _ROWS_SHARE * self._text.count("\n", start, end))
        if self._text.count("\t", start, end) + self._text.count("|", start, end) < fewest:
            return False
        return sum(1 for _ in _ROW.finditer(self._text, start, end)) >= fewest


def code_step(text: str, place: int, first: int) -> int:
    """Return how little a line of code is the start of something, 0 to 15: by its indentation."""
    begins = text.rfind("\n", first, place) + 1
    begins = max(begins, first)
    line_end = text.find("\n", place, place + 300)
    line = text[place : line_end if line_end >= 0 else place + 300]
    above = text[max(first, text.rfind("\n", first, max(begins - 1, first)) + 1) : begins].strip()
    if is_closing(line) or (above and is_leading(above)):
        return STEPS - 1
    return min(width(text[begins:place]), STEPS - 2)
