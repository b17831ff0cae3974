"""Elements that a reader does not see, and those that are only folded up."""

import re
from collections.abc import Iterable

from semantic_assets.parsing.html.formulas import is_in_formula, is_second_rendering
from semantic_assets.parsing.html.tree import (
    Element,
    elements_of,
    heading_level,
    parents_of,
    text_of,
)

_NOT_SHOWN = re.compile(
    r"(?:display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}hidden)", re.IGNORECASE
)
_CONTROLLING = ("aria-controls", "data-bs-target", "data-target", "href")
_PANEL_ROLES = frozenset(("region", "tabpanel"))
_PANEL = re.compile(
    r"accordion|collaps|tab-?pan|tab-?content|toggle-?content|faq|answer|details|expand"
)
_NO_PANEL = re.compile(r"nav|menu|modal|cookie|consent|dialog|search")
_SYMBOLS = frozenset(("¶", "#", "§", "🔗", "⚓", "∞", "[link]", "[edit]"))
#: Numbers beside lines of code.
_LINE_NUMBERS = frozenset(
    ("lineno", "linenos", "linenodiv", "linenumber", "linenumbers", "line-number", "blob-num")
)
_NUMBER_TAGS = frozenset(("a", "span", "td", "th", "div"))
_TITLES = frozenset(("summary", "dt", "legend"))
_NO_TITLE = re.compile(r"nav|menu|hamburger|close|copy|share|search|cookie|dismiss|submit")


class Visibility:
    """What of a page a reader sees, or can fold out."""

    def __init__(self, body: Element, *, is_hidden_kept: bool) -> None:
        #: A page whose scripts would show its text: only controls are no text.
        self._is_hidden_kept = is_hidden_kept
        self._controlled = frozenset(_controlled(elements_of(body)))

    def is_hidden(self, element: Element) -> bool:
        """Return whether an element is never text: not shown, a control, or a second rendering."""
        if element.tag == "button":
            return not is_title_button(element)
        if element.tag == "noscript":
            return not self._is_hidden_kept
        if not element.attributes:
            return False
        if not _LINE_NUMBERS.isdisjoint(element.words("class")) and element.tag in _NUMBER_TAGS:
            return True
        if is_second_rendering(element) or is_permalink(element):
            return True
        return _is_marked_hidden(element) and not (
            self._is_hidden_kept
            or self._is_panel(element)
            or is_in_formula(element)
            or _holds_formula(element)
        )

    def _is_panel(self, element: Element) -> bool:
        words = element.get("class").lower() + " " + element.get("id").lower()
        if _NO_PANEL.search(words) or element.tag == "nav":
            return False
        return (
            element.get("hidden").lower() == "until-found"
            or element.get("role").lower() in _PANEL_ROLES
            or element.get("id") in self._controlled
            or bool(_PANEL.search(words))
        )


def _controlled(elements: Iterable[Element]) -> Iterable[str]:
    """Yield the ids of what controls of the page fold out."""
    for element in elements:
        if element.attributes and (
            "aria-expanded" in element.attributes or element.tag == "button"
        ):
            for name in _CONTROLLING:
                yield from (word.removeprefix("#") for word in element.get(name).split())


def _is_marked_hidden(element: Element) -> bool:
    return (
        "hidden" in element.attributes
        or element.get("aria-hidden").lower() == "true"
        or ("style" in element.attributes and bool(_NOT_SHOWN.search(element.get("style")[:1000])))
    )


def _holds_formula(element: Element) -> bool:
    """Return whether an element hides the source of a formula that is shown as a picture."""
    only = list(element.elements)
    return len(only) == 1 and only[0].tag == "math"


def is_title_button(button: Element) -> bool:
    """Return whether a button is the title of what it folds out, and no button of a form."""
    text = text_of(button)
    if not text:
        return False
    for parent in parents_of(button):
        if heading_level(parent) or parent.tag in _TITLES:
            return text_of(parent) == text or parent.tag == "dt"
    words = button.get("class").lower() + " " + button.get("id").lower()
    if _NO_TITLE.search(words) or button.get("type").lower() in ("submit", "reset"):
        return False
    if any(heading_level(below) for below in elements_of(button)):
        return True
    folds = "aria-expanded" in button.attributes or bool(_PANEL.search(words))
    return (folds or text.endswith(("?", "\uff1f"))) and (len(text.split()) > 2 or len(text) > 12)


def is_permalink(element: Element) -> bool:
    """Return whether a link is only a sign to link its heading by."""
    return element.tag == "a" and "href" in element.attributes and text_of(element) in _SYMBOLS
