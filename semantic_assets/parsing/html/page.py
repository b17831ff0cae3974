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

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

_MINIMUM_CHARS = 200
_SPACES = re.compile(r"[ \t\n\r\f]+")
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


def read_html(data: bytes, *, is_whole: bool = False) -> ReadDocument:
    """Return the text of a page, titled by its <title>, else by its first heading."""
    # Imported late: only a corpus that holds HTML should pay for it at start-up.
    from selectolax.lexbor import LexborHTMLParser, SelectolaxError

    source = decode(data, declared=_declared_charset(data))
    _check_nesting(source)
    try:
        page = LexborHTMLParser(source)
    except SelectolaxError as error:
        raise Unreadable(f"not readable as HTML: {error}") from error
    text, left_out = _page_text(page, is_whole)
    title = _title(page)
    return ReadDocument(text, title or first_heading(text))


def _title(page: "LexborHTMLParser") -> str:
    title = page.css_first("title")
    return _SPACES.sub(" ", title.text()).strip() if title is not None else ""


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


def _page_text(page: "LexborHTMLParser", is_whole: bool) -> tuple[str, int]:
    """Return the text of a page, and how many characters of it were left out."""
    if page.body is None:
        return "", 0
    body = tree_of(page.body)
    _prune(body)
    if not is_whole:
        around = Surroundings(body)
        text = normal_text(rendered(body, around.left_out))
        if len(text) >= _MINIMUM_CHARS:
            return text, around.chars
    return normal_text(rendered(body, frozenset())), 0


def _prune(body: Element) -> None:
    """Take out what a reader of the page does not see."""
    visibility = Visibility(body)
    waiting = [body]
    while waiting:
        element = waiting.pop()
        element.children = [
            child
            for child in element.children
            if isinstance(child, str) or not visibility.is_hidden(child)
        ]
        waiting += element.elements
