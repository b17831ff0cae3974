"""Definitions in source code, told by their lines: what encloses a place, in most languages."""

import re
from collections.abc import Iterator

from semantic_assets.text.heading_names import shortened
from semantic_assets.text.outline import Outline

_LINE = re.compile(r"^([ \t]*)(\S[^\n]{0,300})", re.MULTILINE)
_MODIFIER = (
    r"(?:export|default|public|private|protected|internal|static|final|abstract|async|pub"
    r"(?:\([^()\n]{0,40}\))?|inline|override|virtual|const|unsafe|extern|sealed|open|data|partial)"
)
_NAMED = re.compile(
    rf"(?:{_MODIFIER}[ \t]+){{0,6}}"
    r"((?:class|interface|struct|enum|trait|impl|module|namespace|def|fn|fun|func|function|sub"
    r"|object|record|protocol|extension|package)[ \t*]+(?:\([^()\n]{0,80}\)[ \t]*)?[\w.:$]{1,80})"
)
#: A method of Java, C# or TypeScript: modifiers, perhaps types, and a name with parameters.
_METHOD = re.compile(
    rf"(?:{_MODIFIER}[ \t]+){{1,6}}(?:[\w<>\[\],.?:]{{1,60}}[ \t]+){{0,3}}(\w{{1,80}})[ \t]?\("
)
#: A line that goes with the definition that it closes or continues.
_CLOSING = re.compile(r"[)\]}]|(?:end|else|elif|except|finally|catch|begin)\b|\{$|#(?:end|el)")
#: A line that goes with what follows it.
_LEADING = re.compile(r"@|#|//|/\*|\*|--|;|%|'''|\"\"\"|\[\w|template\b")
#: A line at the left edge, and the line above it.
_AT_EDGE = re.compile(r"^([^\n]{0,300})\n(?=(\S[^\n]{0,40}))", re.MULTILINE)
_TAB = 4


def is_closing(line: str) -> bool:
    """Return whether a line, without its indentation, belongs to what stands above it."""
    return _CLOSING.match(line) is not None


def is_leading(line: str) -> bool:
    """Return whether a line is a comment or decorator, which belongs to what stands below it."""
    return _LEADING.match(line) is not None


def tops(text: str) -> Iterator[int]:
    """Yield the lines at the left edge that follow the end of something, without a blank line."""
    for found in _AT_EDGE.finditer(text):
        above = found[1]
        is_end = above[:1] in (" ", "\t") or is_closing(above)
        if above.strip() and is_end and not is_closing(found[2]):
            yield found.end()


def width(blanks: str) -> int:
    """Return the columns of an indentation."""
    return len(blanks.expandtabs(_TAB))


def outline_of(text: str) -> Outline:
    """Return the definitions that enclose each line: those above it that are less indented."""
    outline = Outline()
    open_now: list[tuple[int, str]] = []
    known: tuple[str, ...] = ()
    for line in _LINE.finditer(text):
        indent = width(line[1])
        while open_now and open_now[-1][0] >= indent and not is_closing(line[2]):
            open_now.pop()
        names = tuple(name for _, name in open_now)
        if names != known:
            outline.places.append(line.start())
            outline.trails.append(names)
        name = _name(line[2])
        if name:
            open_now.append((indent, name))
            outline.places.append(line.end())
            outline.trails.append((*names, name))
        known = tuple(name for _, name in open_now)
    return outline


def _name(line: str) -> str | None:
    found = _NAMED.match(line)
    if not found:
        found = _METHOD.match(line)
    return shortened(found[1]).rstrip(":.") if found else None
