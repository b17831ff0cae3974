"""Writes XML that is no document: values with the names of their elements, and words of drawings."""

from semantic_assets.parsing.markup.marked import one_line, prose

_SHOWN = frozenset(("title", "desc", "text"))


class ValueWriter:
    """One line for an element without children, a blank line behind one with children."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.title: str | None = None
        #: The name of each open element, with its attributes, and its own text.
        self._open: list[tuple[str, list[str]]] = []
        self._is_leaf = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self._open:
            above, parts = self._open[-1]
            text = self._taken(parts)
            if text or (self._is_leaf and "=" in above):
                self._line(f"{above}: {text}" if text else above)
        shown = ", ".join(f"{key}={one_line(value)}" for key, value in attributes.items() if value)
        self._open.append((f"{name} ({shown})" if shown else name, []))
        self._is_leaf = True

    def end(self, _name: str) -> None:
        name, parts = self._open.pop()
        text = self._taken(parts)
        if self._is_leaf and (text or "=" in name):
            self._line(f"{name}: {text}" if text else name)
        elif text:
            self._line(text)
        if not self._is_leaf and self.out and self.out[-1] != "\n":
            self.out.append("\n")
        self._is_leaf = False

    def text(self, data: str) -> None:
        self._open[-1][1].append(data)

    def _taken(self, parts: list[str]) -> str:
        text = one_line("".join(parts))
        parts.clear()
        return text

    def _line(self, line: str) -> None:
        self.out.append(prose(line) + "\n")


class DrawingWriter:
    """The words of an SVG drawing: each text a line."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.title: str | None = None
        self._parts: list[str] = []
        self._shown = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._shown += bool(self._shown) or name in _SHOWN
        self._parts.append(" ")

    def end(self, name: str) -> None:
        if not self._shown:
            self._parts.clear()
            return
        self._shown -= 1
        if self._shown:
            return
        text = one_line("".join(self._parts))
        self._parts.clear()
        if name == "title" and not self.title:
            self.title = text or None
        if text:
            self.out.append(prose(text) + "\n")

    def text(self, data: str) -> None:
        if self._shown:
            self._parts.append(data)
