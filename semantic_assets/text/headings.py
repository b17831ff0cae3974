"""Markdown headings: the level of a line, and the headings above a passage."""

import re
from collections.abc import Iterator

NO_HEADING = 7
#: Six levels and a title of the heaviest script still leave the model room for 800 tokens.
_MAX_CHARS = 120
_HEADING = re.compile(r"(#{1,6})[ \t]+(\S[^\n]*)")


def level_at(text: str, position: int, first: int = 0) -> int:
    """Return the level, 1 to 6, of a heading at `position`, else 7; the text begins at `first`."""
    if not text.startswith("#", position) or (position > first and text[position - 1] != "\n"):
        return NO_HEADING
    found = _HEADING.match(text, position)
    return len(found[1]) if found else NO_HEADING


def shortened(heading: str) -> str:
    """Shorten a heading to 120 characters, so that it leaves the model room for the text."""
    return " ".join(heading[:_MAX_CHARS].split())


class HeadingTrail:
    """The headings in force while a text is walked from its start to its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._coming = _headings(text)
        self._next = next(self._coming, None)
        self._trail: dict[int, str] = {}

    def path(self, position: int) -> str | None:
        """Return the headings above the text at `position` as `A > B`, or None."""
        if not self._trail:
            return None
        level = level_at(self._text, position)
        return (
            " > ".join(self._trail[known] for known in sorted(self._trail) if known < level) or None
        )

    def walk(self, end: int) -> None:
        """Move on to `end`. A heading before it ends those of its level and deeper."""
        while self._next is not None and self._next[0] < end:
            _, level, name = self._next
            for deeper in [known for known in self._trail if known >= level]:
                del self._trail[deeper]
            self._trail[level] = name
            self._next = next(self._coming, None)


def _headings(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (place, level, name) of each heading."""
    at = 0 if text.startswith("#") else text.find("\n#") + 1
    while text.startswith("#", at):
        if found := _HEADING.match(text, at):
            yield at, len(found[1]), shortened(found[2])
        at = text.find("\n#", at) + 1 or len(text)
