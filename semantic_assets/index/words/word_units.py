"""What a raw word is found by: itself, the pieces of an identifier, the pairs of a run without spaces.

The same for texts and questions, and of no language. `E-1042` is found by `e1042`, `e` and `1042`, so
`E1042` and `e_1042` find it; `snake_case` and `camelCase` alike. Digits keep what joins them:
`3.11.2` is not `3112`. Han, kana, hangul, Thai, Lao, Khmer, Myanmar and Tibetan are overlapping pairs
of characters. Vowel signs and other marks belong to the word they stand in.
"""

import re
import unicodedata
from itertools import pairwise

import regex

#: Scripts that do not part words by spaces; Hangul does, but glues endings to them.
_PAIRED = (
    r"\u0e01-\u0e4e\u0e81-\u0ecf\u0f40-\u0fbc\u1000-\u103f\u1050-\u108f\u109a-\u109f\u1780-\u17d3"
    r"\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035"
    r"\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff"
    r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U000323af"
)
_HAS_PAIRED = regex.compile(f"[{_PAIRED}]")
_FIRST_PAIRED = "\u0e01"
#: A run of a paired script, a number, capitals, a word with or without a capital.
_PIECES = regex.compile(
    rf"(?P<paired>[{_PAIRED}]+)|\p{{N}}+"
    rf"|\p{{Lu}}\p{{M}}*(?:\p{{Lu}}\p{{M}}*)*(?!\p{{Ll}})"
    rf"|\p{{Lu}}?[[\p{{L}}\p{{M}}]--[\p{{Lu}}{_PAIRED}]]+|\p{{Lu}}",
    regex.V1,
)
#: The same for ASCII, which most identifiers are.
_ASCII_PIECES = re.compile("[0-9]+|[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
#: What joins the parts of an identifier, and what joins the pieces of a part; between two digits it stays.
_LOOSE, _DOTS = re.compile("[/:@#]+"), re.compile(r"\.+")
_JOINT = re.compile(r"[-._/:@+#]+(?!\d)|(?<!\d)[-._/:@+#]+")
_SHARP_OR_PLUS = re.compile(r"[^\W\d_]{1,2}(?:\+\+|#)")
_HYPHENS = {0x2010: "-", 0x2011: "-"}
_ZERO_WIDTH_SPACE = 0x200B
#: Harakat, tatweel and niqqud, which most texts leave out.
_LEFT_OUT = frozenset((*range(0x64B, 0x660), 0x670, 0x640, *range(0x591, 0x5C8)))
#: Longer ones are data, as base64 is, and found by nobody.
_MAX_CHARACTERS, _MAX_PIECES = 64, 16


class _Kept(dict[int, int | str | None]):
    """For `str.translate`: letters, digits, marks and joints stay, anything else parts words."""

    def __missing__(self, code: int) -> int | str | None:
        self[code] = kept = _kept(code)
        return kept


def _kept(code: int) -> int | str | None:
    if code in _LEFT_OUT:
        return None
    category = unicodedata.category(chr(code))
    if category == "Cf" and code != _ZERO_WIDTH_SPACE:
        return None
    is_kept = category[0] in "LNM" or chr(code) in "-./:@_+#"
    return code if is_kept else " "


_KEPT = _Kept(_HYPHENS)


def word_units(raw: str) -> tuple[str, ...]:
    """Return the units of a raw word in lower case, each once."""
    if _is_plain(raw):
        return (_lowered(raw),) if len(raw) <= _MAX_CHARACTERS else ()
    units: list[str] = []
    if raw.isascii():
        units = _identifier(raw)
    else:
        for word in unicodedata.normalize("NFKC", raw).translate(_KEPT).split():
            units += _mixed(word) if _HAS_PAIRED.search(word) else _identifier(word)
    return tuple(unit for unit in dict.fromkeys(units) if 0 < len(unit) <= _MAX_CHARACTERS)


def _is_plain(raw: str) -> bool:
    """Say whether it is one word of letters without a capital inside, as most are."""
    return (
        raw.isalpha()
        and (raw.islower() or raw.isupper() or raw.istitle())
        and (raw.isascii() or (max(raw) < _FIRST_PAIRED and unicodedata.is_normalized("NFKC", raw)))
    )


def _mixed(word: str) -> list[str]:
    """Return the pairs of each run of a paired script, and what stands between the runs."""
    units: list[str] = []
    for piece in _PIECES.finditer(word):
        run = piece.group()
        if piece.group("paired") is None:
            units += _identifier(run)
        elif len(run) == 1:
            units.append(run)
        else:
            units += [one + other for one, other in pairwise(run)]
    return units


def _identifier(word: str) -> list[str]:
    """Return a word's pieces and, where there are several, what they and those of a part are as one."""
    pieces = _ASCII_PIECES.findall(word) if word.isascii() else _pieces(word)
    if len(pieces) > _MAX_PIECES:
        pieces = _JOINT.sub(" ", word).split()
    units = [_lowered(piece) for piece in pieces]
    if len(pieces) > 1:
        units += [_lowered(_JOINT.sub("", part)) for part in _parts(word)]
        if word[0] in "vV" and word[1].isdigit():
            units.append(_JOINT.sub("", word[1:]))
    elif _SHARP_OR_PLUS.fullmatch(word):
        units.append(_lowered(word))
    return units


def _pieces(word: str) -> list[str]:
    return [piece.group() for piece in _PIECES.finditer(word)]


def _parts(word: str) -> list[str]:
    """Return an identifier and its parts: of `a/b.c` these are `a`, `b.c`, `b` and `c`."""
    parts = [word]
    if "." in word or _LOOSE.search(word):
        for part in _LOOSE.split(word):
            parts += (part, *_DOTS.split(part))
    return parts


def _lowered(word: str) -> str:
    """Fold the case of a word; a Turkish capital I with a dot becomes a plain i."""
    if word.isascii():
        return word.lower()
    return word.casefold().replace("i\u0307", "i")
