"""The text that an RTF file builds up: paragraphs, headings, list items, tables."""

from semantic_assets.parsing.office import marks


class Text:
    """Takes pieces of text and the ends of paragraphs, cells and rows, in their order."""

    def __init__(self) -> None:
        self._blocks: list[tuple[bool, str]] = []
        self._pieces: list[str] = []
        self._cells: list[str] = []
        self._rows: list[list[str]] = []
        self.reset()

    def reset(self) -> None:
        """Forget what the paragraph is, as \\pard says."""
        self.is_in_table = self.is_item = False
        self.level: int | None = None
        self.indent = 0
        self.label = ""

    def write(self, text: str) -> None:
        self._pieces.append(text)

    def end_paragraph(self) -> None:
        if self.is_in_table:
            self._pieces.append("\n")
            return
        text = self._taken()
        if self._cells:  # a table cut short
            self.end_row()
        if not text.strip():
            return
        self._end_table()
        if self.level is not None:
            self._blocks.append((False, marks.heading(self.level + 1, text)))
        elif self.is_item or self.label:
            label = self.label if self.label[:1].isalnum() else "-"
            self._blocks.append((True, marks.item(self.indent, text, label)))
        else:
            self._blocks.append((False, marks.paragraph(text)))
        self.label = ""

    def end_cell(self) -> None:
        self._cells.append(self._taken())

    def end_row(self) -> None:
        self._rows.append(self._cells)
        self._cells = []

    def whole(self) -> str:
        """Return all of it as Markdown."""
        self.is_in_table = False
        self.end_paragraph()
        self._end_table()
        return marks.join_blocks(self._blocks)

    def _end_table(self) -> None:
        if self._rows:
            self._blocks.append((False, marks.table(self._rows)))
            self._rows = []

    def _taken(self) -> str:
        text = "".join(self._pieces)
        self._pieces = []
        # Characters beyond 16 bits come as halves.
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
