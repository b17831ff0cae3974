"""What of a page surrounds its content: navigation, notices, lists of links, other articles.

An element is left out for its tag or role, for its name, or as a list of links; then what stands
beside the element that holds nearly all sentences. There titles, leads, paragraphs and sections
stay, so that a manual keeps all of its parts. A page that consists of links keeps them.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

from semantic_assets.parsing.html.tree import BLOCKS, HEADINGS, Element, elements_of, heading_level
from semantic_assets.parsing.html.weights import PROSE_CHARS, Weight, weights_of

_ROLES = frozenset(
    ["navigation", "search", "dialog", "alertdialog", "menu", "menubar", "toolbar", "tablist"]
)
#: Names of what is never content, whatever it says.
_NAMED = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|gdpr|ccpa|share|sharing|shares|sharebar|social|breadcrumbs?"
    r"|comments|commentlist|disqus|respond|newsletter|sign-?up|promos?|promoted|outbrain|taboola"
    r"|advert(?:isement)?s?|ads?|ad-?(?:container|wrapper|slot|unit)|sponsor(?:ed|s)?"
    r"|skip-?(?:link|to|nav)|pagination|pager|site-?(?:footer|header|nav)|printfooter|editsection"
    r"|mw-jump-link|catlinks|author-?(?:bio|box))(?:$|[\s_-])"
)
#: Names of what is content only if it holds sentences.
_PERHAPS_NAMED = re.compile(
    r"(?:^|[\s_-])(?:side-?bar|related|recommend(?:ed|ations?)?|more-?(?:stories|articles|from|news)"
    r"|subscri(?:be|ption)|nav|navi|navbar|navigation|menu|footer|popular|trending|widgets?"
    r"|most-?(?:read|viewed)|tag-?cloud|copyright|masthead|topbar|toolbar|login|popup|modal|teasers?"
    r"|screen-?reader(?:-text)?|visually-?hidden|sr-only|print-?only|noprint|navbox|comment)"
    r"(?:$|[\s_-])"
)
_NAMEABLE = BLOCKS | {"li", "td", "tr"}
_FRAMES = {"header": "banner", "footer": "contentinfo", "aside": "complementary"}
_NOTES = frozenset(("footnote", "footnotes", "admonition", "note", "tip", "warning"))
_QUOTES = frozenset(("blockquote", "figure"))
#: Elements that hold others; a paragraph or a list is content itself.
_HOLDERS = frozenset(
    [
        "div",
        "section",
        "article",
        "main",
        "table",
        "tbody",
        "tr",
        "td",
        "center",
        "form",
        "span",
        "font",
    ]
)
_PARAGRAPHS = frozenset(("p", "blockquote", "pre", "table", "ul", "ol", "dl", *HEADINGS))
#: How a page marks its content, by tag or role and by property, the surest mark first.
_MARKS = ("articlebody", "article", "main")
_NAME_CHARS, _NEAR = 500, 50
#: Shares of the letters of links: of a list of links, of a page of them, of a section.
_LIST_SHARE, _INDEX_SHARE, _SECTION_SHARE = 0.6, 0.85, 0.2
_LIST_LINKS = 3
#: Shares of a page's sentences in its content: where it is marked, where it is not, and where
#: paragraphs stand beside it.
_MARKED_SHARE, _MAIN_SHARE, _ALL_SHARE = 0.25, 0.6, 0.75
_FEW_SENTENCES, _MOST_SENTENCES = 0.5, 0.5


class Surroundings:
    """The elements of a page that are not its content, by id, and how many letters they have."""

    def __init__(self, body: Element) -> None:
        self._body = body
        self._weights = weights_of(body)
        self._whole = self._weights[id(body)]
        self._inner = _inside_marked(body)
        self.left_out: set[int] = set()
        self.chars = 0
        for element in _outermost(body, lambda found: id(found) in self.left_out):
            if element is not body and self._is_surrounding(element):
                self._leave_out(element)
        self._weights |= weights_of(body, self.left_out)
        self._narrow()

    def _leave_out(self, element: Element) -> None:
        self.left_out.add(id(element))
        self.chars += self._weights[id(element)].chars

    def _is_surrounding(self, element: Element) -> bool:
        weight, role = self._weights[id(element)], element.get("role").lower()
        if element.tag not in BLOCKS and not element.attributes:
            return False
        if not weight.chars or _is_marked(element):
            return False
        if element.tag == "nav" or role in _ROLES:
            return True
        if weight.has_title or weight.prose > self._whole.prose * _MOST_SENTENCES:
            return False
        if element.tag in _FRAMES or role in _FRAMES.values():
            return self._is_frame(element, weight, role or _FRAMES[element.tag])
        if element.tag in _NAMEABLE and self._is_named(element, weight):
            return True
        is_index = self._whole.link_share > _INDEX_SHARE
        is_inner = is_index or id(element) in self._inner
        return element.tag in BLOCKS and not is_inner and _is_link_list(weight)

    def _is_frame(self, element: Element, weight: Weight, role: str) -> bool:
        """Return whether a header, footer or aside is one of the page, and says nothing itself."""
        if element.parent is not None and element.parent.tag in _QUOTES:
            return False
        is_inner = id(element) in self._inner or not _NOTES.isdisjoint(element.words("class"))
        if role == "banner":
            return not is_inner and not weight.lead and not _has_own_title(element)
        return role == "contentinfo" or not is_inner or _is_link_list(weight)

    def _is_named(self, element: Element, weight: Weight) -> bool:
        """Return whether an element's class or id says that it is no content."""
        names = element.get("class")[:_NAME_CHARS].lower()
        if id(element) not in self._inner and not _begins_with_heading(element):
            names += " " + element.get("id")[:_NAME_CHARS].lower()  # a section's is its heading's
        if _NAMED.search(names):
            return True
        has_sentences = weight.prose > weight.chars * _FEW_SENTENCES
        is_told = has_sentences and weight.link_share < _SECTION_SHARE
        return not is_told and _PERHAPS_NAMED.search(names) is not None

    def _narrow(self) -> None:
        """Leave out what stands beside the element that holds nearly all sentences."""
        inner = self._marked_content() or self._body
        for element in _up_from(inner):
            self._leave_out_beside(element)
        whole = self._weights[id(inner)].prose
        while whole >= PROSE_CHARS and (holder := self._holder_in(inner, whole)) is not None:
            self._leave_out_beside(holder)
            inner = holder

    def _marked_content(self) -> Element | None:
        """Return the only element marked as content, if much of the page's sentences is in it."""
        least = max(self._weights[id(self._body)].prose * _MARKED_SHARE, PROSE_CHARS)
        for mark in _MARKS:
            found = [
                element
                for element in _outermost(self._body, partial(self._ends_at, mark))
                if _is_marked(element, (mark,)) and self._weights[id(element)].prose >= PROSE_CHARS
            ]
            if len(found) == 1 and self._weights[id(found[0])].prose >= least:
                return found[0]
        return None

    def _ends_at(self, mark: str, element: Element) -> bool:
        return id(element) in self.left_out or _is_marked(element, (mark,))

    def _holder_in(self, element: Element, whole: int) -> Element | None:
        """Return the child that holds nearly all sentences, if there is one."""
        share = _ALL_SHARE if self._has_paragraphs(element) else _MAIN_SHARE
        for child in element.elements:
            is_left = id(child) not in self.left_out and child.tag in _HOLDERS
            if is_left and self._weights[id(child)].prose >= whole * share:
                return child
        return None

    def _has_paragraphs(self, element: Element) -> bool:
        return any(
            heading_level(child) is not None
            or (child.tag == "p" and self._weights[id(child)].prose >= PROSE_CHARS)
            for child in element.elements
            if id(child) not in self.left_out
        )

    def _leave_out_beside(self, content: Element) -> None:
        is_before = True
        for child in content.parent.elements if content.parent is not None else ():
            if child is content:
                is_before = False
            elif id(child) not in self.left_out and not self._belongs(child, content, is_before):
                self._leave_out(child)

    def _belongs(self, element: Element, content: Element, is_before: bool) -> bool:
        """Return whether an element beside the content is a title, a lead or a part of it."""
        weight = self._weights[id(element)]
        if is_before and (weight.has_title or heading_level(element) is not None):
            return True
        if element.tag in _PARAGRAPHS or _is_alike(element, content):
            return not _is_link_list(weight)
        if _begins_with_heading(element) and weight.link_share < _SECTION_SHARE:
            return True
        return is_before and weight.lead > 0


