"""Token estimates by script, without a tokenizer.

Gemini's tokenizer cannot be had offline, and countTokens takes a request for each text, so tokens
are estimated from characters: each class of character has a weight in tokens. The weights err
upwards (a 429 costs more than a window not quite full); `estimate` quotes an error band round them,
`estimate --exact` lets Google count a sample, and the ledger keeps Google's count beside the
estimate.
"""

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


Codes = npt.NDArray[np.uint8] | npt.NDArray[np.uint32]


def character_codes(text: str) -> Codes:
    """Return the code of each character, shape (n,); uint8 if the text is ASCII, else uint32."""
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), dtype=np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def token_weights(
    codes: Codes,
) -> npt.NDArray[np.uint8]:
    """Return the weight of each character in hundredths of a token, shape (n,)."""
    if codes.dtype == np.uint8:
        return np.frombuffer(codes.tobytes().translate(_ASCII_WEIGHTS), dtype=np.uint8)
    # Clipping maps all astral planes to the table's last entry.
    weights: npt.NDArray[np.uint8] = _WEIGHTS.take(codes, mode="clip")
    return weights


def tokens_of(weight_sum: int) -> int:
    return max(1, -(-weight_sum // 100))


def weight_of(text: str) -> int:
    """Return the estimated weight of a text in hundredths of a token."""
    return int(token_weights(character_codes(text)).sum(dtype=np.int64))


def estimate_tokens(text: str) -> int:
    """Estimate the tokens that the model will count for a text."""
    return tokens_of(weight_of(text))
