"""Tables of data as rows of Markdown; a table that only lays a page out is none of them."""

from dataclasses import dataclass, field

from semantic_assets.parsing.html.tree import Element, elements_of, heading_level

_MOST_COLUMNS, _MOST_ROWS_SPANNED = 200, 1_000
#: Longer texts of a cell over several rows are written once.
_REPEATED_CHARS, _MOST_REPEATED_CHARS = 120, 20_000
_MOST_HEADER_ROWS = 3
#: A cell of a layout holds a column of a page.
_LAYOUT_CELL_CHARS = 300
_NESTED_CHARS = 500
CELLS = frozenset(("td", "th"))


@dataclass(slots=True)
class _Facts:
    outer: "_Facts | None"
    columns: int = 0
    cells: int = 0
    chars: int = 0
    nested_chars: int = 0
    has_nested: bool = False
    has_header: bool = False
    has_heading: bool = False
    has_code: bool = False
    is_for_layout: bool = False

    @property
    def is_grid(self) -> bool:
        if self.is_for_layout or self.columns < 2 or self.has_heading:
            return False
        if self.has_header:
            return self.nested_chars <= _NESTED_CHARS
        is_short = self.chars <= _LAYOUT_CELL_CHARS * self.cells
        return is_short and not self.has_nested and not self.has_code


def grids_of(body: Element) -> frozenset[int]:
    """Return the ids of the tables that hold data in rows and columns."""
    found: dict[int, _Facts] = {}
    nearest: dict[int, _Facts] = {}
    for element in elements_of(body):
        facts = nearest.get(id(element.parent))
        if element.tag == "table":
            if facts is not None:
                facts.has_nested = True
            facts = found[id(element)] = _Facts(facts)
            facts.is_for_layout = element.get("role").lower() in ("presentation", "none")
        if facts is not None:
            nearest[id(element)] = facts
            _look_at(element, facts)
    return frozenset(table for table, facts in found.items() if facts.is_grid)


def _look_at(element: Element, facts: _Facts) -> None:
    chars = sum(len(child.strip()) for child in element.children if isinstance(child, str))
    facts.chars += chars
    if facts.outer is not None:
        facts.outer.nested_chars += chars
    if element.tag == "tr":
        cells = sum(child.tag in CELLS for child in element.elements)
        facts.columns, facts.cells = max(facts.columns, cells), facts.cells + cells
    facts.has_header |= element.tag in ("th", "thead")
    facts.has_heading |= heading_level(element) is not None
    facts.has_code |= element.tag == "pre"


@dataclass(slots=True)
class Cell:
    text: str
    is_header: bool
    columns: int
    rows: int


def cell_of(element: Element, text: str) -> Cell:
    """Return a cell with the text that was written for it."""
    columns, rows = (
        int(value) if value.isdecimal() and len(value) < 7 else 1
        for value in (element.get("colspan").strip(), element.get("rowspan").strip())
    )
    text = text.replace("|", "\\|")
    return Cell(
        text, element.tag == "th", min(columns or 1, _MOST_COLUMNS), min(rows, _MOST_ROWS_SPANNED)
    )


@dataclass(slots=True)
class Grid:
    """The rows of one table, filled while it is walked."""

    caption: str = ""
    rows: list[list[Cell]] = field(default_factory=list)
    #: How many of the rows stand in the table's head.
    head: int = 0

    def close_row(self, *, is_head: bool) -> None:
        """End a row; it belongs to the head if all of its cells do and no other row came before."""
        if self.rows and not self.rows[-1]:
            self.rows.pop()
        elif self.rows and self.head == len(self.rows) - 1 < _MOST_HEADER_ROWS:
            is_first = not self.head and all(cell.is_header for cell in self.rows[-1])
            self.head += is_head or is_first

    def text(self, *, in_line: bool) -> str:
        """Return the table as lines of Markdown, or all of it in one line."""
        filled = self._filled()
        head = min(self.head, len(filled))
        if in_line:
            return "; ".join(", ".join(filter(None, row)) for row in filled)
        lines = [self.caption] if self.caption else []
        if self.caption:
            lines.append("")
        if head:
            names = _merged(filled[:head])
            lines += (_line(names), _line(["---"] * len(names)))
        lines += (_line(row) for row in filled[head:] if any(row))
        return "\n".join(lines)

    def _filled(self) -> list[list[str]]:
        """Return the texts by row and column: those that span rows are in each of them."""
        width = max((len(row) for row in self.rows), default=0)
        above: dict[int, tuple[int, str]] = {}
        left = _MOST_REPEATED_CHARS
        filled: list[list[str]] = []
        for number, row in enumerate(self.rows):
            texts: list[str] = []
            below: dict[int, tuple[int, str]] = {}
            for cell in row:
                _put_spanned(texts, above, below)
                at = len(texts)
                span = max(1, min(cell.columns, max(width - at, 1)))
                filler = cell.text if number < self.head else ""
                texts += [cell.text, *[filler] * (span - 1)]
                if cell.rows > 1:
                    is_short = len(cell.text) <= min(_REPEATED_CHARS, left // cell.rows)
                    left -= len(cell.text) * cell.rows * is_short
                    again = cell.text if is_short else ""
                    below |= {at + place: (cell.rows - 1, again) for place in range(span)}
            _put_spanned(texts, above, below)
            above = below | above
            width = max(width, len(texts))
            filled.append(texts)
        return [texts + [""] * (width - len(texts)) for texts in filled]


def _put_spanned(
    texts: list[str], above: dict[int, tuple[int, str]], below: dict[int, tuple[int, str]]
) -> None:
    """Add the cells from the rows above that come next in this one."""
    while (found := above.pop(len(texts), None)) is not None:
        rows, text = found
        if rows > 1:
            below[len(texts)] = (rows - 1, text)
        texts.append(text)


def _merged(rows: list[list[str]]) -> list[str]:
    """Return one row of names from the rows of a head."""
    return [" ".join(dict.fromkeys(filter(None, column))) for column in zip(*rows, strict=True)]


def _line(texts: list[str]) -> str:
    return f"| {' | '.join(texts)} |"
