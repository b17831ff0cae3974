"""Breaks inside a unit that is too large: at items and rows, sentences, lines, clauses, words."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum

import numpy as np

from semantic_assets.text import graphemes
from semantic_assets.text.code_outline import is_closing, is_leading, width
from semantic_assets.text.kinds import TextKind
from semantic_assets.text.outline import Outline
from semantic_assets.text.sentences import sentence_starts
from semantic_assets.text.tokens import Characters, Places, token_weights


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

#: A line that begins like an item; the first letter of a text is behind no line end.
_ITEM = re.compile(
    r"\n([ \t]{0,40})(?:[-*+\u2022\u25e6\u25aa\u2023\u00b7]|\d{1,3}[.)])[ \t]+(?=\S)"
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
        self,
        characters: Characters,
        first: int,
        kind: TextKind,
        outline: Outline,
        joined: Sequence[int],
    ) -> None:
        """Describe the document.

        Args:
            characters: several documents, of which this one begins at `first`.
            joined: breaks between paragraphs that were passed over, ascending: those in items.
        """
        self._text, self._codes, self._weights = characters
        self._first, self._kind = first, kind
        self._outline, self._joined = outline, joined

    def of(self, start: int, end: int, most: int) -> tuple[list[Places], list[Places]]:
        """Return places and ranks of finer and finer breaks, until no piece outweighs `most`."""
        places: list[Places] = []
        ranks: list[Places] = []
        heavy = [(start, end)]
        for level in _LEVELS[self._kind]:
            added = [self._between(level, begin, stop, most) for begin, stop in heavy]
            places += added
            ranks += [self._ranks(level, one) for one in added]
            heavy = [
                piece
                for (begin, stop), inside in zip(heavy, added, strict=True)
                for piece in self._heavy(np.unique(np.concatenate(([begin], inside, [stop]))), most)
            ]
            if not heavy:
                break
        return places, ranks

    def _heavy(self, edges: Places, most: int) -> Iterator[tuple[int, int]]:
        """Yield the pieces between edges that weigh more than `most`."""
        found = np.flatnonzero(np.diff(self._weights.before(edges)) > most)
        return zip(edges[found].tolist(), edges[found + 1].tolist(), strict=True)

    def _between(self, level: Break, start: int, end: int, most: int) -> Places:
        found = np.fromiter(self._places(level, start, end, most), dtype=np.int64)
        found = found[(found > start) & (found < end)]
        if level is Break.GRAPHEME or self._codes.dtype == np.uint8:
            return found
        is_behind = self._codes[found] >= graphemes.FIRST_MARK
        for index in np.flatnonzero(is_behind).tolist():
            is_behind[index] = graphemes.continues(self._text[int(found[index])])
        return found[~is_behind]

    def _ranks(self, level: Break, places: Places) -> Places:
        ranks = np.full(len(places), level * STEPS, dtype=np.int64)
        if self._kind is TextKind.CODE and level is Break.LINE:
            steps = (code_step(self._text, place, self._first) for place in places.tolist())
            ranks += np.fromiter(steps, dtype=np.int64)
        return ranks

    def _places(self, level: Break, start: int, end: int, most: int) -> Iterable[int]:
        if level is Break.GRAPHEME:
            weights = token_weights(self._codes[start:end]).tobytes()
            return graphemes.runs(self._text, start, end, weights, most)
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

    def _all_places(self, level: Break, start: int, end: int) -> Iterable[int]:
        text = self._text
        if level is Break.INNER:
            first, last = bisect_right(self._joined, start), bisect_left(self._joined, end)
            return self._joined[first:last]
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
        return map(re.Match.end, patterns[level].finditer(text, start, end))

    def _items(self, start: int, end: int) -> Iterator[int]:
        """Yield the starts of list items, of rows, and of lines of code in Markdown."""
        found_items = _ITEM.finditer(self._text, max(start - 1, 0), end)
        items = [found.end(1) for found in found_items]
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
        rows = _ROW.finditer(self._text, start, end)
        # Whatever a document is split with, its first line is behind no line end.
        return sum(found.start() != self._first for found in rows) >= fewest


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
