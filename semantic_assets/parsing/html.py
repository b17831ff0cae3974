"""HTML as Markdown-like text: paragraphs, "# " headings, "- " items, code blocks verbatim.

It omits scripts, styles and form controls, and the surroundings of a page's text: nav, and a
header or footer that is neither in an article or main nor holds the h1. If less than 200
characters would stay, the page consists of those elements, and they are kept.
"""

import re
from typing import TYPE_CHECKING

from semantic_assets.parsing.encoding import decode
from semantic_assets.parsing.records import Unreadable, normal_text
from semantic_assets.parsing.text import ReadDocument, first_heading

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_MINIMUM_CHARS = 200
_SPACES = re.compile(r"[ \t\n\r\f]+")
_HIDDEN = frozenset(
    (
        "script",
        "style",
        "noscript",
        "template",
        "head",
        "svg",
        "math",
        "iframe",
        "object",
        "canvas",
        "select",
        "textarea",
        "button",
        "datalist",
        "audio",
        "video",
    )
)
_SURROUNDINGS = frozenset(("nav", "header", "footer"))
_ARTICLES = frozenset(("article", "main"))
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_LINES = frozenset(("li", "tr", "dt", "dd", "summary", "caption"))
_BLOCKS = frozenset(
    (
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "details",
        "dialog",
        "div",
        "dl",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hr",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "ul",
        *_HEADINGS,
    )
)
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
    """Return the text of a page, titled by its <title>, else by its first heading."""
    # Imported late: only a corpus that holds HTML should pay for it at start-up.
    from selectolax.lexbor import LexborHTMLParser, SelectolaxError

    source, remark = decode(data, declared=_declared_charset(data))
    _check_nesting(source)
    try:
        page = LexborHTMLParser(source)
    except SelectolaxError as error:
        raise Unreadable(f"not readable as HTML: {error}") from error
    text = _page_text(page)
    title = page.css_first("title")
    named = _SPACES.sub(" ", title.text()).strip() if title is not None else ""
    return ReadDocument(text, named or first_heading(text), remark=remark)


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


def _page_text(page: "LexborHTMLParser") -> str:
    if page.body is None:
        return ""
    text = normal_text(_render(page.body, is_whole=False))
    return text if len(text) >= _MINIMUM_CHARS else normal_text(_render(page.body, is_whole=True))


def _render(body: "LexborNode", *, is_whole: bool) -> str:
    """Render a page's body with an explicit stack: pages nest deeper than Python calls may."""
    writer = _Writer()
    with_heading = _parents_of_h1(body)
    waiting: list[LexborNode | str] = [body]
    articles = 0
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            articles -= node in _ARTICLES
            writer.close(node)
            continue
        tag = node.tag or ""
        is_inner = articles > 0 or node.mem_id in with_heading
        if node.is_text_node:
            writer.write(node.text_content or "")
        elif tag not in _HIDDEN and (is_whole or not _is_surrounding(tag, is_inner)):
            articles += tag in _ARTICLES
            writer.open(tag)
            waiting.append(tag)
            waiting.extend(reversed(list(node.iter(include_text=True))))
    return "".join(writer.parts)


def _is_surrounding(tag: str, is_inner: bool) -> bool:
    return tag == "nav" or (tag in _SURROUNDINGS and not is_inner)


def _parents_of_h1(body: "LexborNode") -> set[int]:
    """Return the ids of all elements that contain an h1."""
    found: set[int] = set()
    for heading in body.css("h1"):
        parent = heading.parent
        while parent is not None and parent.mem_id not in found:
            found.add(parent.mem_id)
            parent = parent.parent
    return found


class _Writer:
    """Collects text; breaks and prefixes wait until text follows them."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._newlines = 0
        self._prefix = ""
        self._is_spaced = True  # whether a space now would be one too many
        self._verbatim = 0
        self._heading = 0

    def open(self, tag: str) -> None:
        self._break_at(tag)
        if tag in _HEADINGS:
            self._heading += 1
            self._prefix = _HEADINGS[tag]
        elif tag == "li":
            self._prefix = "- "
        elif tag == "pre":
            self._verbatim += 1
        elif tag == "br":
            self._line_break()
        elif tag in ("td", "th") and not self._newlines:
            self.write(" | ")

    def close(self, tag: str) -> None:
        self._break_at(tag)
        if tag in _HEADINGS:
            self._heading -= 1
        if tag in _HEADINGS or tag == "li":
            self._prefix = ""  # an empty element leaves no prefix behind
        elif tag == "pre":
            self._verbatim -= 1

    def write(self, text: str) -> None:
        if not self._verbatim:
            text = _SPACES.sub(" ", text)
            if self._is_spaced or self._newlines:
                text = text.removeprefix(" ")
        if not text:
            return
        if self.parts and self._newlines:
            self.parts[-1] = self.parts[-1].rstrip()
            self.parts.append("\n" * self._newlines)
        self.parts += (self._prefix, text)
        self._newlines, self._prefix = 0, ""
        self._is_spaced = text[-1] in " \n"

    def _break_at(self, tag: str) -> None:
        wanted = 2 if tag in _BLOCKS else 1 if tag in _LINES else 0
        if not wanted or (self._heading and tag not in _HEADINGS):
            return  # a heading is always one line
        self._newlines = max(self._newlines, wanted)

    def _line_break(self) -> None:
        if self._heading:
            self.write(" ")
        elif self._verbatim:
            self.write("\n")
        else:
            self._newlines = min(self._newlines + 1, 2)
