"""Text that is no words: fonts that do not say which letters they draw.

A page is judged by what no language does: control characters and private ones in place of letters,
letters of several scripts in one word, pairs of Latin letters that hardly any word has.
"""

import re
import unicodedata
from collections import Counter
from functools import cache
from itertools import pairwise

#: For each letter (a blank first) and the one behind it, a blank first again: how rare the pair is,
#: as a power of a half. Counted in the messages of Debian's programs in 31 languages.
_RARITY = (
    "934434455464444438534546776",
    "266447757464343658343558865",
    "327982995269376379367399959",
    "429593892275587299464499986",
    "328971887288685379567479977",
    "156546657575352869233768696",
    "337983587279498299465499979",
    "236882865387575499355399969",
    "227972898377586299564469979",
    "246444657764442469433659795",
    "329961999497674369956379997",
    "329792976395496299443389969",
    "228852768267476379954479969",
    "215982995389757339868499979",
    "239543636366785499943569968",
    "265547658555442659234546995",
    "329683986397487259265499979",
    "596999999999999999997099999",
    "227652858386756378554468976",
    "239593796385576449852468966",
    "229892894297777399455468867",
    "246554757565443559333668875",
    "419991989297695399568599947",
    "229872995298785489647697937",
    "138482998399769539893598768",
    "134463866575545449543666976",
    "325752978295654369775457956",
)
#: Words of 31 languages have a mean of 3.3, source code up to 4; letters shifted or shuffled 5.4.
_MAX_RARITY = 4.5
#: So few pairs, or words of so few letters (genes, hexadecimal), say nothing.
_LEAST_PAIRS, _LEAST_WORDS, _LEAST_LETTERS = 80, 10, 10
_LEAST_CHARS = 20
#: The share of characters that stand for no letter, of a page's characters that are not blank.
_MAX_STRAYS = 0.2
_MAX_SIGNS = 0.65
_MAX_ACCENTS = 0.6
_MAX_MIXED = 0.3

_BLANKS = re.compile(r"[ \t\n\xa0]+")
#: Control characters (PDFium's marks of hyphens are gone by now), unassigned and private ones.
_STRAY = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd\uffff]")
_GLYPH_NAME = re.compile(r"\(cid:\d{1,6}\)")
_REPEATED = re.compile(r"(.)\1+")
_SIGN = re.compile(r"[^\w\s]")
_LATIN_WORD = re.compile(r"[a-z]{3,60}")
_LETTER = re.compile(r"[^\W\d_]")
_LONG_WORD = re.compile(r"[^\W\d_]{4,60}")
_ACCENTED = re.compile("[\u00c0-\u00ff]")
_CASELESS_MARKS = re.compile("[\u0300-\u036f]")
#: Signs that a mark has replaced: "ł" has no canonical base letter.
_BASES = str.maketrans("łøđðıß", "loddis")
_LATIN = "LATIN"
#: Scripts that stand together in one word of an honest text.
_TOGETHER = frozenset(("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "FULLWIDTH"))


def is_noise(text: str) -> bool:
    """Return whether a page's text is no words of any script, so that only a picture tells it."""
    solid = _BLANKS.sub("", text)
    if len(solid) < _LEAST_CHARS:
        return bool(solid) and len(_STRAY.findall(solid)) > len(solid) / 2
    strays = len(_STRAY.findall(solid)) + sum(map(len, _GLYPH_NAME.findall(solid)))
    if strays > _MAX_STRAYS * len(solid) or _is_signs(solid):
        return True
    letters = _LETTER.findall(solid)
    return _is_recoded(letters) or _is_mixed(text) or _is_rare(text, len(letters))


def _is_signs(solid: str) -> bool:
    """Return whether a font's glyphs are numbered from "!" on; leaders and rules are runs."""
    short = _REPEATED.sub(r"\1", solid)
    return len(short) >= _LEAST_PAIRS and len(_SIGN.findall(short)) > _MAX_SIGNS * len(short)


def _is_recoded(letters: list[str]) -> bool:
    """Return whether a Cyrillic or Greek code page was taken for a Western one."""
    accented = len(_ACCENTED.findall("".join(letters)))
    return len(letters) >= _LEAST_CHARS and accented > _MAX_ACCENTS * len(letters)


def _is_mixed(text: str) -> bool:
    """Return whether many words hold letters of several scripts."""
    words = set(_LONG_WORD.findall(text))
    foreign = [word for word in words if not word.isascii()]
    mixed = sum(len({_script(letter) for letter in word}) > 1 for word in foreign)
    return len(words) >= _LEAST_WORDS and mixed > _MAX_MIXED * len(words)


@cache
def _script(letter: str) -> str:
    name = unicodedata.name(letter, "none").split(" ", 1)[0]
    return "CJK" if name in _TOGETHER else name


def _is_rare(text: str, letters: int) -> bool:
    """Return whether most letters are Latin and their pairs are of no language."""
    folded = _base_letters(text)
    words = set(_LATIN_WORD.findall(folded))
    in_words = sum(map(len, _LATIN_WORD.findall(folded)))
    if (
        len(words) < _LEAST_WORDS
        or in_words < 0.5 * letters
        or len(set().union(*words)) < _LEAST_LETTERS
    ):
        return False
    spaced = f" {' '.join(words)} "
    pairs = Counter(pairwise(spaced))
    rarity = sum(_rarity(*pair) * count for pair, count in pairs.items())
    return pairs.total() >= _LEAST_PAIRS and rarity > _MAX_RARITY * pairs.total()


def _base_letters(text: str) -> str:
    lowered = text.lower()
    if lowered.isascii():
        return lowered
    return _CASELESS_MARKS.sub("", unicodedata.normalize("NFD", lowered.translate(_BASES)))


def _rarity(first: str, second: str) -> int:
    row, column = (0 if letter == " " else ord(letter) - 96 for letter in (first, second))
    return int(_RARITY[row][column])
