"""What of a page surrounds its content: navigation, notices, lists of links, other articles.

Content is the element that holds nearly all sentences, without what is marked as surroundings by
its tag, its role or its name, and without lists of links; before it a heading and a lead stay.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from semantic_assets.parsing.html.render import BLOCKS
from semantic_assets.parsing.html.tree import Element, elements_of, heading_level

_SURROUNDING_ROLES = frozenset(
    "navigation search contentinfo dialog alertdialog menu menubar toolbar banner".split()
    + ["complementary", "tablist"]
)
_NAMED = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|gdpr|ccpa|share|sharing|shares|sharebar|socials?|breadcrumbs?"
    r"|sidebar|side-?bar|related|recommend(?:ed|ations?)?|more-?(?:stories|articles|from|news)"
    r"|comments?|commentlist|disqus|respond|newsletter|subscri(?:be|ption)|sign-?up|promos?|promoted"
    r"|advert(?:isement)?s?|ads?|ad-?(?:container|wrapper|slot|unit)|sponsor(?:ed|s)?|outbrain"
    r"|taboola|skip-?(?:link|to|nav)|pagination|pager|nav|navi|navbar|navigation|menu|footer"
    r"|site-?(?:footer|header|nav)|popular|trending|most-?(?:read|viewed)|widgets?|tag-?cloud"
    r"|copyright|masthead|topbar|toolbar|login|popup|modal|teasers?"
    r"|screen-?reader(?:-text)?|visually-?hidden|sr-only|print-?only|noprint|navbox|printfooter"
    r"|editsection|mw-jump-link|catlinks|author-?(?:bio|box))(?:$|[\s_-])"
)
_NAMEABLE = BLOCKS | {"li", "td", "tr", "table"}
_ARTICLES = frozenset(("article", "main"))
_SENTENCE_END = re.compile(r"[.!?…:;。！？।۔။][\"'”’»)\]]{0,3}(?:\s|\Z)|[。！？၊။]")
_WIDE = re.compile(r"[\u0e00-\u0e7f\u1000-\u109f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
#: Scripts of which a sign is worth several letters.
_WIDE_CHARS = 2
_PROSE_CHARS, _LEAD_CHARS = 60, 40
_LINK_SHARE = 0.6
_MAIN_SHARE = 0.6
_MARKED_SHARE = 0.25
_HOLDERS = BLOCKS | {"td", "tr", "tbody", "span", "font"}
_PARAGRAPHS = frozenset(("p", "blockquote", "pre", "table", "ul", "ol", "dl", *[f"h{n}" for n in range(1,7)]))
_MARKS: tuple[Callable[[Element], bool], ...] = (
    lambda element: element.get("itemprop").lower() == "articlebody",
    lambda element: element.tag == "article" or element.get("role").lower() == "article",
    lambda element: element.tag == "main" or element.get("role").lower() == "main",
)
_LINES_OF_LINKS = 3


@dataclass(slots=True)
class _Weight:
    """What is below an element: letters, letters of links, links, and letters of sentences."""

    chars: int = 0
    linked: int = 0
    links: int = 0
    prose: int = 0
    has_title: bool = False

    def add(self, other: "_Weight") -> None:
        self.chars += other.chars
        self.linked += other.linked
        self.links += other.links
        self.prose += other.prose
        self.has_title |= other.has_title


class Surroundings:
    """Finds the elements of one page that are not its content."""

    def __init__(self, body: Element) -> None:
        self._body = body
        self._weights = _weights_of(body)
        self.left_out: set[int] = set()
        self.chars = 0
        whole = self._weights[id(body)]
        self._page_prose = whole.prose
        self._find()

    def _find(self) -> None:
        main = self._marked_main()
        for element in _outermost(self._body, self.left_out):
            if element is not self._body and self._is_surrounding(element, main):
                self._leave_out(element)
        self._narrow()

    def _leave_out(self, element: Element) -> None:
        weight = self._weights[id(element)]
        self.left_out.add(id(element))
        self.chars += weight.chars
        parent = element.parent
        while parent is not None:
            around = self._weights[id(parent)]
            around.chars -= weight.chars
            around.linked -= weight.linked
            around.links -= weight.links
            around.prose -= weight.prose
            parent = parent.parent

    def _marked_main(self) -> frozenset[int]:
        """Return the ids of what is marked as the page's content."""
        return frozenset(
            id(element)
            for element in elements_of(self._body)
            if element.tag in _ARTICLES
            or element.get("role").lower() in ("main", "article")
            or element.get("itemprop").lower() == "articlebody"
        )

    def _is_surrounding(self, element: Element, main: frozenset[int]) -> bool:
        weight = self._weights[id(element)]
        tag, role = element.tag, element.get("role").lower()
        if id(element) in main or not weight.chars:
            return False
        if tag == "nav" or role in ("navigation", "search", "menu", "menubar", "dialog", "alertdialog", "toolbar", "tablist"):
            return True
        if weight.has_title or weight.prose > self._page_prose * 0.5:
            return False
        is_inner = _is_within(element, main)
        if tag in ("footer", "aside", "header") or role in ("contentinfo", "complementary", "banner"):
            return self._is_frame(element, weight, is_inner)
        names = f"{element.get('class')} {element.get('id')}".lower()
        if element.tag in _NAMEABLE and names != " " and _NAMED.search(names[:500]):
            return True
        return tag in BLOCKS and not is_inner and _is_link_list(weight)

    def _is_frame(self, element: Element, weight: _Weight, is_inner: bool) -> bool:
        if element.parent is not None and element.parent.tag in ("blockquote", "figure"):
            return False
        if element.tag == "header" or element.get("role") == "banner":
            return not is_inner and weight.prose < _LEAD_CHARS
        if element.tag == "footer" or element.get("role") == "contentinfo":
            return True
        return not is_inner or weight.linked > weight.chars * _LINK_SHARE

    def _narrow(self) -> None:
        """Leave out what stands beside the element that holds nearly all sentences."""
        marked = self._content()
        if marked is not None:
            self._leave_out_beside(marked)
        element = marked or self._body
        wanted = self._weights[id(element)].prose * _MAIN_SHARE
        if wanted < _PROSE_CHARS:
            return
        inner: Element | None = element
        while inner is not None:
            element = inner
            inner = next(
                (
                    child
                    for child in element.elements
                    if id(child) not in self.left_out and self._weights[id(child)].prose >= wanted
                    and child.tag in _HOLDERS
                ),
                None,
            )
            if inner is not None:
                self._leave_out_around(inner)

    def _content(self) -> Element | None:
        """Return the one element that is marked as content and holds much of the page's sentences."""
        most = self._weights[id(self._body)].prose
        for is_marked in _MARKS:
            found = [e for e in _outermost(self._body, self.left_out, is_marked) if is_marked(e) and id(e) not in self.left_out]
            found = [e for e in found if self._weights[id(e)].prose >= _PROSE_CHARS]
            if len(found) == 1 and self._weights[id(found[0])].prose >= most * _MARKED_SHARE:
                return found[0]
        return None

    def _leave_out_beside(self, content: Element) -> None:
        inner = content
        while inner.parent is not None:
            self._leave_out_around(inner)
            inner = inner.parent

    def _leave_out_around(self, inner: Element) -> None:
        assert inner.parent is not None
        is_before = True
        for child in list(inner.parent.elements):
            if child is inner:
                is_before = False
            elif id(child) not in self.left_out and not self._belongs(child, inner, is_before):
                self._leave_out(child)

    def _belongs(self, element: Element, content: Element, is_before: bool) -> bool:
        """Return whether an element beside the content is a title, a lead or a part of it."""
        weight = self._weights[id(element)]
        if is_before and (weight.has_title or heading_level(element) is not None):
            return True
        is_part = is_before or element.tag in _PARAGRAPHS or _is_alike(element, content)
        return is_part and weight.prose >= _LEAD_CHARS


