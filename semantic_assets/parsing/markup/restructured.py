"""reStructuredText as Markdown-like text: headings by the order of their underlines, code fenced.

Directives that only steer a tool are left out; of the others the arguments and the content stay.
"""

import re
from collections import deque
from collections.abc import Callable

from semantic_assets.parsing.encoding import decode
from semantic_assets.parsing.markup import rst_directives, rst_tables
from semantic_assets.parsing.markup.marked import (
    dedented,
    document,
    fenced,
    heading,
    indentation,
    one_line,
    prose,
)
from semantic_assets.parsing.markup.rst_inline import inline, substitution
from semantic_assets.parsing.records import normal_text
from semantic_assets.parsing.text import ReadDocument, also_said

_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1{1,}")
_DIRECTIVE = re.compile(
    r"\.\.[ \t]+(?:\|([^|]{1,200})\|[ \t]+)?([\w.+:-]{1,80}?)[ \t]?::(?:[ \t]+(.*))?"
)
_FOOTNOTE = re.compile(r"\.\.[ \t]+\[([^\]\n]{1,100})\][ \t]*(.*)")
_DEFINITION = re.compile(r"\.\.[ \t]+\|([^|\n]{1,200})\|[ \t]+")
_FIELD = re.compile(r":([^:\s`][^:`\n]{0,100}):(?:[ \t]+(.*))?")
_BULLET = re.compile(r"^([ ]*)[*+\u2022-][ ]+(?=\S)")
_COUNTED = re.compile(r"^([ ]*)#[.)][ ]+")
_LINE_BLOCK = re.compile(r"([ ]*)\|[ ](.*)")
#: A code block is known by its indentation; of blank lines more than two say nothing.
_MAX_BLANKS = 2


def read_restructured(data: bytes) -> ReadDocument:
    """Return the text of a reStructuredText file, titled by its first section."""
    source, remark = decode(data)
    reading = _Reading(normal_text(source))
    reading.run()
    found = document(
        "\n".join(reading.out),
        named=None,
        heading=reading.title,
        metadata=reading.fields,
        included=reading.included,
    )
    return also_said(found, remark)


def _lines_of(source: str) -> deque[str]:
    lines: deque[str] = deque()
    blanks = 0
    for line in source.split("\n"):
        bare = line.expandtabs(8).rstrip()
        blanks = 0 if bare else blanks + 1
        if blanks <= _MAX_BLANKS:
            lines.append(bare)
    return lines


