"""XHTML as a parser of HTML understands it: what is empty in XML is closed, CDATA is text."""

import re
from html import escape

_NAMESPACE = re.compile(r"<\?xml|xmlns\s{0,9}=\s{0,9}[\"']http://www\.w3\.org/1999/xhtml")
_START_CHARS = 2000
#: Empty in XML, but to an HTML parser a start whose end never comes.
_EMPTY = re.compile(
    r"<(title|script|style|textarea|iframe|a|b|i|em|strong|span|div|p|td|th|li)(\s[^<>]{0,1000})?/>"
)
_CDATA, _CDATA_END = "<![CDATA[", "]]>"


def as_html(source: str) -> str:
    """Return a page with the ends that HTML wants, if it is written as XML; else as it is."""
    if not _NAMESPACE.search(source[:_START_CHARS]):
        return source
    source = _EMPTY.sub(r"<\1\2></\1>", source)
    first, *others = source.split(_CDATA)
    return first + "".join(map(_with_text, others))


def _with_text(piece: str) -> str:
    """Return what stands behind the start of CDATA, with its text escaped up to its end."""
    text, end, rest = piece.partition(_CDATA_END)
    return escape(text, quote=False) + rest if end else _CDATA + piece
