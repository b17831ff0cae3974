"""Plain text and Markdown, kept unchanged except for Markdown's front matter.

A document is (text, title, metadata); records are made from it in `readers`.
"""

import re
from typing import NamedTuple

from semantic_assets.parsing.encoding import decode
from semantic_assets.parsing.records import normal_text


class ReadDocument(NamedTuple):
    """The content of a single-document format; a title of None means the file's name."""

    text: str
    title: str | None = None
    metadata: dict[str, str] | None = None
    pages: tuple[int, ...] = ()
    #: What of it could not be read, and the remedy; None: all of it was read.
    remark: str | None = None
    #: The title is not the document's own (it comes from a heading further down): it is shown in
    #: hits and not embedded.
    is_title_shown_only: bool = False
    #: Letters of it that were left out, as they surround the content; None: none can be.
    left_out_chars: int | None = None


_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(.*)")
_UNDERLINE = re.compile(r"=+[ \t]*")
_FENCE = re.compile(r" {0,3}(```|~~~)")
_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?\n)---[ \t]*(?:\n|\Z)", re.DOTALL)
#: A document may also begin with a rule; then there is prose between two rules.
_FRONT_LINE = re.compile(r"[\w.-]+[ \t]*:(?:[ \t].*)?|[ \t]+.*|-[ \t].*|#.*|")
_PAIR = re.compile(r"([\w.-]+)[ \t]*:[ \t](.*)")
#: A line of a megabyte may begin with a #, but is no name for a document.
_MAX_HEADING_CHARS = 300


def read_plain(data: bytes) -> ReadDocument:
    """Return the text unchanged and untitled: plain text has no headings."""
    return ReadDocument(normal_text(decode(data)))


def read_markdown(data: bytes) -> ReadDocument:
    """Return the text without its front matter, whose one-line values become metadata."""
    front, text = _split_front_matter(normal_text(decode(data)))
    title = front.pop("title", None) or first_heading(text)
    return ReadDocument(text, title, front)


def first_heading(text: str) -> str | None:
    """Return the first heading outside a fenced block, marked by # or underlined by =."""
    fence: str | None = None
    previous = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark and fence in (None, mark[1]):
            fence = None if fence else mark[1]
        elif fence is None:
            heading = _HEADING.fullmatch(line)
            name = heading[1].strip(" \t").rstrip("#").rstrip(" \t") if heading else ""
            if not name and _UNDERLINE.fullmatch(line):
                name = previous.strip()
            if name:
                return name[:_MAX_HEADING_CHARS]
        previous = line
    return None


def _split_front_matter(text: str) -> tuple[dict[str, str], str]:
    found = _FRONT_MATTER.match(text)
    lines = found[1].split("\n") if found else []
    pairs = [pair for line in lines if (pair := _PAIR.fullmatch(line)) and pair[2].strip()]
    if not found or not pairs or not all(_FRONT_LINE.fullmatch(line) for line in lines):
        return {}, text
    return {pair[1]: _unquoted(pair[2].strip()) for pair in pairs}, text[found.end() :].strip()


def _unquoted(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if is_quoted else value
