"""Tables as wide as the terminal: wrapped between words, or else each row as a record of its own.

An id, a name or a path that somebody has to copy is never broken where it could stand in one line.
"""

from collections.abc import Callable, Sequence

from rich.cells import cell_len
from rich.table import Column, Table
from rich.text import Text

#: Of a column: a space on each side, and a line.
_AROUND = 3


def fitted(
    table: Table, width: int, make: Callable[..., Table], *, is_record: bool = False
) -> Table | Text:
    """Return a table that is no wider than `width`; `make` makes an empty one.

    A word that is too long for any table stands in a line without one, which the terminal wraps:
    it can be copied whole.
    """
    if table.box is None:  # a drawing
        return table
    room = width - 1 - _AROUND * len(table.columns)
    least = [_longest(column, words=True) for column in table.columns]
    if sum(least) > room:
        wide = is_record or len(table.columns) == 2
        return _lines(table) if wide else fitted(_records(table, make), width, make, is_record=True)
    wanted = [_longest(column, words=False) for column in table.columns]
    for column, given in zip(table.columns, _shared(least, wanted, room), strict=True):
        column.width = given
    return table


def _lines(table: Table) -> Text:
    """Return each cell of two columns in a line, with its name before it."""
    lines = Text()
    cells = zip(*(column.cells for column in table.columns), strict=True)
    for row, (name, value) in zip(table.rows, cells, strict=True):
        lines.append(Text(f"{name}: ")).append(value if isinstance(value, Text) else str(value))
        lines.append("\n\n" if row.end_section else "\n")
    lines.rstrip()
    return lines


def _longest(column: Column, *, words: bool) -> int:
    """Return the width of the longest word, or line, of a column and its head."""
    texts = [str(one) for one in (column.header, *column.cells)]
    parts = (part for text in texts for part in (text.split() if words else text.split("\n")))
    return max((cell_len(part) for part in parts), default=0)


def _shared(least: Sequence[int], wanted: Sequence[int], room: int) -> list[int]:
    """Give each column what it needs at least, and those that want more what is left, evenly."""
    given = list(least)
    left = room - sum(given)
    while left > 0 and (short := [i for i, one in enumerate(given) if one < wanted[i]]):
        each = max(1, left // len(short))
        for i in short:
            more = min(each, wanted[i] - given[i], left)
            given[i] += more
            left -= more
    return given


def _records(wide: Table, make: Callable[..., Table]) -> Table:
    """Return the rows one below the other, each cell with the name of its column before it.

    Of several rows the empty cells are left out; a row alone shows what was looked for in vain.
    """
    made = make("", "", show_header=False)
    names = [column.header for column in wide.columns]
    for row in zip(*(column.cells for column in wide.columns), strict=True):
        for name, one in zip(names, row, strict=True):
            if len(wide.rows) == 1 or _is_filled(one):
                made.add_row(name, one)
        made.add_section()
    return made


def _is_filled(one: object) -> bool:
    return bool(one.plain if isinstance(one, Text) else str(one))
