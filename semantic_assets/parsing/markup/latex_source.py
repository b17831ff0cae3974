"""The source of a LaTeX file, read from its start: what stands behind a command is taken here."""

import re

from semantic_assets.parsing.markup.marked import one_line

_OPTION = re.compile(r"[ \t]{0,9}\[[^\[\]]{0,300}\]")
_BLANKS = re.compile(r"[ \t]*\n?[ \t]*")
_ITEM = re.compile(r"[ \t]{0,9}\[([^\[\]]{0,300})\]")
_KEYS = re.compile(r"[ \t]{0,9}(?:\[[^\[\]\n]{0,300}\][ \t]{0,9}){0,2}\{([^{}]{0,1000})\}")
_TARGET = re.compile(r"[ \t]{0,9}\{[^{}]{0,1000}\}(?=\{)")
_VERB = re.compile(r"[ \t]?([^A-Za-z\s])([^\n]{0,500}?)\1")
_MAX_MATH_CHARS = 5_000
_MAX_COLUMNS_CHARS = 1_000


class Source:
    """A text and the place up to which it has been read."""

    def __init__(self, text: str, place: int) -> None:
        self.text, self.place = text, place
        self._endless: set[str] = set()

    def token(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Take what a pattern finds here."""
        found = pattern.match(self.text, self.place)
        if found:
            self.place = found.end()
        return found

    def skip_option(self) -> None:
        """Skip an argument in brackets."""
        self.token(_OPTION)

    def skip_blanks(self) -> None:
        """Skip white space up to the text of an item."""
        self.token(_BLANKS)

    def skip_target(self) -> None:
        """Skip the address of a link that has a text too."""
        self.token(_TARGET)

    def label(self) -> str:
        """Take the label of an item."""
        found = self.token(_ITEM)
        return found[1] if found else ""

    def keys(self) -> str:
        """Take an argument in braces, and options before it."""
        found = self.token(_KEYS)
        return one_line(found[1]) if found else ""

    def verb(self) -> str | None:
        """Take what stands between two equal signs."""
        self.skip_option()
        found = self.token(_VERB)
        return found[2] if found else None

    def skip_space(self) -> None:
        """Skip the space that ends the name of a command, or empty braces."""
        if self.text[self.place : self.place + 1] == " ":
            self.place += 1
        if self.text[self.place : self.place + 2] == "{}":
            self.place += 2

    def skip_comment(self) -> None:
        """Skip to the next line; one that held text before goes on without a space."""
        end = self.text.find("\n", self.place)
        self.place = len(self.text) if end < 0 else end + 1

    def skip_group(self) -> None:
        """Skip the columns of a table, whose braces may nest."""
        depth = 0
        end = min(self.place + _MAX_COLUMNS_CHARS, len(self.text))
        for place in range(self.place, end):
            depth += {"{": 1, "}": -1}.get(self.text[place], 0)
            if not depth:
                self.place = place + (self.text[place] == "}")
                return

    def until(self, end: str) -> str | None:
        """Take the text up to an end, and go behind it; None if there is none."""
        place = -1 if end in self._endless else self.text.find(end, self.place)
        if place < 0:
            self._endless.add(end)  # a search for each of many would take long
            return None
        found = self.text[self.place : place]
        self.place = place + len(end)
        return found

    def math(self, end: str) -> str | None:
        """Take mathematics up to its end, which is not far if it is there."""
        limit = self.place + _MAX_MATH_CHARS
        place = self.text.find(end, self.place, limit)
        while place > 0 and end == "$" and self.text[place - 1] == "\\":
            place = self.text.find(end, place + 1, limit)
        if place < 0:
            return None
        found = self.text[self.place : place].strip()
        self.place = place + len(end)
        return found
