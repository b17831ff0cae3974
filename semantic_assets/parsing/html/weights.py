"""How much of an element is text, links and sentences, for all elements of a page at once."""

import re
from collections.abc import Container
from dataclasses import dataclass

from semantic_assets.parsing.html.tree import BLOCKS, Element, elements_of

_SENTENCE_END = re.compile(  # Western, Indian, Arabic and fullwidth ones
    "[.!?\u2026:;\u0964\u06d4][\"'\u201d\u2019\u00bb)\\]]{0,3}(?:\\s|\\Z)"
    "|[\u3002\uff01\uff1f\u104a\u104b]"
)
#: Signs of scripts that write a word in a few of them.
_DENSE = re.compile(r"[\u0e00-\u0e7f\u1000-\u109f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LETTERS_OF_A_DENSE_SIGN = 3
#: Shorter texts are labels; longer ones are sentences, whatever they end with.
LEAD_CHARS, PROSE_CHARS, _SURELY_PROSE_CHARS = 25, 60, 150
_PARTS = BLOCKS | {"li", "td", "th", "tr", "tbody", "thead", "tfoot"}
_TEXT_HOLDERS = BLOCKS | {"li", "td", "th", "span", "font"}


@dataclass(slots=True)
class Weight:
    """Letters below an element, those of links and of sentences; and the number of links.

    `lead` counts short sentences too, as they stand below a title.
    """

    chars: int = 0
    linked: int = 0
    prose: int = 0
    lead: int = 0
    links: int = 0
    has_title: bool = False

    @property
    def link_share(self) -> float:
        return self.linked / self.chars if self.chars else 0.0

    def add(self, other: "Weight") -> None:
        self.chars += other.chars
        self.linked += other.linked
        self.prose += other.prose
        self.lead += other.lead
        self.links += other.links
        self.has_title |= other.has_title


def weights_of(body: Element, left_out: Container[int] = frozenset()) -> dict[int, Weight]:
    """Return the weight of each element by its id; what is left out weighs nothing around it."""
    weights: dict[int, Weight] = {}
    for element in reversed(list(elements_of(body))):
        weights[id(element)] = _weight_of(element, weights, left_out)
    return weights


def _weight_of(element: Element, weights: dict[int, Weight], left_out: Container[int]) -> Weight:
    """Return the weight of an element by those of its children."""
    parts, own = Weight(has_title=element.tag == "h1"), Weight()
    texts: list[str] = []
    for child in element.children:
        if isinstance(child, str):
            texts.append(" ".join(child.split()))
        elif id(child) not in left_out:
            (parts if child.tag in _PARTS else own).add(weights[id(child)])
    text = " ".join(texts)
    own.chars += len(text)
    if element.tag == "a" and "href" in element.attributes:
        parts.add(own)
        return Weight(parts.chars, parts.chars, links=1, has_title=parts.has_title)
    if element.tag in _TEXT_HOLDERS and not own.prose:
        plain = _plain_letters(text, own)
        has_end = plain > _SURELY_PROSE_CHARS or _SENTENCE_END.search(text) is not None
        is_text = has_end and plain > own.linked
        own.lead = max(own.lead, own.chars * (is_text and plain >= LEAD_CHARS))
        own.prose = own.chars * (element.tag == "pre" or (is_text and plain >= PROSE_CHARS))
    parts.add(own)
    return parts


def _plain_letters(text: str, own: Weight) -> int:
    """Return how many letters outside of links a text has, as of an alphabet."""
    return own.chars - own.linked + len(_DENSE.findall(text)) * (_LETTERS_OF_A_DENSE_SIGN - 1)