def _is_alike(element: Element, other: Element) -> bool:
    return element.tag == other.tag and element.words("class") == other.words("class")


def _is_link_list(weight: _Weight) -> bool:
    return (
        weight.links >= _LINES_OF_LINKS
        and weight.linked > weight.chars * _LINK_SHARE
        and weight.prose < _PROSE_CHARS
    )


def _is_within(element: Element, main: frozenset[int]) -> bool:
    parent = element.parent
    while parent is not None:
        if id(parent) in main:
            return True
        parent = parent.parent
    return False


def _outermost(body: Element, left_out: set[int], is_end: Callable[[Element], bool] | None = None) -> Iterator[Element]:
    """Yield elements, parents first; nothing below one that was left out meanwhile."""
    waiting = [body]
    while waiting:
        element = waiting.pop()
        yield element
        if id(element) not in left_out and not (is_end and is_end(element)):
            waiting += reversed(list(element.elements))


def _weights_of(body: Element) -> dict[int, _Weight]:
    weights: dict[int, _Weight] = {}
    for element in reversed(list(elements_of(body))):
        weight = _Weight(has_title=element.tag == "h1")
        own, own_links, texts = 0, 0, []
        for child in element.children:
            if isinstance(child, str):
                text = " ".join(child.split())
                own += len(text)
                texts.append(text)
                continue
            below = weights[id(child)]
            if child.tag in BLOCKS or child.tag in ("li", "td", "th", "tr", "tbody"):
                weight.add(below)
            else:
                own += below.chars
                own_links += below.linked
                weight.links += below.links
                weight.has_title |= below.has_title
                weight.prose += below.prose
        weight.chars += own
        weight.linked += own_links
        if element.tag == "a" and "href" in element.attributes:
            weight.linked, weight.links = weight.chars, 1
        elif element.tag in BLOCKS or element.tag in ("li", "td", "th", "span", "font"):
            plain = own - own_links
            joined = " ".join(texts)
            plain += len(_WIDE.findall(joined)) * _WIDE_CHARS
            if element.tag == "pre" or (plain >= _PROSE_CHARS and own_links < plain and (_SENTENCE_END.search(joined) or plain > 150)):
                weight.prose = max(weight.prose, 0) + own
        weights[id(element)] = weight
    return weights
