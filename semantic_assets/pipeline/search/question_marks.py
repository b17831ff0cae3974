"""Where a text has the words of a question: whole words, in any of their forms, and identifiers whole."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import regex

from semantic_assets.index.words.stems import stem, stemmer_of
from semantic_assets.index.words.word_units import word_units

#: A shorter stem is not shortened.
_SHARED = 3
_WORD = regex.compile(r"[\p{L}\p{N}\p{M}]+[+#]{0,2}")
#: What stands between the pieces of an identifier.
_JOINTS = frozenset("-_./:@")
#: The first script that is written without spaces, and where those begin that are no letters.
UNSPACED, _HANGUL, _KHMER, _IDEOGRAPHS = "\u0e00", "\u1100", "\u1780", "\u2e80"
_FEWEST_LETTERS = 4
_PLAIN = {
    code: unicodedata.normalize("NFD", chr(code))[0]
    for code in (*range(0xC0, 0x250), 0x451)
    if unicodedata.decomposition(chr(code)) and chr(code).isalpha()
}
Mark = tuple[int, int]


@dataclass(frozen=True, slots=True)
class MarkedWord:
    """A word of a question in a text."""

    start: int
    end: int
    unit: str


class QuestionMarks:
    """The words of one question."""

    def __init__(self, weights: Mapping[str, float], languages: Iterable[str]) -> None:
        """Take the units of the question with their weights, and the languages of the texts."""
        self.weights = weights
        self._languages = tuple(languages) or ("",)
        self._units = {term: unit for unit in weights for term in _terms(unit, self._languages)}
        self._pattern = _pattern(weights, self._units)
        #: The unit of each word that was looked at.
        self._known: dict[str, str | None] = {}

    def found(self, text: str) -> Iterator[MarkedWord]:
        """Yield the words of the question in a text, in order; a piece of a word is none."""
        if self._pattern is None:
            return
        end = 0
        for one in self._pattern.finditer(_folded(text)):
            start = one.start()
            if text[start] >= UNSPACED:
                yield MarkedWord(start, start + len(one["pair"]), one["pair"])
            elif start >= end and not (start and _is_in_word(text[start - 1])):
                word = _WORD.match(text, start)
                end = word.end() if word else start
                unit = self._unit_of(word.group()) if word else None
                if unit is not None:
                    yield MarkedWord(start, end, unit)

    def marks(self, text: str) -> tuple[Mark, ...]:
        """Return the places to mark in a text, those of an identifier as one."""
        joined: list[Mark] = []
        for one in self.found(text):
            if joined and _is_joint(text, joined[-1][1], one.start):
                joined[-1] = joined[-1][0], max(joined[-1][1], one.end)
            else:
                joined.append((one.start, one.end))
        return tuple(mark for mark in joined if mark[1] - mark[0] >= self._least(text[mark[0]]))

    def _least(self, first: str) -> int:
        """Return how long a mark is at least: two letters of Thai say nothing, nor one of a number."""
        longest = max(map(len, self.weights))
        is_of_letters = UNSPACED <= first < _IDEOGRAPHS and not _HANGUL <= first < _KHMER
        return _FEWEST_LETTERS if is_of_letters else min(2, longest)

    def _unit_of(self, word: str) -> str | None:
        """Return the question's unit of which a word is a form."""
        if word not in self._known:
            self._known[word] = self._unit(word)
        return self._known[word]

    def _unit(self, word: str) -> str | None:
        for unit in _units(word):
            for term in _terms(unit, self._languages):
                if term in self._units:
                    return self._units[term]
        return None


def _is_in_word(character: str) -> bool:
    if character.isascii() or character.isalnum():
        return character.isalnum()
    return unicodedata.category(character)[0] == "M"


def _is_joint(text: str, end: int, start: int) -> bool:
    return start <= end or (start == end + 1 and text[end] in _JOINTS)


def _pattern(units: Iterable[str], terms: Iterable[str]) -> re.Pattern[str] | None:
    """Return what finds where a form of a unit may begin: by the first letters of its stems."""
    pairs = {unit for unit in units if unit[0] >= UNSPACED}
    beginnings = {_beginning(_folded(term)) for term in terms if "" < term < UNSPACED}
    parts = []
    if pairs:
        parts.append(f"(?=(?P<pair>{_either(pairs)})).")
    if beginnings:
        firsts = "".join(sorted({re.escape(one[0]) for one in beginnings}))
        parts.append(f"[{firsts}](?={_either(one[1:] for one in beginnings)})")
    return re.compile("|".join(parts)) if parts else None


def _beginning(stem_: str) -> str:
    """Return the letters with which all forms of a stem begin: its last may change, as `y` to `i`."""
    return stem_[:-1] if len(stem_) >= _SHARED else stem_


def _either(texts: Iterable[str]) -> str:
    return "|".join(re.escape(one) for one in sorted(texts, key=lambda one: (-len(one), one)))


def _folded(text: str) -> str:
    """Return a text in lower case, without accents, in which each character is at its place."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(one if len(one.lower()) != 1 else one.lower() for one in text)
    return lower if lower.isascii() else lower.translate(_PLAIN)


@lru_cache(16_384)
def _units(word: str) -> tuple[str, ...]:
    return word_units(word)


@lru_cache(16_384)
def _terms(unit: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    stemmers = dict.fromkeys(stemmer_of(unit, language) for language in languages)
    return tuple(dict.fromkeys(stem(unit, one) for one in stemmers))
