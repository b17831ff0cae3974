"""Words of any script put between blanks, in one spelling.

A vowel sign of Devanagari, a tone mark of Thai and an accent that stands by itself are characters of
their own and no letters: they belong to the word that they are in.
"""

import unicodedata

import regex

# These do not put blanks between words: pairs of characters stand for them. Thai, Lao, Burmese,
# Khmer, kana, Chinese.
_UNSPACED = regex.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]+"
)
_PUNCTUATION = regex.compile(r"[^\w\p{M}\x00-\x7f]+")
# Written or left out as one likes: points of Hebrew and Arabic, the stroke that makes an Arabic word
# longer, soft hyphens, joiners and variants of a shape.
_OPTIONAL = regex.compile(
    r"[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    r"\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
    r"\u00ad\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff]+"
)
# What the Turkish capital I with a dot becomes in lower case.
_DOTTED_I = "i\u0307"


def spaced(lowered: str) -> str:
    """Return a lower-cased text whose words, or pairs of characters, stand between blanks."""
    text = _OPTIONAL.sub("", unicodedata.normalize("NFC", lowered.replace(_DOTTED_I, "i")))
    return str(_UNSPACED.sub(_pairs, _PUNCTUATION.sub(" ", text)))


def _pairs(run: regex.Match[str]) -> str:
    characters = run.group()
    pairs = [characters[i : i + 2] for i in range(max(1, len(characters) - 1))]
    return f" {' '.join(pairs)} "
