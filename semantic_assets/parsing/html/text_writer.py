"""Writes text as Markdown: breaks and prefixes wait until text follows them."""

import re

_SPACES = re.compile(r"[ \t\n\r\f]+")
#: What would begin a heading, a fence or an underline at the start of a line, and is only text.
_MARK = re.compile(r"#{1,6}(?=[ \t]|\Z)|`{3}|~{3}|={1,1000}[ \t]{0,9}\Z|-{2,1000}[ \t]{0,9}\Z")
_MARKED_LINE = re.compile(r"(?m)^(?= {0,3}(?:#{1,6}[ \t]|`{3}|~{3}))")
_TICKS = re.compile(r"`{3,}")


class TextWriter:
    """Collects text; one `in_line` writes no line end whatever comes."""

    def __init__(self, *, in_line: bool = False) -> None:
        self.parts: list[str] = []
        self._newlines = 0
        self._prefix = ""
        self._is_spaced = True  # whether a space now would be one too many
        self._in_line = int(in_line)
        self._verbatim = 0

    @property
    def text(self) -> str:
        return "".join(self.parts).strip()

    @property
    def before(self) -> str:
        """The last characters, up to four; empty at the start of a line."""
        if self._newlines or not self.parts:
            return ""
        return "".join(self.parts[-4:])[-4:]

    @property
    def is_at_line_start(self) -> bool:
        return bool(self._newlines) or not self.parts

    @property
    def is_in_line(self) -> bool:
        return self._in_line > 0

    @property
    def is_verbatim(self) -> bool:
        return self._verbatim > 0

    def begin_heading(self, level: int) -> None:
        self.break_line(2)
        if not self._in_line:
            self._prefix = "#" * level + " "
        self._in_line += 1

    def end_heading(self) -> None:
        self._in_line -= 1
        self._prefix = ""
        self.break_line(2)

    def begin_item(self) -> None:
        self.break_line(1)
        if not self._in_line:
            self._prefix = "- "

    def end_item(self) -> None:
        self._prefix = ""  # an empty item leaves no prefix behind
        self.break_line(1)

    def begin_verbatim(self) -> None:
        self.break_line(2)
        self._verbatim += 1

    def end_verbatim(self) -> None:
        self._verbatim -= 1
        self.break_line(2)

    def break_line(self, newlines: int) -> None:
        if self._in_line:
            self.write(" ")
        else:
            self._newlines = max(self._newlines, newlines)

    def add_line_end(self) -> None:
        if self._in_line:
            self.write(" ")
        elif self._verbatim:
            self.write("\n")
        else:
            self._newlines = min(self._newlines + 1, 2)

    def write(self, text: str) -> None:
        if not self._verbatim or self._in_line:
            text = _SPACES.sub(" ", text)
            if self._is_spaced or self._newlines:
                text = text.removeprefix(" ")
        if not text:
            return
        self._append(self._escaped(text) if not self._in_line else text)

    def write_block(self, lines: str) -> None:
        """Write finished lines, as of a table."""
        self.break_line(2)
        self._append(_SPACES.sub(" ", lines) if self._in_line else lines)
        self.break_line(2)

    def write_code(self, code: str) -> None:
        """Write a block of code between fences."""
        code = code.strip("\n")
        if self._in_line:
            self.write(f" {code} ")
        elif code.strip():
            fence = _fence_around(code)
            self._prefix = ""
            self.write_block(f"{fence}\n{code.rstrip()}\n{fence}")

    def _escaped(self, text: str) -> str:
        if self._verbatim:
            return _MARKED_LINE.sub(r"\\", text)
        is_first = self.is_at_line_start and not self._prefix
        return f"\\{text}" if is_first and _MARK.match(text) else text

    def _append(self, text: str) -> None:
        if self.parts and self._newlines:
            self.parts[-1] = self.parts[-1].rstrip()
            self.parts.append("\n" * self._newlines)
        self.parts += (self._prefix, text)
        self._newlines, self._prefix = 0, ""
        self._is_spaced = text[-1] in " \n"


def _fence_around(code: str) -> str:
    """Return a fence that code does not end: of the other sign, or longer than any inside."""
    if "```" not in code:
        return "```"
    if "~~~" not in code:
        return "~~~"
    return "`" * (max(map(len, _TICKS.findall(code))) + 1)
