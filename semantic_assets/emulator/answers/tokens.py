"""Token counts of texts, and the truncation of texts that have too many.

The count is of our own making: the real tokenizer is not public. Latin words are pieces of up to
five letters, Cyrillic, Greek and other alphabets of three, digits of three; a Chinese, Japanese or
Korean character is one token, and so is each punctuation mark.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

# Characters per token by class of character; class 0 is blanks, which are no tokens.
_BLANK, _MARK, _LATIN, _DIGIT, _LETTER = range(5)
_PIECE_LENGTHS = (1, 1, 5, 3, 3)
_ONE_TOKEN_EACH = ((0x3040, 0x30FF), (0x3400, 0x9FFF), (0xAC00, 0xD7AF))
# Division is the slowest step on short runs; a table of all usual lengths replaces it.
_LONGEST_RUN = 64


def _tokens_of_run(character_class: int, length: int) -> int:
    if character_class == _BLANK:
        return 0
    return -(-length // _PIECE_LENGTHS[character_class])


_TOKENS_BY_LENGTH = np.array(
    [[_tokens_of_run(kind, n) for n in range(_LONGEST_RUN)] for kind in range(5)], dtype=np.int64
)


def _class_of(code: int) -> int:
    character = chr(code)
    if character.isspace() or 0xD800 <= code <= 0xDFFF:
        return _BLANK if character.isspace() else _MARK
    if character.isdigit():
        return _DIGIT
    if not character.isalpha() or any(low <= code <= high for low, high in _ONE_TOKEN_EACH):
        return _MARK
    return _LATIN if code < 0x250 else _LETTER


@cache
def _classes() -> npt.NDArray[np.uint8]:
    return np.array([_class_of(code) for code in range(0x10000)], dtype=np.uint8)


def _character_classes(text: str) -> npt.NDArray[np.uint8]:
    if text.isascii():
        return _classes()[np.frombuffer(text.encode(), dtype=np.uint8)]
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    # Emoji and rare ideographs lie above the table: one token each, like a mark.
    return np.where(codes < 0x10000, _classes()[codes & 0xFFFF], np.uint8(_MARK))


class _Runs(NamedTuple):
    """Stretches of one class of characters: where each starts, its class, its tokens."""

    starts: npt.NDArray[np.int64]
    classes: npt.NDArray[np.uint8]
    tokens: npt.NDArray[np.int64]


def _runs(text: str) -> _Runs:
    classes = _character_classes(text)
    changes = np.flatnonzero(classes[1:] != classes[:-1]) + 1
    starts = np.concatenate([np.zeros(1, dtype=np.int64), changes])
    run_classes = classes[starts]
    lengths = np.diff(starts, append=len(classes))
    tokens = _TOKENS_BY_LENGTH[run_classes, np.minimum(lengths, _LONGEST_RUN - 1)]
    for run in np.flatnonzero(lengths >= _LONGEST_RUN):
        tokens[run] = _tokens_of_run(int(run_classes[run]), int(lengths[run]))
    return _Runs(starts, run_classes, tokens)


def count_all(texts: Sequence[str]) -> list[int]:
    """Count the tokens of each text in one pass; a blank between two texts ends every run."""
    if not texts:
        return []
    runs = _runs("\n".join(texts) + "\n")
    ends = np.cumsum([len(text) + 1 for text in texts])
    before = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(runs.tokens)])
    counted: list[int] = np.diff(before[np.searchsorted(runs.starts, ends)], prepend=0).tolist()
    return counted


def count_tokens(text: str) -> int:
    """Count the tokens of a text; 0 only for one that is empty or blank."""
    return count_all([text])[0]


def truncate(text: str, limit: int) -> str:
    """Return the text up to its `limit`-th token: the API silently embeds that much."""
    runs = _runs(text + "\n")
    before = np.cumsum(runs.tokens) - runs.tokens
    if before[-1] + runs.tokens[-1] <= limit:
        return text
    run = int(np.searchsorted(before, limit, side="right")) - 1
    step = _PIECE_LENGTHS[int(runs.classes[run])]
    return text[: int(runs.starts[run]) + step * (limit - int(before[run]))]
