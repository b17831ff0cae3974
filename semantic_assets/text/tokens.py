"""Token estimates by script, without a tokenizer.

Gemini's tokenizer cannot be had offline, and countTokens takes a request for each text, so tokens
are estimated from characters: each class of character has a weight in tokens. The weights err
upwards (a 429 costs more than a window not quite full); `estimate` quotes an error band round them,
`estimate --exact` lets Google count a sample, and the ledger keeps Google's count beside the
estimate.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

# Weights in hundredths of a token. English prose has about 4.4 characters a token; digits are
# split one by one; Russian has 2.5 to 3, Korean tables were seen at 1.0 to 1.2 (one public
# repository), Chinese and Japanese near 1.5.
_LETTER, _SPACE, _DIGIT, _MARK = 24, 10, 90, 45
_LATIN_EXTENDED, _GREEK_CYRILLIC, _OTHER_ALPHABET, _CJK, _ASTRAL = 50, 40, 70, 90, 150


def _table() -> npt.NDArray[np.uint8]:
    table = np.full(0x10001, _OTHER_ALPHABET, dtype=np.uint8)
    table[:0x80] = _MARK
    for first, last in (("a", "z"), ("A", "Z")):
        table[ord(first) : ord(last) + 1] = _LETTER
    table[ord("0") : ord("9") + 1] = _DIGIT
    table[[ord(c) for c in " \n\t"]] = _SPACE
    table[0x80:0x370] = _LATIN_EXTENDED
    table[0x370:0x530] = _GREEK_CYRILLIC
    table[0x2000:0x2070] = _MARK
    table[0x2E80:0xD800] = _CJK
    table[0xF900:0xFB00] = _CJK
    table[0x10000] = _ASTRAL
    return table


_WEIGHTS = _table()
_ASCII_WEIGHTS = _WEIGHTS[:256].tobytes()


Codes = npt.NDArray[np.uint8] | npt.NDArray[np.uint16] | npt.NDArray[np.uint32]
Places = npt.NDArray[np.int64]

#: Characters that are weighed at once: numpy widens each to 8 bytes, and larger arrays leave the
#: caches and the heap (a third of the time of dividing a shard).
_BLOCK = 1 << 15
#: Of a longer text the weight before every 16th character is kept: 63 MB took 500 MB of sums.
_LONG, _STEP = 4 << 20, 16
_AT_ONCE = 1 << 12
#: numpy takes several microseconds for any text; a name has less than that.
_SHORT = 1_000


def character_codes(text: str) -> Codes:
    """Return the code of each character, shape (n,), in the narrowest of 8, 16 and 32 bits."""
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), dtype=np.uint8)
    narrow = text.encode("utf-16-le", "surrogatepass")
    if len(narrow) == 2 * len(text):
        return np.frombuffer(narrow, dtype=np.uint16)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def token_weights(codes: Codes) -> npt.NDArray[np.uint8]:
    """Return the weight of each character in hundredths of a token, shape (n,)."""
    if codes.dtype == np.uint8:
        return np.frombuffer(codes.tobytes().translate(_ASCII_WEIGHTS), dtype=np.uint8)
    # Clipping maps all astral planes to the table's last entry.
    weights: npt.NDArray[np.uint8] = _WEIGHTS.take(codes, mode="clip")
    return weights


class Weights:
    """Sums of the weights of a text's characters."""

    def __init__(self, codes: Codes) -> None:
        self._codes, self._step = codes, _STEP if len(codes) > _LONG else 1
        step = self._step
        self._sums = np.zeros(len(codes) // step + 1, dtype=np.int64)
        for first in range(0, len(codes), _BLOCK):
            weights = token_weights(codes[first : first + _BLOCK])
            sums, index = np.cumsum(weights, dtype=np.int64)[step - 1 :: step], first // step
            np.add(sums, self._sums[index], out=self._sums[index + 1 : index + 1 + len(sums)])

    def before(self, places: Places) -> Places:
        """Return the weight of the text before each place, shape (n,)."""
        found: Places = self._sums[places // self._step if self._step > 1 else places]
        for first in range(0, len(places) if self._step > 1 else 0, _AT_ONCE):
            found[first : first + _AT_ONCE] += self._inside(places[first : first + _AT_ONCE])
        return found

    def _inside(self, places: Places) -> Places:
        """Return the weight of the text between each place and the sum kept before it."""
        steps, behind = np.arange(self._step), places % self._step
        codes = self._codes.take((places - behind)[:, None] + steps, mode="clip")
        weights = _WEIGHTS.take(codes, mode="clip") * (behind[:, None] > steps)
        return np.asarray(weights.sum(axis=1, dtype=np.int64))


class Characters(NamedTuple):
    """A text, the code of each of its characters, and their weights."""

    text: str
    codes: Codes
    weights: Weights


def tokens_of(weight_sum: int) -> int:
    return max(1, -(-weight_sum // 100))


def weight_of(text: str) -> int:
    """Return the estimated weight of a text in hundredths of a token."""
    if len(text) < _SHORT and text.isascii():
        return sum(text.encode("ascii").translate(_ASCII_WEIGHTS))
    return int(token_weights(character_codes(text)).sum(dtype=np.int64))


def estimate_tokens(text: str) -> int:
    """Estimate the tokens that the model will count for a text."""
    return tokens_of(weight_of(text))
