"""The heading that names a Markdown document, and whether it stands at its start."""

import re
from typing import NamedTuple

from semantic_assets.parsing.titles import own_title

_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(.*)")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-{2,})[ \t]*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
#: What no paragraph begins with: an underlined heading is no list, quote, table or element.
_BLOCK = re.compile(r"[ \t]*(?:[-*+>|#][ \t>|#-]|[0-9]{1,9}[.)][ \t]|\||    |\t|</?[a-zA-Z])")
_HTML_HEADING = re.compile(r"<h[1-3](?:\s[^<>]{0,200})?>(.{0,300}?)</h[1-3]>", re.I | re.DOTALL)
#: Lines without words of their own: a table of contents, where a link leads.
_BARE = re.compile(r"\[\[?_?toc_?\]?\]|\[[^\]\n]{1,200}\]:.{0,2000}", re.IGNORECASE)
_LOOKED_AT = 32 << 10
#: A heading behind so many badges is not at the start.
_FIRST_LINES = 500


class Heading(NamedTuple):
    """A heading without markup; `is_first`: no text stands before it."""

    title: str
    is_first: bool


def naming_heading(text: str) -> Heading | None:
    """Return the first heading outside fences and comments that is a title."""
    is_first = True
    fence = above = ""
    before: str | None = ""
    for number, line in enumerate(_without_html(text).split("\n")):
        mark = _FENCE.match(line)
        if mark and (not fence or (mark[1].startswith(fence) and not line.strip(" \t`~"))):
            fence = "" if fence else mark[1]
            is_first = False
        if mark or fence:
            before = above = ""
            continue
        name = _name(line, above)
        if name and (title := own_title(name)):
            return Heading(title, is_first)
        # A line is no heading once another than an underline has followed it.
        is_first = is_first and not above and number < _FIRST_LINES
        is_line = bool(line.strip()) and not (is_first and _is_bare(line))
        is_block = is_line and _BLOCK.match(line) is not None
        is_first = is_first and not is_block
        above = line if is_line and not is_block and not before else ""
        before = line.strip()
    return None


def _name(line: str, above: str) -> str:
    """Return the text of the heading that a line makes; `above` is a paragraph of one line."""
    found = _HEADING.fullmatch(line)
    if not found:
        return above if above and _UNDERLINE.fullmatch(line) else ""
    name = found[1].strip(" \t")
    bare = name.rstrip("#")  # the signs that close it stand behind a space: C# keeps its own
    return bare if not bare or bare[-1] in " \t" else name


def _is_bare(line: str) -> bool:
    """Return whether a line is badges, pictures, rules and links alone."""
    return _BARE.fullmatch(line.strip()) is not None or own_title(line) is None


def _without_html(text: str) -> str:
    """Return the text with comments left out and headings of HTML as those of Markdown."""
    head = text[:_LOOKED_AT]
    if "<" not in head:
        return text
    head = _HTML_HEADING.sub(lambda found: "# " + " ".join(found[1].split()), head)
    parts = head.split("<!--")
    kept = [part.partition("-->")[2] if "-->" in part else part for part in parts[1:]]
    return "".join((parts[0], *kept)) + text[_LOOKED_AT:]
