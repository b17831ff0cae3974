"""The blocks of Markdown that decide where its chunks begin: headings, code and tables.

Lines inside a fence, a comment or verbatim HTML are no headings, however they begin. A fence that
is not closed reaches to the end of its list item, or else of the document, as in CommonMark.
"""

import re
from typing import NamedTuple

from semantic_assets.text.heading_names import name_of
from semantic_assets.text.outline import Outline, Table

#: Lines that may begin or end a block: all others are text.
_MARKED = re.compile(r"^[ \t]{0,16}(?=[#`~=<:|>*+-]|\d{1,9}[.)][ \t])", re.MULTILINE)
_HEADING = re.compile(r"(#{1,6})(?:[ \t]+([^\n]*))?(?:\n|\Z)")
_FENCE = re.compile(r"(?:[-*+>]|\d{1,9}[.)])?[ \t]{0,8}(?:`{3,}[^`\n]*|~{3,}[^\n]*)(?:\n|\Z)")
_FENCE_SIGNS = re.compile(r"`{3,}|~{3,}")
_CONTAINER = re.compile(r"[-*+>]|\d{1,9}[.)]")
_UNDERLINE = re.compile(r"(?:=+|-{3,})[ \t]*(?:\n|\Z)")
_RULE = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*(?:\|[ \t]*)?")
_NO_TITLE = re.compile(r"[ \t]*(?:[#>|<]|[-*+][ \t]|\d{1,9}[.)][ \t]|`{3}|~{3}|[-=*_ \t]+$|$)")
_VERBATIM = re.compile(r"<(!--|pre\b|script\b|style\b|textarea\b)", re.IGNORECASE)
_VERBATIM_END = re.compile(r"</(?:pre|script|style|textarea)>", re.IGNORECASE)
_FRONT_KEY = re.compile(r"---[ \t]*\n[\w.-]{1,80}[ \t]*:")
_FRONT_END = re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.MULTILINE)
_TAB = 4


class _Line(NamedTuple):
    text: str
    #: Where it begins, where its first character stands that is no blank, and where its end is.
    start: int
    at: int
    end: int

    @property
    def indent(self) -> int:
        return len(self.text[self.start : self.at].expandtabs(_TAB))

    @property
    def after(self) -> int:
        return min(self.end + 1, len(self.text))

    def words(self) -> str:
        return self.text[self.at : self.end]


def outline_of(text: str) -> Outline:
    """Return the headings, code blocks and tables of a Markdown text."""
    outline = Outline()
    names: dict[int, str] = {}
    done = _past_front_matter(text)
    for mark in _MARKED.finditer(text, done):
        if mark.start() >= done:
            line = _Line(text, mark.start(), mark.end(), _line_end(text, mark.start()))
            done = _read(outline, names, line, done)
    return outline


def _line_end(text: str, place: int) -> int:
    end = text.find("\n", place)
    return end if end >= 0 else len(text)


def _past_front_matter(text: str) -> int:
    end = _FRONT_END.search(text, 4) if _FRONT_KEY.match(text) else None
    return min(end.end() + 1, len(text)) if end else 0


def _read(outline: Outline, names: dict[int, str], line: _Line, done: int) -> int:
    """Read a marked line into the outline; return the place up to which the text is read."""
    text, sign = line.text, line.text[line.at]
    if sign == "#":
        found = _HEADING.match(text, line.at) if line.indent < _TAB else None
        return _head(outline, names, line, len(found[1]), found[2]) if found else done
    if _FENCE.match(text, line.at):
        end = _fence_end(line)
        outline.code.append((line.at, end))
        return end
    if sign == "<":
        return _verbatim_end(line) or done
    if sign in "=-" and line.indent < _TAB and _UNDERLINE.match(text, line.at):
        title = _underlined(line, done)
        if title:
            return _head(outline, names, title, 1 if sign == "=" else 2, title.words(), line.after)
    if sign in "|:-" and "|" in line.words() and _RULE.fullmatch(line.words().rstrip()):
        return _table(outline, line, done)
    return done


def _head(
    outline: Outline,
    names: dict[int, str],
    line: _Line,
    level: int,
    marked: str | None,
    after: int | None = None,
) -> int:
    """Note a heading: it ends those of its level and deeper."""
    after = line.after if after is None else after
    name = name_of(marked or "")
    if not name:
        return after
    for deeper in [known for known in names if known >= level]:
        del names[deeper]
    outline.places += (line.start, after)
    outline.trails.append(tuple(names.values()))
    names[level] = name
    outline.trails.append(tuple(names.values()))
    outline.levels[line.at] = level
    outline.bodies.add(_next_word(line.text, after))
    return after


def _next_word(text: str, place: int) -> int:
    while place < len(text) and text[place].isspace():
        place += 1
    return place


def _underlined(line: _Line, done: int) -> _Line | None:
    """Return the line above an underline if it is a paragraph of its own."""
    if line.start <= done:
        return None
    text, start = line.text, line.text.rfind("\n", 0, line.start - 1) + 1
    above = text[max(done, text.rfind("\n", 0, max(start - 1, 0)) + 1) : max(start - 1, 0)]
    words = text[start : line.start - 1]
    if start < done or (start > done and above.strip()) or _NO_TITLE.match(words):
        return None
    title = _Line(text, start, start + len(words) - len(words.lstrip()), line.start - 1)
    return title if title.indent < _TAB else None


def _fence_end(line: _Line) -> int:
    text = line.text
    opener = _FENCE_SIGNS.search(text, line.at)
    assert opener is not None
    is_contained = line.indent >= _TAB or _CONTAINER.match(text, line.at) is not None
    start = line.after
    while start < len(text):
        end = _line_end(text, start)
        words = text[start:end].lstrip(" \t>") if text[line.at] == ">" else text[start:end].strip()
        signs = words.rstrip()
        if signs.startswith(opener[0]) and signs == signs[0] * len(signs):
            return min(end + 1, len(text))
        if is_contained and words and not _is_inside(line, text[start:end]):
            return start
        start = end + 1
    return len(text)


def _is_inside(opening: _Line, words: str) -> bool:
    """Return whether a line can belong to the list item or quotation that a fence is in."""
    if opening.text[opening.at] == ">":
        return words.lstrip(" \t").startswith(">")
    indent = len(words) - len(words.lstrip(" \t"))
    return indent > 0 if opening.indent < _TAB else indent >= 2


def _verbatim_end(line: _Line) -> int | None:
    found = _VERBATIM.match(line.text, line.at) if line.indent < _TAB else None
    if not found:
        return None
    if found[1] == "!--":
        end = line.text.find("-->", found.end())
    else:
        closing = _VERBATIM_END.search(line.text, found.end())
        end = closing.start() if closing else -1
    return _line_end(line.text, end) + 1 if end >= 0 else len(line.text)


def _table(outline: Outline, rule: _Line, done: int) -> int:
    """Note the table that a rule belongs to, if there is a row above it."""
    text = rule.text
    start = text.rfind("\n", 0, max(rule.start - 1, 0)) + 1
    if start < done or start == rule.start or "|" not in text[start : rule.start]:
        return done
    end = rule.after
    while end < len(text) and "|" in text[end : (line_end := _line_end(text, end))]:
        end = min(line_end + 1, len(text))
    outline.tables.append(Table(start, rule.after, end))
    return end