def _is_marked(element: Element, marks: tuple[str, ...] = _MARKS) -> bool:
    if element.tag in marks:
        return True
    return bool(element.attributes) and (
        element.get("role").lower() in marks or element.get("itemprop").lower() in marks
    )


def _is_link_list(weight: Weight) -> bool:
    are_links = weight.links >= _LIST_LINKS and weight.link_share > _LIST_SHARE
    return are_links and weight.prose < PROSE_CHARS


def _begins_with_heading(element: Element) -> bool:
    return any(heading_level(child) is not None for child in islice(element.elements, 2))


def _has_own_title(element: Element) -> bool:
    """Return whether a heading is in it that is no link to the start of the site."""
    return any(
        heading_level(below) is not None and not any(child.tag == "a" for child in below.elements)
        for below in islice(elements_of(element), _NEAR)
    )


def _is_alike(element: Element, other: Element) -> bool:
    return element.tag == other.tag and element.words("class") == other.words("class")


def _inside_marked(body: Element) -> set[int]:
    """Return the ids of all elements inside one that is marked as content."""
    found: set[int] = set()
    for element in elements_of(body):
        parent = element.parent
        if parent is not None and (id(parent) in found or _is_marked(parent)):
            found.add(id(element))
    return found


def _outermost(body: Element, is_end: Callable[[Element], bool]) -> Iterator[Element]:
    """Yield elements, parents first, and nothing below an end."""
    waiting = [body]
    while waiting:
        element = waiting.pop()
        yield element
        if not is_end(element):
            waiting += reversed(list(element.elements))


def _up_from(element: Element) -> Iterator[Element]:
    while element.parent is not None:
        yield element
        element = element.parent
