"""AsciiDoc as Markdown-like text: both kinds of titles, listings fenced, notes said, tables kept."""

import re
from collections import deque

from semantic_assets.parsing.encoding import decode
from semantic_assets.parsing.markup import asciidoc_tables
from semantic_assets.parsing.markup.asciidoc_inline import inline, target_of
from semantic_assets.parsing.markup.marked import (
    document,
    fenced,
    heading,
    one_line,
    prose,
    table,
)
from semantic_assets.parsing.records import normal_text
from semantic_assets.parsing.text import ReadDocument, also_said

_TITLE = re.compile(r"(={1,6}|#{1,6})[ \t]+(\S.*)")
_UNDERLINE = re.compile(r"([-=~^+])\1{2,}")
_ATTRIBUTE = re.compile(r":(!?[\w-]{1,80}!?):(?:[ \t]+(.*))?")
_DELIMITER = re.compile(r"-{4,}|={4,}|\.{4,}|\*{4,}|_{4,}|\+{4,}|/{4,}|```\w*|--|~{4,}")
_TABLE = re.compile(r"[|,:!]={3,}")
_BLOCK_LINE = re.compile(r"\[([^\]\n]{0,300}(?:\[[^\]\n]{0,100}\][^\]\n]{0,100})?)\]")
_MACRO = re.compile(r"([a-z]{1,20})::([^\[\]\s]{0,300})\[(.*)\]")
_BLOCK_TITLE = re.compile(r"\.([^\s.].*)")
_BULLET = re.compile(r"[ \t]*(\*{1,6}|-)[ \t]+(?=\S)")
_COUNTED = re.compile(r"[ \t]*(\.{1,6})[ \t]+(?=\S)")
_TERM = re.compile(r"[ \t]*(\S.{0,100}?)(?:::{1,3}|;;)(?:[ \t]+(.*))?")
_ADMONITIONS = frozenset(("NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION"))
_METADATA = ("author", "email", "revision", "revnumber", "revdate", "description", "keywords")
_LEVELS = "=-~^+"
_VERBATIM = frozenset("-.`")
_STYLES_OF_CODE = frozenset(("source", "listing", "literal", "verse"))
_MATHS = frozenset(("stem", "latexmath", "asciimath"))


def read_asciidoc(data: bytes) -> ReadDocument:
    """Return the text of an AsciiDoc file; the attributes of its head are its metadata."""
    source, remark = decode(data)
    reading = _Reading(normal_text(source))
    reading.run()
    found = document(
        "\n".join(reading.out),
        named=None,
        heading=reading.title,
        metadata={name: value for name in _METADATA if (value := reading.attributes.get(name))},
        included=reading.included,
    )
    return also_said(found, remark)


