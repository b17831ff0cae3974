"""A unit of a word as it is indexed in a language: its stem, without the accents of its letters."""

import threading
import unicodedata
from typing import Protocol, cast

#: For each script with stemmers where its letters are, and the stemmer of a word whose row is in a
#: language of another script.
_LATIN_END = "\u0250"
_SCRIPTS = (
    (0x0370, 0x0400, "greek"),
    (0x0400, 0x0530, "russian"),
    (0x0530, 0x0590, "armenian"),
    (0x0600, 0x0780, "arabic"),
    (0x0900, 0x0980, "hindi"),
    (0x0B80, 0x0C00, "tamil"),
    (0x1E00, 0x1F00, "english"),
    (0x1F00, 0x2000, "greek"),
)
#: The languages that are not written in Latin letters.
_SCRIPT_OF = {"persian": "arabic", "nepali": "hindi"} | {
    name: name for name in ("greek", "russian", "armenian", "arabic", "hindi", "tamil")
}
#: Its words do not change, and its accents are other words.
_AS_WRITTEN = "vietnamese"
#: Letters of Latin alphabets that Unicode does not take apart.
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "\u0131": "i", "æ": "ae", "œ": "oe", "ħ": "h"}
)
_ACCENTS = dict.fromkeys(range(768, 880))
_FOLDED_BELOW = 0x400
_GREEK_WITH_ACCENTS = range(0x1E00, 0x2000)


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...


_local = threading.local()


def stemmer_of(unit: str, language: str) -> str:
    """Return the language whose stem a unit gets in a row of `language`; "": it has none."""
    if not unit.isalpha() and any(character.isdigit() for character in unit):
        return ""
    script = "english" if unit < _LATIN_END else _script(ord(unit[0]))
    return language if script and _SCRIPT_OF.get(language, "english") == script else script


def _script(code: int) -> str:
    return next((name for first, end, name in _SCRIPTS if first <= code < end), "")


def stem(unit: str, stemmer: str) -> str:
    """Return the term of a unit; equal for all spellings with and without accents."""
    if stemmer == _AS_WRITTEN:
        return unit
    return _without_accents(_stemmer(stemmer).stemWord(unit) if stemmer else unit)


def _without_accents(term: str) -> str:
    """Take the accents off Latin and Greek letters; in other scripts they make another letter."""
    if term.isascii():
        return term
    code = ord(term[0])
    if code >= _FOLDED_BELOW and code not in _GREEK_WITH_ACCENTS:
        return term
    plain = unicodedata.normalize("NFD", term.translate(_PLAIN)).translate(_ACCENTS)
    return unicodedata.normalize("NFC", plain)


def _stemmer(language: str) -> _Stemmer:
    """Return the thread's own stemmer of a language: one must not be used by two at once."""
    held: dict[str, _Stemmer] = _local.__dict__
    if language not in held:
        import Stemmer

        held[language] = cast(_Stemmer, Stemmer.Stemmer(language, 0))  # it keeps none
    return held[language]