class _Reading:
    """One pass over the lines; the content of a directive is put back in front, dedented."""

    def __init__(self, source: str) -> None:
        self.lines = _lines_of(source)
        self.out: list[str] = []
        self.title: str | None = None
        self.fields: dict[str, str] = {}
        self.included: list[str] = []
        self._styles: list[str] = []
        self._names: dict[str, str] = _substitutions(self.lines)
        self._has_begun = False

    def run(self) -> None:
        while self.lines:
            if not self.lines[0]:
                self.out.append(self.lines.popleft())
                continue
            step = next(step for step in self._steps() if step(self.lines[0]))
            self._has_begun = self._has_begun or step != self._explicit

    def _steps(self) -> tuple[Callable[[str], bool], ...]:
        return (self._section, self._explicit, self._table, self._doctest, self._paragraph)

    def _section(self, line: str) -> bool:
        adorned = line[0] == (line[1:2] or " ") and _ADORNMENT.fullmatch(line)
        following = self.lines[1] if len(self.lines) > 1 else ""
        if adorned:
            return self._overlined(line, following)
        if line[0] == " " or not following or not _ADORNMENT.fullmatch(following):
            return False
        if len(following) < min(len(line), 4):
            return False
        self._head(following[0], line, 2)
        return True

    def _overlined(self, line: str, following: str) -> bool:
        third = self.lines[2] if len(self.lines) > 2 else ""
        if following and third[:1] == line[0] and _ADORNMENT.fullmatch(third):
            self._head(line[0] * 2, following, 3)
            return True
        if len(line) >= 4 and not following:  # a transition
            self.lines.popleft()
            return True
        return False

    def _head(self, style: str, name: str, count: int) -> None:
        for _ in range(count):
            self.lines.popleft()
        if style not in self._styles:
            self._styles.append(style)
        shown = one_line(inline(name, self._names))
        self.out += heading(self._styles.index(style) + 1, shown)
        self.title = self.title or shown

    def _explicit(self, line: str) -> bool:
        """Take a directive, a footnote, a target or a comment, at any indentation."""
        bare = line.lstrip()
        if bare == "__" or bare.startswith("__ "):
            self.lines.popleft()
            return True
        if bare != ".." and not bare.startswith(".. "):
            return False
        self.lines.popleft()
        block = self._block(indentation(line))
        if found := _DIRECTIVE.fullmatch(bare):
            if not found[1]:
                self._directive(found[2].lower(), (found[3] or "").strip(), block)
        elif note := _FOOTNOTE.fullmatch(bare):
            self._put_back([f"[{note[1].lstrip('#')}] {note[2]}", *dedented(block), ""])
        return True

    def _block(self, width: int) -> list[str]:
        """Take the lines that are indented by more than `width`, and the blank ones among them."""
        block: list[str] = []
        while self.lines and (not self.lines[0] or indentation(self.lines[0]) > width):
            block.append(self.lines.popleft())
        blanks = 0
        while block and not block[-1]:
            block.pop()
            blanks += 1
        self.lines.extendleft([""] * blanks)
        return block

    def _put_back(self, lines: list[str]) -> None:
        self.lines.extendleft(reversed(lines))

    def _directive(self, name: str, argument: str, block: list[str]) -> None:
        options, content = rst_directives.without_options(dedented(block))
        if name in ("include", "literalinclude"):
            self.included.append(argument)
        elif name in rst_directives.CODE:
            self.out += fenced(content, argument if "code" in name or name == "prompt" else "")
        elif name in rst_directives.LEFT_OUT:
            return
        elif name == "math":
            self.out += ["", "$$", *([argument] if argument else []), *content, "$$", ""]
        elif name in ("list-table", "csv-table"):
            self._data_table(name, argument, content, options)
        elif name in ("image", "figure"):
            self._put_back(["", options.get("alt", ""), "", *content, ""])
        else:
            self._put_back(["", *rst_directives.introduced(name, argument, content), ""])

    def _data_table(
        self, name: str, title: str, content: list[str], options: dict[str, str]
    ) -> None:
        read = rst_tables.list_rows if name == "list-table" else rst_tables.csv_rows
        rows = [[inline(cell, self._names) for cell in row] for row in read(content, options)]
        if title:
            self.out += ["", inline(title, self._names)]
        self.out += rst_tables.table(rows)

    def _table(self, line: str) -> bool:
        if not rst_tables.begins(line.lstrip(), self.lines[1] if len(self.lines) > 1 else ""):
            return False
        taken = rst_tables.take(self.lines)
        rows = rst_tables.rows_of(dedented(taken))
        self.out += rst_tables.table([[inline(cell, self._names) for cell in row] for row in rows])
        return True

    def _doctest(self, line: str) -> bool:
        if not line.lstrip().startswith(">>> "):
            return False
        taken: list[str] = []
        while self.lines and self.lines[0]:
            taken.append(self.lines.popleft())
        self.out += fenced(dedented(taken), "python")
        return True

    def _paragraph(self, line: str) -> bool:
        taken = [self.lines.popleft()]
        while self.lines and self.lines[0] and not self._ends_paragraph():
            taken.append(self.lines.popleft())
        if not self._has_begun and self._docinfo(taken):
            return True
        literal = taken[-1].endswith("::")
        if literal:
            taken[-1] = taken[-1].removesuffix("::") + ":" * (taken[-1].strip() != "::")
        self._write("\n".join(taken))
        if literal:
            self._literal(indentation(taken[-1]) if taken[-1].strip() else indentation(line))
        return True

    def _ends_paragraph(self) -> bool:
        bare = self.lines[0].lstrip()
        if bare.startswith(".. "):
            return True
        following = self.lines[1] if len(self.lines) > 1 else ""
        return (
            self.lines[0][0] != " "
            and len(following) >= len(self.lines[0])
            and len(following) > 3
            and _ADORNMENT.fullmatch(following) is not None
        )

    def _docinfo(self, taken: list[str]) -> bool:
        """Take the fields at the start of a document as its metadata."""
        found = [_FIELD.fullmatch(line) for line in taken if line[0] != " "]
        if not found or not all(found):
            return False
        self.fields |= {one[1].lower(): one[2].strip() for one in found if one and one[2]}
        return True

    def _write(self, paragraph: str) -> None:
        lines = inline(paragraph, self._names).split("\n")
        self.out += [_as_markdown(line) for line in lines]

    def _literal(self, width: int) -> None:
        block = self._block(width)
        if block:
            self.out += fenced(dedented(block))


def _as_markdown(line: str) -> str:
    line = _COUNTED.sub(r"\g<1>1. ", _BULLET.sub(r"\g<1>- ", line, count=1), count=1)
    if found := _LINE_BLOCK.fullmatch(line):
        return prose(found[1] + found[2])
    if found := _FIELD.fullmatch(line.lstrip()):
        name = one_line(found[1])
        return prose(f"{name}: {found[2] or ''}".rstrip())
    return prose(line)


def _substitutions(lines: deque[str]) -> dict[str, str]:
    """Return what `|name|` stands for, by `replace` and by the alternative text of images."""
    names: dict[str, str] = {}
    for line in lines:
        if line.startswith(".. |") and _DEFINITION.match(line):
            found = _DIRECTIVE.fullmatch(line)
            if found and found[1]:
                names[found[1]] = substitution(found[2], found[3] or "", found[1])
    return names
