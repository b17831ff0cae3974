"""Rows of CSV whose quotes are wrong: read in another way where that gives a whole row.

Where none does, the row is given up and reading goes on at the next line that is a row by itself,
so that a quote that is never closed costs one row.
"""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import islice

from semantic_assets.parsing.record_files.csv_dialect import Dialect
from semantic_assets.parsing.records import Unreadable

#: A row is looked for in so many lines; most have one.
_ROW_LINES, _ROW_CHARS = 20, 1 << 20

Row = list[str] | Unreadable


class Lines:
    """Lines of a file, which can be given back; `taken` are those since the last row."""

    def __init__(self, lines: Iterable[str], number: int) -> None:
        self._lines, self._back = iter(lines), deque[str]()
        #: Of the last line taken.
        self.number = number
        self.taken: list[str] = []

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else next(self._lines)
        self.number += 1
        self.taken.append(line)
        return line

    def give_back(self, count: int) -> None:
        """Let the last `count` lines be taken again."""
        if count:
            self._back.extendleft(reversed(self.taken[-count:]))
            del self.taken[-count:]
            self.number -= count


class RowReader:
    """The rows behind a header, each with the number of its first line."""

    def __init__(self, lines: Lines, dialect: Dialect, width: int) -> None:
        self._lines, self._dialect, self._width = lines, dialect, width
        self._reader = self._strict(lines)
        #: Whether a row of this file has begun with words; None before the first.
        self._begins_with_words: bool | None = None

    def __iter__(self) -> Iterator[tuple[int, Row]]:
        while True:
            self._lines.taken.clear()
            first = self._lines.number + 1
            try:
                row: Row = self._cut(next(self._reader))
            except StopIteration:
                return
            except csv.Error as error:
                row = Unreadable(f"{error}: check its quotes")
            if not isinstance(row, Unreadable) and not any(map(str.strip, row)):
                continue
            row = self._checked(row)
            if not isinstance(row, Unreadable) and len(row) == self._width:
                self._begins_with_words = bool(self._begins_with_words) or _has_words(row[0])
            yield first, row

    def _checked(self, row: Row) -> Row:
        taken = self._lines.taken
        if not isinstance(row, Unreadable) and len(row) == self._width:
            if len(taken) > 1 and self._dialect.delimiter == "\t" and all(map(self._tabs, taken)):
                self._lines.give_back(len(taken) - 1)  # files of tabs have no quotes by their rule
                return self._tabs(taken[0])
            return row
        mended = self._mended() if self._dialect.quote in taken[0] else None
        if mended is not None:
            return mended
        if isinstance(row, Unreadable) or len(self._lines.taken) > 1:
            return self._given_up(row)
        return row if len(row) < self._width and self._is_like(row) else self._miscounted(row)

    def _is_like(self, row: list[str]) -> bool:
        """Return whether a row begins as others do: a line of prose begins with words, no id does."""
        return self._begins_with_words is not False or not _has_words(row[0])

    def _miscounted(self, row: Sequence[str]) -> Unreadable:
        return Unreadable(
            f"{len(row)} cells where the header has {self._width}: check its delimiters and quotes"
        )

    def _mended(self) -> Row | None:
        """Return the row read with quotes after a backslash, or with quotes that are not doubled."""
        ways = [self._loosely, self._without_quotes]
        if f"\\{self._dialect.quote}" in self._lines.taken[0]:
            ways.insert(0, self._with_backslashes)
        for read in ways:
            self._lines.give_back(len(self._lines.taken))
            row = read()
            if row is not None and len(row) == self._width and not self._swallowed():
                return row
        self._lines.give_back(len(self._lines.taken))
        with suppress(csv.Error, StopIteration):
            next(self._reader)
        return None

    def _with_backslashes(self) -> list[str] | None:
        quote = self._dialect.quote
        lines = islice(self._lines, _ROW_LINES)
        doubled = (line.replace(f"\\{quote}", quote * 2) for line in lines)
        try:
            return self._cut(next(self._strict(doubled)))
        except (csv.Error, StopIteration):
            return None

    def _loosely(self) -> list[str] | None:
        text = next(self._lines)
        cells, end = _loose_row(text, self._dialect, self._width)
        if end:
            return self._cut(cells)
        for line in islice(self._lines, _ROW_LINES):
            text += line
            if len(text) > _ROW_CHARS:
                break
        cells, end = _loose_row(text, self._dialect, self._width)
        used = text.count("\n", 0, end) if end else 0
        self._lines.give_back(len(self._lines.taken) - max(1, used))
        return self._cut(cells) if end else None

    def _without_quotes(self) -> list[str] | None:
        line = next(self._lines)
        return self._tabs(line) if self._dialect.delimiter == "\t" else None

    def _tabs(self, line: str) -> list[str]:
        cells = self._cut(line.rstrip("\n").split("\t"))
        return cells if len(cells) == self._width else []

    def _swallowed(self) -> bool:
        return any(self._is_row(line) for line in self._lines.taken[1:])

    def _given_up(self, row: Row) -> Unreadable:
        """Return why a row cannot be read; the lines from the next row on are given back."""
        taken = self._lines.taken
        sound = next((n for n, line in enumerate(taken) if n and self._is_row(line)), len(taken))
        self._lines.give_back(len(taken) - sound)
        reason = str(row) if isinstance(row, Unreadable) else str(self._miscounted(row))
        if sound == 1:
            return Unreadable(reason)
        last = self._lines.number
        return Unreadable(f"{reason} (lines {last - sound + 1} to {last}, taken for one row)")

    def _is_row(self, line: str) -> bool:
        try:
            row = self._cut(next(self._strict([line]), []))
        except csv.Error:
            return False
        is_whole = len(row) == self._width
        return is_whole and (bool(self._begins_with_words) or not _has_words(row[0]))

    def _cut(self, row: list[str]) -> list[str]:
        """Return a row without empty cells beyond the header's last column."""
        while len(row) > self._width and not row[-1].strip():
            row.pop()
        return row

    def _strict(self, lines: Iterable[str]) -> Iterator[list[str]]:
        return csv.reader(
            lines,
            delimiter=self._dialect.delimiter,
            quotechar=self._dialect.quote,
            skipinitialspace=True,
            strict=True,
        )


