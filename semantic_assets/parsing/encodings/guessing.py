"""A guess of a text's legacy encoding, for texts with no byte order mark that are not UTF-8.

Letters of the languages written in them tell single-byte pages apart: the right page gives
words of one alphabet in proper case, a wrong one gives rare letters, odd signs and capitals inside
words. charset-normalizer, which took Hebrew for Russian and Polish for French, is used only for
the encodings of East Asia and Vietnam. A text that fits none is better refused than misread.
"""

# ruff: noqa: RUF001  quotation marks of many languages
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from math import exp, inf, log
from typing import NamedTuple

from semantic_assets.parsing.encodings.alphabets import COMMON, LANGUAGES, OLD_PAGES, Language

#: Each is the widest of its family: GBK text decodes as GB18030.
_LIBRARY = (
    *("cp932", "euc_jp", "iso2022_jp", "gb18030", "big5", "cp949", "cp1258"),
    *("utf_16_le", "utf_16_be"),
)
#: Sample sizes: of a text of Latin letters, and of one mostly beyond ASCII.
_LATIN_BYTES, _FOREIGN_BYTES = 8 << 10, 2 << 10
#: The share of characters beyond ASCII that must fit the language.
_FIT = 0.9

#: A letter with the vowel signs of Hebrew, Arabic and Thai, which are no letters to Python.
_WORD = re.compile(r"(?:[^\W\d_]|[\u0591-\u05c7\u064b-\u0652\u0e31-\u0e4e])+")
_ASCII = bytes(range(0x80))
_FOREIGN = re.compile(r"[^\x00-\x7f]")
_LATIN = re.compile(r"[A-Za-z]")
#: In Thai a vowel sign or tone stands behind a consonant, and no long word lacks a vowel.
_BAD_THAI = re.compile(r"[\u0e40-\u0e44][\u0e30-\u0e3a\u0e47-\u0e4e]")
_VOWEL = re.compile(r"^.{,4}$|[\u0e30-\u0e3a\u0e40-\u0e44\u0e47]")
_KANA = re.compile(r"[\u3041-\u30ff]")
_EAST_ASIAN = re.compile(r"[\u2e80-\u9fff\uac00-\ud7a3\uff00-\uffef]")
_IDEOGRAPH = re.compile(r"[\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_GLUED = re.compile(r"[A-Za-z{}~][\u2e80-\uff9f]|[\u2e80-\uff9f][A-Za-z{}~]")
#: Signs that are common in prose, and the signs that may stand inside a word.
_SIGNS = frozenset(
    "“”\u2018\u2019\u201a\u201e\u2013\u2014…•™€§©«®°·»\u00d7№¿¡\u00a0\u00ad\u200e\u200f\u060c\u061b\u061f"
)
_JOINERS = frozenset("\u2019\u2013\u2014…·\u00a0\u00ad\u200e\u200f\u05be")
_LETTER = ("x", "z")
#: Signs that do not end a word, do not begin one, and in other scripts than Latin may begin one.
_NEVER_LAST, _NEVER_FIRST = frozenset("„‚¿¡€№§"), frozenset("€™®°·")
_OPENING = frozenset("…©§№\u00a0\u00ad\u200e\u200f")
_CLOSING = {"«": "»", "„": "“”", "“": "”", "‚": "‘’", "‘": "’"}
_MISFIT = log(0.0005)
_SIGN_VALUES = {"sign": log(0.03), "inside": log(0.003), "rare": log(0.003), "odd": _MISFIT}
#: A word in capitals is less likely than one in lower case, but there are texts of nothing else.
_CASES = {"lower": 0.0, "title": log(0.7), "upper": log(0.9)}

#: In log likelihood: the lead one reading needs over the next, the bonus of the common
#: languages, and the penalty of the old pages.
_MARGIN, _COMMON_BONUS, _OLD_PENALTY = 1.5, 2.0, 4.5

#: Keys: a character beyond ASCII and the case of its word, or "sign" or "odd" outside words.
_Tally = Counter[tuple[str, str]]


class _Page(NamedTuple):
    """A page in which the text makes sense, and its score."""

    name: str
    score: float
    text: str


def guess_encodings(sample: bytes) -> list[str]:
    """Return Python codec names, likeliest first; none if none fits or two fit alike."""
    syllabic = list(_syllabic_pages(sample))
    if syllabic:
        return syllabic
    is_foreign = len(sample.translate(None, _ASCII)) * 4 > len(sample)
    ranked = _ranked_pages(sample[: _FOREIGN_BYTES if is_foreign else _LATIN_BYTES])
    if not ranked:
        return _library_names(sample)
    best, text = ranked[0].score, ranked[0].text
    if any(best - other.score < _MARGIN for other in ranked if other.text != text):
        return []
    return [page.name for page in ranked if page.text == text]


def _ranked_pages(sample: bytes) -> list[_Page]:
    """Return the pages in which the text fits a language, likeliest first."""
    foreign = Counter(sample.translate(None, _ASCII))
    pages: list[_Page] = []
    for name, languages in _languages_by_page().items():
        likely = [one for one in languages if _could_fit(foreign, name, one)]
        if likely and (page := _read_page(sample, name, likely)):
            pages.append(page)
    return sorted(pages, key=lambda page: -page.score)


@cache
def _languages_by_page() -> dict[str, list[Language]]:
    names = dict.fromkeys(name for language in LANGUAGES for name in language.pages)
    return {name: [one for one in LANGUAGES if name in one.pages] for name in names}


def _could_fit(foreign: Counter[int], page: str, language: Language) -> bool:
    """Return whether enough bytes are letters or signs of the language: most pages fail here."""
    outside = _bytes_outside(page, language.letters)
    return sum(foreign[byte] for byte in outside) <= (1 - _FIT) * foreign.total()


@cache
def _bytes_outside(page: str, letters: str) -> tuple[int, ...]:
    """Return the bytes that are letters of another language in a page."""
    texts = {byte: bytes((byte,)).decode(page, "replace") for byte in range(0x80, 0x100)}
    known = _weights(letters)
    return tuple(b for b, text in texts.items() if _WORD.match(text) and text not in known)


def _read_page(sample: bytes, name: str, languages: list[Language]) -> _Page | None:
    try:
        text = sample.decode(name)
    except UnicodeDecodeError:
        return None
    tally = _tally(text)
    scores = [_score(tally, one) + _prior(name, one) for one in languages]
    return _Page(name, max(scores), text) if max(scores) > -inf else None


def _prior(page: str, language: Language) -> float:
    if page in OLD_PAGES:
        return -_OLD_PENALTY
    return _COMMON_BONUS * (language in LANGUAGES[:COMMON])


def _score(tally: _Tally, language: Language) -> float:
    """Return the log likelihood of the characters beyond ASCII, -inf if too few of them fit."""
    weights = _weights(language.letters)
    total = 0.0
    letters = signs = 0
    for (character, kind), count in tally.items():
        if kind in _CASES:
            letters += count * (character in weights)
            total += count * (weights.get(character, _MISFIT) + _CASES[kind])
        else:
            signs += count * (kind in ("sign", "inside"))
            total += count * _SIGN_VALUES[kind]
    is_bare = bool(language.letters) and not letters  # signs alone are no language
    return -inf if is_bare or letters + signs < max(_FIT * tally.total(), 1) else total


@cache
def _weights(letters: str) -> dict[str, float]:
    """Return the log probability of each letter by its rank, the same for its capital."""
    is_supplement = letters[:1] < "\u0250"  # Latin: the first of a few outweighs the rest
    ranks = range(len(letters))
    values = [
        1 / (rank + 2) if is_supplement else exp(-3.5 * rank / len(letters)) for rank in ranks
    ]
    ranked = {
        letter: log(value / sum(values)) for letter, value in zip(letters, values, strict=True)
    }
    capitals = {"\u0130": ranked["\u0131"]} if "\u0131" in ranked else {}
    return {**{letter.upper(): value for letter, value in ranked.items()}, **capitals, **ranked}


def _tally(text: str) -> _Tally:
    tally: _Tally = Counter()
    for word, count in Counter(_WORD.findall(text)).items():
        kind = "" if word.isascii() else _case(word)
        for character in word if kind else "":
            if character > "\x7f":
                tally[character, kind] += count
    tally.update(_signs(text))
    return tally


def _case(word: str) -> str:
    """Return the case of a word, "odd" for spellings that no language uses."""
    if word == word.lower():
        kind = "lower"
    elif word == word.upper() and len(word) > 1:
        kind = "upper"
    else:
        kind = "title" if word[1:] == word[1:].lower() else "odd"
    is_latin = any(character < "\u0250" for character in word)
    is_mixed = is_latin and (max(word) >= "\u0370" or (len(word) > 1 and min(word) > "\x7f"))
    is_bad_thai = max(word) >= "\u0e00" and (_BAD_THAI.search(word) or not _VOWEL.search(word))
    return "odd" if is_mixed or is_bad_thai else kind


def _signs(text: str) -> Iterator[tuple[str, str]]:
    """Yield the signs beyond ASCII; rare ones pass for common ones in a text of Latin letters."""
    blank = _WORD.sub(lambda word: ("x" if word[0] < "\u0250" else "z") * len(word[0]), text)
    rare = "sign" if len(_LATIN.findall(text)) >= 3 * len(_FOREIGN.findall(text)) else "rare"
    for sign in _FOREIGN.finditer(blank):
        before = blank[max(sign.start() - 1, 0) : sign.start()]
        after = blank[sign.end() : sign.end() + 1]
        is_inside = before in _LETTER and after in _LETTER
        is_known = sign[0] in _SIGNS
        is_odd = not (is_known or sign[0].isprintable()) or (is_inside and sign[0] not in _JOINERS)
        kind = "inside" if is_inside else "sign" if is_known else rare
        is_odd |= not is_inside and _is_misplaced(before, sign[0], after, blank, sign.end())
        yield sign[0], "odd" if is_odd else kind


def _is_misplaced(before: str, sign: str, after: str, text: str, end: int) -> bool:
    """Return whether a sign stands at a word as it does where it is a letter of another page."""
    if before in _LETTER:
        return sign in _NEVER_LAST
    if after != "z":
        return after == "x" and sign in _NEVER_FIRST
    closing = _CLOSING.get(sign)
    return not any(one in text[end:] for one in closing) if closing else sign not in _OPENING


def _library_names(sample: bytes) -> list[str]:
    # Imported late: 40 ms that a corpus in UTF-8 never needs.
    from charset_normalizer import from_bytes

    matches = from_bytes(sample, cp_isolation=list(_LIBRARY), enable_fallback=False)
    return [match.encoding for match in matches if _is_plausible(sample, match.encoding)]


def _is_plausible(sample: bytes, encoding: str) -> bool:
    """Return whether the text beyond ASCII is East Asian and not glued to Latin words."""
    text = sample.decode(encoding, "replace")
    foreign = len(_FOREIGN.findall(text))
    if encoding == "cp949" and len(_HANGUL.findall(text)) < _FIT * len(_IDEOGRAPH.findall(text)):
        return False  # Korean is hardly ever written with Chinese characters now
    is_east_asian = encoding == "cp1258" or len(_EAST_ASIAN.findall(text)) >= _FIT * foreign
    return is_east_asian and not _is_glued(text)


def _is_glued(text: str) -> bool:
    return len(_GLUED.findall(text)) * 3 > len(_FOREIGN.findall(text))


def _syllabic_pages(sample: bytes) -> Iterator[str]:
    """Yield the page in which a third of the text is kana, or nearly all is Hangul.

    Only Japanese and Korean look so, and the library takes short EUC-JP for Thai or Korean.
    """
    for name, syllables, share in (
        ("cp932", _KANA, 1 / 3),
        ("euc_jp", _KANA, 1 / 3),
        ("euc_kr", _HANGUL, _FIT),
    ):
        text = sample.decode(name, "replace")
        is_syllabic = len(syllables.findall(text)) > share * len(_FOREIGN.findall(text))
        if is_syllabic and "\ufffd" not in text[:-1] and not _is_glued(text):
            yield name
