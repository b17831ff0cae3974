"""What is embedded before a chunk's text: title, headings, answers of tasks, a table's head."""

from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate

from semantic_assets.text.heading_names import shortened
from semantic_assets.text.outline import Outline
from semantic_assets.text.tokens import character_codes, token_weights, weight_of

#: Names are shortened to ever fewer characters, until they leave the text half of a chunk.
_NAME_CHARS = (120, 60, 30, 15)
#: Weight of the blank line behind a heading or an answer.
_BREAK = 20


class Preamble:
    """What stands before the chunks of one document. At least half of each chunk is its text."""

    def __init__(
        self, text: str, title: str | None, more: str | None, outline: Outline, max_weight: int
    ) -> None:
        """Describe a document.

        Args:
            more: text placed between the headings and each chunk's text.
        """
        self._text, self.outline = text, outline
        self._title, self._more = title, more
        self._most = max_weight // 2
        #: A head of more would leave a row too little room.
        self._most_with_head = max_weight * 3 // 4
        self._top = _context(title, (), more, self._most)

    def at(self, place: int) -> str:
        """Return what is embedded before a chunk that begins at a place."""
        if not self.outline.places and not self.outline.tables:
            return self._top
        names = _context(self._title, self.outline.trail(place), self._more, self._most)
        table = self.outline.table(place) if self.outline.tables else None
        if table is None:
            return names
        with_head = names + self._text[table.start : table.rows].strip() + "\n"
        return with_head if weight_before(with_head) <= self._most_with_head else names

    def heading_path(self, place: int) -> str | None:
        """Return the names of the headings above a place, None if there are none."""
        return " > ".join(self.outline.trail(place)) or None if self.outline.places else None

    def weight_at(self, place: int) -> int:
        return weight_before(self.at(place))


@lru_cache(maxsize=1_024)
def weight_before(context: str) -> int:
    return weight_of(context) if context else 0


@lru_cache(maxsize=1_024)
def _context(title: str | None, trail: tuple[str, ...], more: str | None, most: int) -> str:
    heading = _heading(title, trail, most)
    if more:
        more = _fitting(more, most - weight_of(heading))
    context = "\n\n".join(part for part in (heading, more) if part)
    return f"{context}\n\n" if context else ""


def _heading(title: str | None, trail: tuple[str, ...], most: int) -> str:
    """Return title and headings as `Title > A > B`, shortened as far as must be."""
    is_named_twice = title is not None and trail and _folded(title) == _folded(trail[0])
    names = trail if is_named_twice or not title else (title, *trail)
    for some, chars in _ever_fewer(names):
        heading = " > ".join(filter(None, (shortened(name, chars) for name in some)))
        if weight_of(heading) + _BREAK <= most:
            return heading
    return _fitting(names[-1], most) if names else ""


def _ever_fewer(names: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield the names shortened ever more, then without the outermost ones."""
    yield from ((names, chars) for chars in _NAME_CHARS)
    yield from ((names[first:], _NAME_CHARS[-1]) for first in range(1, len(names)))


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _fitting(text: str, most: int) -> str:
    """Return the start of a text, whole words if it has any, that weighs no more than `most`."""
    weights = list(accumulate(token_weights(character_codes(text)).tolist()))
    fits = bisect_right(weights, most - _BREAK)
    if fits >= len(text):
        return text
    head = text[:fits]
    return (head.rsplit(None, 1)[0] if len(head.split()) > 1 else head).rstrip()
