"""How a CSV file is written: its delimiter, its quotes, and where its header is."""

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from semantic_assets.parsing.record_files.column_names import twice, unique_names
from semantic_assets.parsing.record_files.rows import has_text, missing_column
from semantic_assets.parsing.record_files.values import whole_text
from semantic_assets.parsing.records import Columns

#: Lines in which the header is looked for, and from which the quotes are told.
HEAD_LINES, HEAD_CHARS = 50, 1 << 20
_DELIMITERS = (",", ";", "\t", "|", "^", "~", ":", "\x1f", "\x01")
_NO_DELIMITER = _DELIMITERS[-1]
#: The line by which Excel is told the delimiter.
_SEP = re.compile(r'"?sep=([^"\n])"?[ \t]*\n?', re.IGNORECASE)


class Dialect(NamedTuple):
    """The signs of a CSV file."""

    delimiter: str
    quote: str = '"'


class Header(NamedTuple):
    """The names of the columns, each of which stands once, and what is to be said of them."""

    dialect: Dialect
    names: list[str]
    #: Lines up to and with the header.
    lines: int
    remarks: list[str]


def find_header(head: Sequence[str], columns: Columns) -> Header:
    """Return the header of a file of which `head` are the first lines.

    Raises:
        Unreadable: no line names the text column.
    """
    first = next((number for number, line in enumerate(head) if line.strip()), 0)
    told = _SEP.fullmatch(head[first]) if head else None
    dialects = [Dialect(told[1])] if told else [Dialect(sign) for sign in _DELIMITERS]
    if told:
        first += 1
    elif any("'" in line for line in head):
        dialects += [Dialect(sign, "'") for sign in _DELIMITERS]
    for number in _candidates(head, first):
        found = _header(head, number, dialects, columns)
        if found is not None and _are_no_rows(head[first:number], found):
            return _described(found, head, first, number)
    raise _missing(head, first, dialects, columns)


def read_rows(lines: Sequence[str], dialect: Dialect) -> Iterator[list[str]]:
    """Return the rows of lines, as they are read where nothing is known to be wrong."""
    return csv.reader(
        lines, delimiter=dialect.delimiter, quotechar=dialect.quote, skipinitialspace=True
    )


def _candidates(head: Sequence[str], first: int) -> Iterator[int]:
    return (
        number
        for number in range(first, len(head))
        if head[number].strip() and len(head[number]) <= HEAD_CHARS
    )


def _header(
    head: Sequence[str], number: int, dialects: Sequence[Dialect], columns: Columns
) -> Header | None:
    """Return the header that a line is, with the delimiter that gives most columns."""
    found = []
    for dialect in dialects:
        names, lines = _names(head, number, dialect)
        if has_text(dict.fromkeys(names), columns.text):
            found.append(Header(dialect, names, number + lines, []))
    return max(found, key=lambda header: len(header.names), default=None)


def _names(head: Sequence[str], number: int, dialect: Dialect) -> tuple[list[str], int]:
    lines = [head[number].removeprefix("#"), *islice(head, number + 1, None)]
    rows = csv.reader(
        lines, delimiter=dialect.delimiter, quotechar=dialect.quote, skipinitialspace=True
    )
    return [name.strip() for name in next(rows)], rows.line_num


def _are_no_rows(before: Sequence[str], header: Header) -> bool:
    """Return whether the lines before a header are comments or titles: they have fewer cells."""
    if before and len(header.names) == 1:
        return all(line.startswith("#") or not line.strip() for line in before)
    rows = read_rows([line for line in before if not line.startswith("#")], header.dialect)
    return all(len([cell for cell in row if cell.strip()]) < len(header.names) for row in rows)


def _described(found: Header, head: Sequence[str], first: int, number: int) -> Header:
    said: list[str] = []
    plain = [whole_text(name, "names of columns", said) if name else "" for name in found.names]
    named = [name or f"column {place}" for place, name in enumerate(plain, 1)]
    said += twice(named)
    if any(line.strip() and not line.startswith("#") for line in head[first:number]):
        said.append(f"lines {first + 1} to {number}, before the header, are left out")
    dialect = found.dialect
    if len(named) == 1:
        dialect = Dialect(_NO_DELIMITER, dialect.quote)  # a comma in the only column is text
    if dialect.quote == '"' and _has_single_quotes(head[found.lines :], found):
        dialect = Dialect(dialect.delimiter, "'")
    return Header(dialect, unique_names(named), found.lines, said)


def _has_single_quotes(rest: Sequence[str], header: Header) -> bool:
    """Return whether ' stands around cells, as it does around all or none that begin with it."""
    cells = [cell.strip() for line in rest for cell in line.split(header.dialect.delimiter)]
    if not any(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in cells):
        return False
    if any(cell.startswith('"') for cell in cells):
        return False
    rows = csv.reader(
        rest,
        delimiter=header.dialect.delimiter,
        quotechar="'",
        skipinitialspace=True,
        strict=True,
    )
    try:
        return all(len(row) == len(header.names) for row in rows if row)
    except csv.Error:
        return False


def _missing(
    head: Sequence[str], first: int, dialects: Sequence[Dialect], columns: Columns
) -> Exception:
    lines = [line[:HEAD_CHARS] for line in head[first:] if line.strip() and line[0] != "#"]
    rows = [list(read_rows(lines, dialect)) for dialect in dialects if lines]
    best: list[list[str]] = max(rows, key=lambda found: len(found[0]), default=[[]])
    names = unique_names([name.strip() for name in best[0]])
    sample = [dict(zip(names, row, strict=False)) for row in best[1:]]
    return missing_column(columns.text, names, sample)
