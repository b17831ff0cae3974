"""Markdown headings: which level a line is, and which headings a passage stands under."""

import re
from collections.abc import Iterator

NO_HEADING = 7
#: Six levels and a title of the heaviest script still leave the model room for 800 tokens.
_MAX_CHARS = 120
_HEADING = re.compile(r"(#{1,6})[ \t]+(\S[^\n]*)")


def level_at(text: str, position: int, first: int = 0) -> int:
    """1 to 6 where a heading begins at a position of a text that begins at `first`."""
    if not text.startswith("#", position) or (position > first and text[position - 1] != "\n"):
        return NO_HEADING
    found = _HEADING.match(text, position)
    return len(found[1]) if found else NO_HEADING


def shortened(heading: str) -> str:
    """A sentence taken for a title must not push the text itself out of the model's input."""
    return " ".join(heading[:_MAX_CHARS].split())


class HeadingTrail:
    """The headings in force while a text is walked from its start to its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._coming = _headings(text)
        self._next = next(self._coming, None)
        self._trail: dict[int, str] = {}

    def path(self, position: int) -> str | None:
        """`A > B` of the headings that what begins here stands under."""
        if not self._trail:
            return None
        level = level_at(self._text, position)
        return (
            " > ".join(self._trail[known] for known in sorted(self._trail) if known < level) or None
        )

    def walk(self, end: int) -> None:
        """Go on to a place. A heading before it ends those of its level and deeper."""
        while self._next is not None and self._next[0] < end:
            _, level, name = self._next
            for deeper in [known for known in self._trail if known >= level]:
                del self._trail[deeper]
            self._trail[level] = name
            self._next = next(self._coming, None)


def _headings(text: str) -> Iterator[tuple[int, int, str]]:
    """(place, level, name) of each."""
    at = 0 if text.startswith("#") else text.find("\n#") + 1
    while text.startswith("#", at):
        if found := _HEADING.match(text, at):
            yield at, len(found[1]), shortened(found[2])
        at = text.find("\n#", at) + 1 or len(text)
