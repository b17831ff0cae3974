"""What stands above each place of a document: headings, enclosing definitions, a table's head."""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple


class Table(NamedTuple):
    """A table: its head is the text from `start` to `rows`, where its first row begins."""

    start: int
    rows: int
    end: int


@dataclass(slots=True)
class Outline:
    """The parts of a document that its chunks are named and divided by; plain text has none."""

    #: Places, ascending, from which on other names stand above the text, and those names.
    places: list[int] = field(default_factory=list)
    trails: list[tuple[str, ...]] = field(default_factory=list)
    #: Level, 1 to 6, of the heading that begins at a place.
    levels: dict[int, int] = field(default_factory=dict)
    #: Where the text behind a heading begins: no chunk ends there.
    bodies: set[int] = field(default_factory=set)
    #: Start and end of each block of code.
    code: list[tuple[int, int]] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)

    def trail(self, place: int) -> tuple[str, ...]:
        """Return the names above the text at `place`, the outermost first."""
        index = bisect_right(self.places, place)
        return self.trails[index - 1] if index else ()

    def table(self, place: int) -> Table | None:
        """Return the table whose rows, the first one excepted, include the text at `place`."""
        index = bisect_right(self.tables, place, key=lambda table: table.rows)
        found = self.tables[index - 1] if index else None
        return found if found and found.rows < place < found.end else None

    def is_code(self, place: int) -> bool:
        """Return whether a place is inside a block of code; its start is not."""
        index = bisect_right(self.code, place, key=lambda block: block[0])
        return bool(index) and self.code[index - 1][0] < place < self.code[index - 1][1]

    def changes(self, start: int, end: int) -> list[int]:
        """List places between two, at which what stands above the text is longest."""
        first, last = bisect_right(self.places, start), bisect_right(self.places, end - 1)
        return [*self.places[first:last], *(t.end - 1 for t in self.tables if start < t.end <= end)]


NO_OUTLINE = Outline()
