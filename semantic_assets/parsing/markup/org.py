"""Org files as Markdown-like text: stars are headings, blocks fenced, drawers left out."""

import re
from collections import deque

from semantic_assets.parsing.encoding import decode
from semantic_assets.parsing.markup.marked import (
    dedented,
    document,
    fenced,
    heading,
    one_line,
    prose,
    table,
)
from semantic_assets.parsing.records import normal_text
from semantic_assets.parsing.text import ReadDocument, also_said

_STARS = re.compile(r"(\*{1,20})[ \t]+(\S.*)")
_STATE = re.compile(
    r"(?:(?:TODO|DONE|NEXT|WAITING|HOLD|CANCELL?ED|STARTED|INPROGRESS)[ ]+)?(?:\[#\w\][ ]*)?"
)
_TAGS = re.compile(r"[ \t]{1,20}:(?:[\w@#%]{1,50}:)+$")
_KEYWORD = re.compile(r"#\+(\w{1,40}):[ \t]*(.*)")
_BEGIN = re.compile(r"[ \t]*#\+begin_(\w{1,40})(?:[ \t]+(.*))?", re.IGNORECASE)
_END = re.compile(r"[ \t]*#\+end_\w{1,40}:?", re.IGNORECASE)
_DRAWER = re.compile(r"[ \t]*:[\w-]{1,50}:[ \t]*")
_RULE = re.compile(r"[ \t]*\|[-+|: ]*\|?")
_LINK = re.compile(r"\[\[([^\[\]\n]{1,1000})\](?:\[([^\[\]\n]{1,1000})\])?\]")
_VERBATIM = re.compile(r"(?<![\w=~])([=~])(?=\S)([^=~\n]{1,500})(?<=\S)\1(?![\w=~])")
_MARK = re.compile(r"<<<?([^<>\n]{1,200})>>>?|@@\w{1,20}:([^@\n]{0,500})@@|\[fn:([\w-]{1,60})\]")
_TERM = re.compile(r"^([ \t]*[-+*][ \t]+)(\S.{0,200}?)[ \t]{1,9}::(?=[ \t]|$)")
_MAX_DRAWER_LINES = 100
_CODE = frozenset(("src", "example", "verbatim", "ascii"))
_LEFT_OUT = frozenset(("comment", "export", "html"))
_METADATA = frozenset(
    ("author", "date", "email", "description", "keywords", "language", "subtitle")
)


def read_org(data: bytes) -> ReadDocument:
    """Return the text of an Org file, titled by `#+TITLE`, else by its first heading."""
    source, remark = decode(data)
    reading = _Reading(normal_text(source))
    reading.run()
    found = document(
        "\n".join(reading.out),
        named=reading.named,
        heading=reading.first_heading,
        metadata=reading.metadata,
        included=reading.included,
    )
    return also_said(found, remark)


class _Reading:
    def __init__(self, source: str) -> None:
        self.lines = deque(line.rstrip() for line in source.split("\n"))
        self.out: list[str] = []
        self.named: str | None = None
        self.first_heading: str | None = None
        self.metadata: dict[str, str] = {}
        self.included: list[str] = []

    def run(self) -> None:
        steps = (self._heading, self._block, self._keyword, self._drawer, self._table, self._fixed)
        while self.lines:
            line = self.lines.popleft()
            if not line or not any(step(line) for step in steps):
                self.out.append(prose(_inline(line)))

    def _heading(self, line: str) -> bool:
        found = _STARS.fullmatch(line) if line.startswith("*") else None
        if not found:
            return False
        name = one_line(_inline(_STATE.sub("", _TAGS.sub("", found[2]), count=1)))
        self.first_heading = self.first_heading or name
        self.out += heading(len(found[1]), name)
        return True

    def _block(self, line: str) -> bool:
        found = _BEGIN.fullmatch(line)
        if not found:
            return _END.fullmatch(line) is not None
        kind = found[1].lower()
        if kind in _CODE or kind in _LEFT_OUT:
            content = self._taken(f"#+end_{kind}")
        if kind in _CODE:
            language = (found[2] or "").split(" ")[0] if kind == "src" else ""
            self.out += fenced([_unescaped(text) for text in dedented(content)], language)
        return True

    def _taken(self, end: str) -> list[str]:
        """Take the lines to one that ends a block or a drawer."""
        content: list[str] = []
        while self.lines and (line := self.lines.popleft()).strip().lower() != end:
            content.append(line)
        return content

    def _keyword(self, line: str) -> bool:
        bare = line.lstrip()
        if bare == "#" or bare.startswith("# "):
            return True
        found = _KEYWORD.fullmatch(bare)
        if not found:
            return False
        name, value = found[1].lower(), found[2].strip()
        if name == "title":
            self.named = f"{self.named} {value}" if self.named else value
        elif name == "include":
            self.included.append(value.split(" ")[0].strip('"'))
        elif name == "caption":
            self.out.append(_inline(value))
        elif name in _METADATA and value:
            self.metadata[name] = value
        return True

    def _drawer(self, line: str) -> bool:
        if not _DRAWER.fullmatch(line) or not self._has_end():
            return False
        self._taken(":end:")
        return True

    def _has_end(self) -> bool:
        """Look ahead for the end of a drawer, which no heading may stand before."""
        for place in range(min(len(self.lines), _MAX_DRAWER_LINES)):
            line = self.lines[place].strip().lower()
            if line == ":end:":
                return True
            if line.startswith("* "):
                return False
        return False

    def _table(self, line: str) -> bool:
        if not line.lstrip().startswith("|"):
            return False
        lines = [line]
        while self.lines and self.lines[0].lstrip().startswith("|"):
            lines.append(self.lines.popleft())
        kept = [one.strip() for one in lines if not _RULE.fullmatch(one)]
        self.out += table(_inline(one).strip("|").split("|") for one in kept)
        return True

    def _fixed(self, line: str) -> bool:
        """Take the lines behind colons, which are code or output."""
        if line.lstrip()[:2] not in (":", ": "):
            return False
        lines = [line]
        while self.lines and self.lines[0].lstrip()[:2] in (":", ": "):
            lines.append(self.lines.popleft())
        self.out += fenced([one.lstrip()[2:] for one in lines])
        return True


def _unescaped(line: str) -> str:
    return line[1:] if line.startswith((",*", ",#", ",,")) else line


def _inline(text: str) -> str:
    text = _LINK.sub(lambda found: found[2] or found[1].removeprefix("file:"), text)
    text = _VERBATIM.sub(r"`\2`", text)
    text = _MARK.sub(lambda found: f"[{found[3]}]" if found[3] else found[1] or "", text)
    return _TERM.sub(r"\1\2:", text)
