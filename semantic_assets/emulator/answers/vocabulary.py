"""Words as weighted hashed features, remembered in flat arrays.

What a feature *means* is decided here (word, stem, character n-grams and their weights). Which
component of a vector it lands in is decided in `vectors.py`.
"""

# ruff: noqa: RUF001  the Russian words below are meant to be Russian

import threading
from array import array
from math import sqrt
from zlib import crc32

# Weights found by trial on 240 paragraphs with 1,190 questions in English and in Russian:
# without n-grams and stems Russian loses 0.06 nDCG@10, with them English gains 0.01.
_WORD_WEIGHT = 0.7
_STEM_WEIGHT = 1.0
_NGRAM_WEIGHT = 1.0
_STEM_LENGTH = 5
# With 5 added nothing is found better and every text takes a fifth longer.
_NGRAM_LENGTHS = (3, 4)
# A hexadecimal dump or a base64 blob is one "word"; its tail says nothing about the topic.
_LONGEST_WORD = 32

# crc32 starting values keep a word, a stem and an n-gram of the same letters apart.
_WORD_SALT, _STEM_SALT, _NGRAM_SALT = 1, 2, 3

_FREQUENT_WEIGHT = 0.1
_SHORT_WEIGHT = 0.4
# Words that say nothing about a topic, in the two languages retrieval was measured in.
_ENGLISH = """
the of and to in a is was for on as with by that at from it an are be this which or his were he has
had its also not have who their but been first they one after into two there than more when most
such other some these would all her she him them will can may about between over both what how many
did does do where why whose whom during any if no only out up so then
"""
_RUSSIAN = """
и в на с по к из за от не что как для это его ее их был была были было он она они о у об до при же
а но или чем который которые какой какая какие какое сколько когда где кто кого чего почему каком
каких во со также между после
"""
_FREQUENT = frozenset((_ENGLISH + _RUSSIAN).split())


def _hash_ngrams(word: str) -> list[int]:
    marked = f"<{word}>"
    if marked.isascii():
        raw, width = marked.encode(), 1
    else:
        raw, width = marked.encode("utf-16-le", "surrogatepass"), 2
    return [
        crc32(raw[i : i + width * n], _NGRAM_SALT)
        for n in _NGRAM_LENGTHS
        for i in range(0, len(raw) - width * n + 1, width)
    ]


def word_features(word: str) -> tuple[list[int], list[float]]:
    """Return hashes and weights of a lower-cased word's features; crc32: no PYTHONHASHSEED."""
    if word in _FREQUENT:
        return [crc32(word.encode(), _WORD_SALT)], [_FREQUENT_WEIGHT]
    word = word[:_LONGEST_WORD]
    scale = 1.0 if len(word) > 2 else _SHORT_WEIGHT
    hashes = _hash_ngrams(word)
    weights = [_NGRAM_WEIGHT * scale / sqrt(max(1, len(hashes)))] * len(hashes)
    hashes.append(crc32(word.encode("utf-8", "surrogatepass"), _WORD_SALT))
    weights.append(_WORD_WEIGHT * scale)
    if len(word) >= _STEM_LENGTH:
        hashes.append(crc32(word[:_STEM_LENGTH].encode("utf-8", "surrogatepass"), _STEM_SALT))
        weights.append(_STEM_WEIGHT)
    return hashes, weights


class Vocabulary(dict[bytes, int]):
    """A map of words in UTF-8 to numbers; the features of word n end at `ends[n]`.

    Those of n + 1 start there. It is only ever appended to, under a lock, and a number is handed
    out after its features are in.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self.hashes = array("Q")
        self.weights = array("f")
        self.ends = array("q")

    def __missing__(self, word: bytes) -> int:
        hashes, weights = word_features(word.decode("utf-8", "surrogatepass"))
        with self._lock:
            if (known := self.get(word)) is not None:
                return known
            number = len(self)
            self.hashes.extend(hashes)
            self.weights.extend(weights)
            self.ends.append(len(self.hashes))
            self[word] = number
            return number