class _Reading:
    def __init__(self, source: str) -> None:
        self.lines = deque(line.rstrip() for line in source.split("\n"))
        self.out: list[str] = []
        self.title: str | None = None
        self.attributes: dict[str, str] = {}
        self.included: list[str] = []
        self._before = ""
        #: The attributes in brackets above the next block.
        self._block: list[str] = []
        self._is_head = True

    def run(self) -> None:
        steps = (self._steering, self._section, self._delimited, self._macro, self._label)
        while self.lines:
            line = self.lines.popleft()
            if not any(step(line) for step in steps):
                self._write(line)
            self._before = line

    def _steering(self, line: str) -> bool:
        """Take blank lines, comments and attributes."""
        if not line:
            self.out.append("")
            self._is_head = self._is_head and not self.title
            return True
        if line.startswith("//") and not line.startswith("///"):
            return True
        if line == "+" or line.startswith(("ifdef::", "ifndef::", "ifeval::", "endif::")):
            return True
        found = _ATTRIBUTE.fullmatch(line) if line.startswith(":") else None
        if found:
            self.attributes[found[1].strip("!").lower()] = (found[2] or "").strip()
        return found is not None

    def _section(self, line: str) -> bool:
        if found := _TITLE.fullmatch(line):
            self._head(len(found[1]), found[2])
            return True
        following = self.lines[0] if self.lines else ""
        is_underlined = (
            not self._before
            and line[0] not in " .[|"
            and _UNDERLINE.fullmatch(following)
            and abs(len(following) - len(line)) < 3
            and not (_DELIMITER.fullmatch(line) or _BLOCK_LINE.fullmatch(line))
        )
        if is_underlined:
            self.lines.popleft()
            self._head(_LEVELS.index(following[0]) + 1, line)
        return bool(is_underlined)

    def _head(self, level: int, name: str) -> None:
        shown = one_line(inline(name, self.attributes))
        self.out += heading(level, shown)
        if self.title is None and level == 1:
            self._skip_authors()
        self.title = self.title or shown
        self._block = []

    def _skip_authors(self) -> None:
        """Take the lines of author and revision, which follow a document's title directly."""
        for name in ("author", "revision"):
            if not self.lines or not self.lines[0] or self.lines[0][0] in ":/[=":
                return
            if _DELIMITER.fullmatch(self.lines[0]) or len(self.lines[0]) > 200:
                return
            self.attributes.setdefault(name, self.lines.popleft())

    def _delimited(self, line: str) -> bool:
        if _TABLE.fullmatch(line):
            rows = asciidoc_tables.rows_of(line, self._taken(line), self._block)
            self.out += table([[inline(cell, self.attributes) for cell in row] for row in rows])
        elif not _DELIMITER.fullmatch(line):
            return False
        elif line[0] in "/+":
            content = self._taken(line)
            is_math = any(block.split(",")[0] in _MATHS for block in self._block)
            self.out += ["", "$$", *content, "$$", ""] if is_math and line[0] == "+" else []
        elif line[0] in _VERBATIM and (line != "--" or self._is_code()):
            end = "```" if line[0] == "`" else line
            self.out += fenced(
                self._taken(end), line.strip("`") if end != line else self._language()
            )
        self._block = []
        return True

    def _taken(self, end: str) -> list[str]:
        """Take the lines to a delimiter."""
        content: list[str] = []
        while self.lines and (line := self.lines.popleft()) != end:
            content.append(line)
        return content

    def _is_code(self) -> bool:
        return any(block.split(",")[0].split("%")[0] in _STYLES_OF_CODE for block in self._block)

    def _language(self) -> str:
        parts = self._block[-1].split(",") if self._block and self._is_code() else []
        return parts[1].strip() if len(parts) > 1 and "=" not in parts[1] else ""

    def _macro(self, line: str) -> bool:
        found = _MACRO.fullmatch(line)
        if not found:
            return False
        name, target, text = found.groups()
        if name == "include":
            self.included.append(target)
        elif name in ("image", "video", "audio"):
            self.out.append(target_of(name, target, text))
        elif name != "toc":
            self.out.append(inline(text, self.attributes))
        return True

    def _label(self, line: str) -> bool:
        """Take what stands above a block: its attributes and its title."""
        if line.startswith("[") and (found := _BLOCK_LINE.fullmatch(line)):
            if found[1].upper() in _ADMONITIONS:
                self.out.append(f"{found[1].capitalize()}:")
            self._block.append(found[1])
            return True
        if found := _BLOCK_TITLE.fullmatch(line):
            self.out += ["", f"**{inline(found[1], self.attributes)}**", ""]
        return found is not None

    def _write(self, line: str) -> None:
        self._block = []
        if line[0] in " \t" and not _BULLET.match(line) and not _COUNTED.match(line):
            self.out.append(line)
            return
        text = inline(line, self.attributes)
        if found := _BULLET.match(text):
            text = "  " * (len(found[1]) - 1) + "- " + text[found.end() :]
        elif found := _COUNTED.match(text):
            text = "  " * (len(found[1]) - 1) + "1. " + text[found.end() :]
        elif found := _TERM.fullmatch(text):
            text = f"{found[1]}: {found[2] or ''}".rstrip()
        self.out.append(prose(text))