def _has_words(cell: str) -> bool:
    return " " in cell.strip()


def _loose_row(text: str, dialect: Dialect, width: int) -> tuple[list[str], int]:
    """Return the cells of the row that a text begins with, and its end; 0: its quotes do not pair.

    A quote ends a cell where a delimiter follows, the last cell where the line ends, and is itself
    elsewhere.
    """
    cells: list[str] = []
    position = 0
    while len(cells) <= width:
        ends = "\n" if len(cells) + 1 == width else dialect.delimiter
        cell, position = _loose_cell(text, position, dialect, ends)
        if position < 0:
            break
        cells.append(cell)
        if position >= len(text) or text[position] == "\n":
            return cells, min(position + 1, len(text))
        position += 1
    return cells, 0


def _loose_cell(text: str, position: int, dialect: Dialect, after: str) -> tuple[str, int]:
    """Return a cell and where it ends, if in a quote then before `after`; -1: it does not."""
    start = position
    while text.startswith(" ", start):
        start += 1
    if not text.startswith(dialect.quote, start):
        ends = [text.find(sign, position) for sign in (dialect.delimiter, "\n")]
        end = min((end for end in ends if end >= 0), default=len(text))
        return text[position:end], end
    closing = _closing(dialect.quote, after).search(text, start + 1)
    if closing is None:
        return "", -1
    inside = text[start + 1 : closing.start()]
    return inside.replace(dialect.quote * 2, dialect.quote), closing.end()


@lru_cache
def _closing(quote: str, after: str) -> re.Pattern[str]:
    return re.compile(rf"{quote} *(?={re.escape(after)}|\Z)")
