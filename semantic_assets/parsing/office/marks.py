"""Headings, list items and tables as Markdown, and the joining of pages."""

import re
from collections.abc import Iterable, Sequence

from semantic_assets.parsing.text import ReadDocument

#: What would be read as a heading or a fence, at the beginning of a line.
_MARK = re.compile(r"^( {0,3})(#{1,6}[ \t]|```|~~~)", re.MULTILINE)
_SPACES = re.compile(r"\s+")
_MAX_LEVEL = 6
_MAX_HEADING_CHARS = 300


def heading(level: int, text: str) -> str:
    """Return a heading of one line; a text too long for one stays a paragraph."""
    line = one_line(text)
    if not line or len(line) > _MAX_HEADING_CHARS:
        return paragraph(text)
    return f"{'#' * min(max(level, 1), _MAX_LEVEL)} {line}"


def paragraph(text: str) -> str:
    r"""Return a text whose lines are no headings: `# 3` becomes `\# 3`."""
    return _MARK.sub(r"\1\\\2", text.strip())


def item(level: int, text: str, label: str = "-") -> str:
    """Return a list item on its level, from 0 on."""
    indent = "  " * min(level, 8)
    lines = text.strip().split("\n")
    return f"{indent}{label} " + f"\n{indent}  ".join(lines)


def one_line(text: str) -> str:
    return _SPACES.sub(" ", text).strip()


def table(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as a Markdown table under its first row; one column becomes paragraphs."""
    cells = [[one_line(cell) for cell in row] for row in rows]
    cells = [row for row in cells if any(row)]
    kept = _filled_columns(cells)
    if len(kept) < 2:
        return "\n\n".join(paragraph(row[kept[0]]) for row in cells) if kept else ""
    head, *rest = ([_cell(row, column) for column in kept] for row in cells)
    return "\n".join([_row(head), _row(["---"] * len(kept)), *map(_row, rest)])


def join_blocks(blocks: Iterable[tuple[bool, str]]) -> str:
    """Return blocks of a text; an item, which has a mark, follows another without a blank line."""
    parts: list[str] = []
    was_item = False
    for is_item, text in blocks:
        if text.strip():
            parts += ["\n" if is_item and was_item else "\n\n", text]
            was_item = is_item
    return "".join(parts).strip()


def join_pages(
    texts: Sequence[str],
    title: str | None,
    metadata: dict[str, str] | None = None,
    remark: str | None = None,
) -> ReadDocument:
    """Return the document of pages; an empty one begins where the next does."""
    offsets: list[int] = []
    position = 0
    for text in texts:
        offsets.append(position)
        position += len(text) + 2 if text else 0
    whole = "\n\n".join(text for text in texts if text)
    pages = tuple(min(offset, len(whole)) for offset in offsets)
    return ReadDocument(whole, title, metadata, pages, remark)


def _filled_columns(rows: Sequence[Sequence[str]]) -> list[int]:
    width = max(map(len, rows), default=0)
    filled = [False] * width
    for row in rows:
        for column, cell in enumerate(row):
            filled[column] = filled[column] or bool(cell)
    return [column for column in range(width) if filled[column]]


def _cell(row: Sequence[str], column: int) -> str:
    return row[column].replace("|", "\\|") if column < len(row) else ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
