"""HTML as Markdown-like text: headings, items, tables, code between fences, formulas."""

import re
from typing import TYPE_CHECKING

from semantic_assets.parsing.encoding import decode
from semantic_assets.parsing.html.boilerplate import Surroundings
from semantic_assets.parsing.html.hidden import Visibility
from semantic_assets.parsing.html.render import rendered
from semantic_assets.parsing.html.tree import Element, tree_of
from semantic_assets.parsing.records import Unreadable, normal_text
from semantic_assets.parsing.text import ReadDocument, first_heading
from semantic_assets.parsing.titles import own_title

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

_MINIMUM_CHARS = 200
#: Elements that always have an end tag; others may lack one and only seem to nest.
_NESTING_TAG = re.compile(
    r"<(/?)(?:address|article|aside|blockquote|center|details|dialog|div|dl|fieldset|figure|footer"
    r"|form|header|main|nav|ol|section|table|ul)\b",
    re.IGNORECASE,
)
#: 20,000 elements, each inside the previous one; parsing them takes two seconds.
_MAX_NESTING_STEPS = 200_000_000
_META_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
#: As in the HTML standard: pages with these labels are really in the wider encoding.
_WIDER = {
    **dict.fromkeys(("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk", "x-gbk"), "gb18030"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis"), "cp932"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987"), "cp949"),
    **{"iso-8859-9": "cp1254", "iso-8859-11": "cp874", "x-mac-cyrillic": "mac_cyrillic"},
}


def read_html(data: bytes) -> ReadDocument:
    """Return the content of a page without what surrounds it, or all of it if little would stay."""
    page = _parsed(data)
    body = _seen(page, is_hidden_kept=False)
    around = Surroundings(body)
    text = normal_text(rendered(body, around.left_out))
    if len(text) < _MINIMUM_CHARS:
        return _document(page, _whole_text(page, body))
    return _document(page, text)._replace(left_out_chars=around.chars)


def read_whole_html(data: bytes) -> ReadDocument:
    """Return all that a reader of a page sees, its navigation too."""
    page = _parsed(data)
    return _document(page, _whole_text(page, _seen(page, is_hidden_kept=False)))


def _parsed(data: bytes) -> "LexborHTMLParser":
    # Imported late: only a corpus that holds HTML should pay for it at start-up.
    from selectolax.lexbor import LexborHTMLParser, SelectolaxError

    source = decode(data, declared=_declared_charset(data))
    _check_nesting(source)
    try:
        return LexborHTMLParser(source)
    except SelectolaxError as error:
        raise Unreadable(f"not readable as HTML: {error}") from error


def _document(page: "LexborHTMLParser", text: str) -> ReadDocument:
    """Return a page titled by its <title>, else as it is shared, else by its first heading."""
    named = _title(page)
    if named:
        return ReadDocument(text, named)
    heading = first_heading(text)
    is_first = heading is not None and text.lstrip("# ").startswith(heading)
    return ReadDocument(text, heading, is_title_shown_only=not is_first)


def _title(page: "LexborHTMLParser") -> str:
    title = page.css_first("head > title")
    shared = page.css_first("meta[property='og:title']")
    names = (
        title.text() if title is not None else "",
        shared.attributes.get("content") or "" if shared is not None else "",
    )
    # Only tested: what looks like markup in a page's title is text, as in "The <a> element".
    return next((" ".join(text.split()) for text in names if own_title(text)), "")


def _seen(page: "LexborHTMLParser", *, is_hidden_kept: bool) -> Element:
    """Return the tree of a page, without what a reader of it does not see."""
    if page.body is None:
        return Element("body", {})
    body = tree_of(page.body)
    visibility = Visibility(body, is_hidden_kept=is_hidden_kept)
    waiting = [body]
    while waiting:
        element = waiting.pop()
        element.children = [
            child
            for child in element.children
            if isinstance(child, str) or not visibility.is_hidden(child)
        ]
        waiting += element.elements
    return body


def _whole_text(page: "LexborHTMLParser", body: Element) -> str:
    """Return the text of a page; of one without any, what it holds for readers without scripts."""
    nothing: frozenset[int] = frozenset()
    text = normal_text(rendered(body, nothing))
    return text or normal_text(rendered(_seen(page, is_hidden_kept=True), nothing))


def _check_nesting(source: str) -> None:
    """Raise Unreadable if parsing would take minutes: each element looks at all its parents."""
    depth = steps = 0
    for tag in _NESTING_TAG.finditer(source):
        depth = max(depth + (-1 if tag[1] else 1), 0)
        steps += depth
        if steps > _MAX_NESTING_STEPS:
            raise Unreadable("its elements are nested too deeply: close them, or save it as text")


def _declared_charset(data: bytes) -> str | None:
    found = _META_CHARSET.search(data[:4096])
    name = found[1].decode("ascii", "replace").lower() if found else None
    return _WIDER.get(name, name) if name else None
