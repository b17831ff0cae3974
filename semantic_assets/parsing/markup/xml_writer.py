"""Writes the elements of a document in XML: titles as headings, code in fences, tables as rows."""

import re

from semantic_assets.parsing.html.page import read_whole_html
from semantic_assets.parsing.markup import xml_names
from semantic_assets.parsing.markup.marked import dedented, fenced, heading, one_line, prose, table

_SPACES = re.compile(r"\s+")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,2000}>")
#: Elements of buffers within buffers are a few; more are read as plain blocks.
_MAX_BUFFERS = 20
_LOOKED_BACK = 30
_ADMONITIONS = frozenset(("note", "tip", "warning", "caution", "important"))


class DocumentWriter:
    """Collects text; what has to be whole before it is written has a buffer of its own."""

    def __init__(self) -> None:
        self.title: str | None = None
        self._stack: list[tuple[str, str]] = []
        self.out: list[str] = []
        self._buffers: list[list[str]] = [self.out]
        self._pending: list[int] = [0]
        self._rows: list[list[list[str]]] = []
        self._is_prefixed = False
        self._muted = self._depth = self._lists = self._is_feed = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.lower()
        action = self._action(name)
        if action in ("code", "head", "cell", "page"):
            if len(self._buffers) < _MAX_BUFFERS:
                self._buffers.append([])
                self._pending.append(0)
            else:
                action = "block"
        self._stack.append((name, action))
        self._begin(name, action)
        if name == "outline":
            self._write("- " + (attributes.get("text") or attributes.get("title") or ""))

    def _action(self, name: str) -> str:
        if self._muted or name in xml_names.LEFT_OUT:
            return "mute"
        if name in xml_names.TITLES and self._is_heading():
            return "head"
        if name == "entry" and self._is_feed and not self._rows:
            return "section"
        for action, names in _ACTIONS:
            if name in names:
                return action
        return "inline"

    def _is_heading(self) -> bool:
        for name, action in reversed(self._stack[-_LOOKED_BACK:]):
            if name == "opml":  # its `head` is no heading, as that of TEI is
                return False
            if action == "section" or name == "head":
                return True
            if name in xml_names.NO_HEADING_IN:
                return False
        return True

    def _begin(self, name: str, action: str) -> None:
        self._is_feed |= name == "feed"
        if action == "mute":
            self._muted += 1
        elif action == "section":
            self._depth += 1
            self._break(2)
        elif action == "table":
            self._rows.append([])
        elif action == "row" and self._rows:
            self._rows[-1].append([])
        elif action in ("item", "line"):
            self._break(1)
            if action == "item":
                self._prefix("- ")
        elif action == "block":
            self._break(2)
            if name in _ADMONITIONS:
                self._prefix(f"{name.capitalize()}: ")

    def end(self, _name: str) -> None:
        name, action = self._stack.pop()
        if action == "mute":
            self._muted -= 1
        elif action == "section":
            self._depth -= 1
            self._break(2)
        elif action == "table":
            self._close_table()
        elif action in ("code", "head", "cell", "page"):
            text = "".join(self._buffers.pop())
            self._pending.pop()
            self._close(action, text)
        elif action in ("item", "line"):
            self._pending[-1] = 1
        elif action == "block":
            self._break(1 if name == "term" else 2)

    def _close(self, action: str, text: str) -> None:
        if action == "head":
            name = one_line(text)
            self.title = self.title or name or None
            self._put("\n".join(heading(max(self._depth, 1), name)).strip("\n"))
        elif action == "code":
            lines = text.strip("\n").split("\n")
            self._put("\n".join(fenced(dedented(lines))).strip("\n") if text.strip() else "")
        elif action == "page":
            self._put(_page_text(text))
        elif self._rows and self._rows[-1]:
            self._rows[-1][-1].append(text)
        else:
            self._put(text)

    def _close_table(self) -> None:
        rows = [row for row in self._rows.pop() if row]
        self._put("\n".join(table(rows)).strip("\n"))

    def text(self, data: str) -> None:
        if self._muted:
            return
        if any(action == "code" for _, action in self._stack[-_LOOKED_BACK:]):
            self._write(data)
            return
        text = _SPACES.sub(" ", data)
        buffer = self._buffers[-1]
        if self._pending[-1] or not buffer or buffer[-1][-1:] in (" ", "\n"):
            text = text.removeprefix(" ")
        if text:
            self._write(prose(text) if self._pending[-1] else text)

    def _put(self, block: str) -> None:
        if block:
            self._break(2)
            self._write(block)
            self._break(2)

    def _break(self, count: int) -> None:
        self._pending[-1] = max(self._pending[-1], count)

    def _write(self, text: str) -> None:
        buffer = self._buffers[-1]
        if buffer and self._pending[-1] and not self._is_prefixed:
            buffer[-1] = buffer[-1].rstrip(" ")
            buffer.append("\n" * self._pending[-1])
        self._pending[-1] = 0
        self._is_prefixed = False
        buffer.append(text)

    def _prefix(self, mark: str) -> None:
        """Write what the next block stands behind, on the same line."""
        self._write(mark)
        self._is_prefixed = True


_ACTIONS = (
    ("code", xml_names.CODE),
    ("table", frozenset(("tgroup", "table", "informaltable", "simpletable", "choicetable"))),
    ("row", xml_names.ROWS),
    ("cell", xml_names.CELLS),
    ("item", xml_names.ITEMS),
    ("page", xml_names.PAGES),
    ("section", xml_names.SECTIONS),
    ("block", xml_names.BLOCKS),
    ("line", frozenset(("lb", "br", "outline", "line"))),
)


def _page_text(text: str) -> str:
    """Return text that is HTML, escaped in its element, without the tags."""
    if not _TAG.search(text):
        return text.strip()
    return read_whole_html(f"<html><body>{text}</body></html>".encode()).text
