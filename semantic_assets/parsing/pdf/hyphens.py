"""Words broken at a line end by a hyphen, made whole on the line where they begin.

What is one word and what a compound is told by the rest of the document; in doubt the word is
whole, as most hyphens at line ends are of the line and not of the word.
"""

import re
from collections import Counter
from itertools import pairwise

#: A hyphen, a soft one, or the sign that OCR writes for it, and what may stand around the newline.
_BREAK = re.compile("(?<=[^\\W_])[-\u00ad\u2010\u00ac][ \t]{0,9}\n[ \t]{0,9}(?=[^\\W_])")
_HEAD = re.compile(r"\S{1,60}")
_WORD = re.compile(r"[^\W\d_]{1,60}(?:-[^\W\d_]{1,60}){0,9}")
_LETTERS = re.compile(r"[^\W\d_]{1,60}")
_ADDRESS = re.compile(r"[/@\\=_]|www\.")
#: "Haupt- und Nebensatz": the hyphen stands for a word that comes later.
_CONJUNCTIONS = frozenset(
    (
        "und",
        "oder",
        "bzw",
        "sowie",
        "and",
        "or",
        "en",
        "of",
        "och",
        "eller",
        "og",
        "ja",
        "tai",
        "lub",
    )
)
_HYPHENS = "-\u00ad\u2010\u00ac"
#: The longest word looked at before a hyphen.
_BEFORE_CHARS = 80


def words_of(texts: list[str]) -> Counter[str]:
    """Return how often each word stands unbroken; "state-of-the-art" counts as one."""
    found: Counter[str] = Counter()
    for text in texts:
        found.update(word.lower() for word in _WORD.findall(text))
    return found


def join_broken_words(text: str, words: Counter[str]) -> str:
    """Return the text with its broken words whole; the line break comes behind the word."""
    parts: list[str] = []
    start = 0
    for found in _BREAK.finditer(text):
        right = _HEAD.match(text, found.end())
        if found.start() < start or right is None:
            continue
        left = text[start : found.start()]
        link = _link(left, right[0], words)
        if right[0].isdigit() and right.end() == len(text):
            link = "-\n"  # not of the word: the number of the page
        parts.append(left + link + right[0])
        start = right.end()
        if text[start : start + 1] == " ":
            parts.append("\n")
            start += 1
    return ("".join(parts) + text[start:]).replace("\u00ad", "-")


def join_pages(texts: list[str], words: Counter[str]) -> list[str]:
    """Return the pages; a word broken between two of them is whole on the first."""
    joined = list(texts)
    filled = [number for number, text in enumerate(texts) if text]
    for number, after in pairwise(filled):
        left, right = joined[number][:-1], _HEAD.match(joined[after])
        is_broken = joined[number][-1] in _HYPHENS and left[-1:].isalpha()
        if is_broken and right and right[0][0].islower():
            joined[number] = left + _link(left, right[0], words) + right[0]
            joined[after] = joined[after][right.end() :].lstrip()
    return joined


def _link(left: str, right: str, words: Counter[str]) -> str:
    """Return what belongs between the two halves: nothing, a hyphen, or a hyphen and a space."""
    before = (left[-_BEFORE_CHARS:].split() or [""])[-1]
    last, first = _last_letters(before), _first_letters(right)
    whole, compound = words[(last + first).lower()], words[f"{last}-{first}".lower()]
    if _ADDRESS.search(before + right):
        return "-"
    if whole != compound:
        return "" if whole > compound else "-"
    if first in _CONJUNCTIONS:
        return "- "
    is_of_word = not first or first[0].isupper() or len(last) < 2 or last.isupper()
    return "-" if is_of_word or _is_chain(before, last, right, words) else ""


def _is_chain(before: str, last: str, right: str, words: Counter[str]) -> bool:
    """Return whether the word is one of several linked by hyphens, as "state-of-the-art" is."""
    is_linked = (
        before.removesuffix(last).endswith("-") or right[len(_first_letters(right)) :][:1] == "-"
    )
    return is_linked and words[last.lower()] > 0


def _first_letters(text: str) -> str:
    found = _LETTERS.match(text)
    return found[0] if found else ""


def _last_letters(text: str) -> str:
    return _first_letters(text[::-1])[::-1]
