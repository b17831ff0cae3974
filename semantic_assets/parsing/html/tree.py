"""The tree of a page as plain objects, so that each later step walks it without the parser."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

HEADINGS = {f"h{level}": level for level in range(1, 7)}
#: Values of aria-level, and what a browser takes for none.
_LEVELS, _DEFAULT_LEVEL = frozenset("123456789"), 2
#: Elements whose content is no text of the page, whatever it is.
_NO_TEXT = frozenset(
    (
        *("style", "head", "iframe", "object", "canvas", "select", "textarea", "datalist"),
        *("audio", "video", "rt", "rp", "rtc", "template"),
    )
)


BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "center", "details", "dialog"),
        *("div", "dl", "fieldset", "figcaption", "figure", "footer", "form", "header", "hr"),
        *("hgroup", "main", "menu", "nav", "ol", "p", "pre", "search", "section", "table", "ul"),
        *HEADINGS,
    )
)
#: Elements around another that still say something of it; pages nest by thousands.
_NEAR = 20


@dataclass(slots=True, eq=False)
class Element:
    """An element with its attributes, and its children: elements and pieces of text."""

    tag: str
    attributes: dict[str, str | None]
    parent: "Element | None" = None
    children: "list[Element | str]" = field(default_factory=list)

    def get(self, name: str) -> str:
        return self.attributes.get(name) or "" if self.attributes else ""

    def words(self, name: str) -> list[str]:
        """Return the words of an attribute, as `class`, in small letters."""
        return self.get(name).lower().split()

    @property
    def elements(self) -> "Iterator[Element]":
        return (child for child in self.children if not isinstance(child, str))


def tree_of(body: "LexborNode") -> Element:
    """Return the tree below a body; scripts stay only if they are formulas."""
    root = Element("body", body.attributes)
    waiting: list[tuple[LexborNode, Element]] = [(body, root)]
    while waiting:
        node, element = waiting.pop()
        for child in node.iter(include_text=True):
            if child.is_text_node:
                element.children.append(child.text_content or "")
            elif child.tag not in _NO_TEXT and (child.tag != "script" or _is_formula(child)):
                below = Element(child.tag or "", child.attributes, element)
                element.children.append(below)
                waiting.append((child, below))
            elif child.tag == "template" and "shadowrootmode" in child.attributes:
                _add_shadow(child, element)
    return root


def _is_formula(script: "LexborNode") -> bool:
    return (script.attributes.get("type") or "").lower().startswith("math/tex")


def _add_shadow(template: "LexborNode", parent: Element) -> None:
    """Add the content of a component: the parser keeps it apart from its place."""
    from selectolax.lexbor import LexborHTMLParser

    source = (template.html or "").partition(">")[2].rpartition("</template>")[0]
    page = LexborHTMLParser(source)
    if page.body is not None and "<template" not in source:
        below = tree_of(page.body)
        below.tag, below.parent = "div", parent
        parent.children.append(below)


def elements_of(root: Element) -> Iterator[Element]:
    """Yield an element and all below it, parents first, in the page's order."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        yield element
        waiting += reversed(list(element.elements))


def text_of(root: Element, most: int = 10_000) -> str:
    """Return the text below an element on one line, of at most so many pieces."""
    parts: list[str] = []
    waiting: list[Element | str] = [root]
    while waiting and most:
        most -= 1
        node = waiting.pop()
        if isinstance(node, str):
            parts.append(node)
        else:
            waiting += reversed(node.children)
    return " ".join("".join(parts).split())


def parents_of(element: Element, most: int = _NEAR) -> Iterator[Element]:
    """Yield the elements around an element, the nearest first."""
    parent = element.parent
    while parent is not None and most:
        yield parent
        parent, most = parent.parent, most - 1


def heading_level(element: Element) -> int | None:
    """Return the level of a heading, 1 to 6, by its tag or its role."""
    if element.tag in HEADINGS:
        return HEADINGS[element.tag]
    if element.get("role").lower() != "heading":
        return None
    level = element.get("aria-level").strip()
    return min(int(level), 6) if level in _LEVELS else _DEFAULT_LEVEL


def is_inside(element: Element, tags: frozenset[str]) -> bool:
    """Return whether one of the nearest elements around has such a tag."""
    return any(parent.tag in tags for parent in parents_of(element))
