"""Texts cut into raw words at ASCII separators, all at once: 100 MB take about a CPU second.

A raw word is whatever stands between spaces and ASCII punctuation. `-`, `.`, `/`, `:` and `@` join
what is on both sides of them, so `E-1042` and `3.11.2` are one raw word, and so are a sentence of
Chinese and its punctuation. Each distinct one is divided once, by `word_units`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_WORD, _JOINING, _FOLLOWING = 1, 2, 3
#: For each byte what it is; for `bytes.translate`, which takes a third of the time of a lookup in NumPy.
_KINDS = bytearray(256)
for _byte in (
    *range(0x30, 0x3A),
    *range(0x41, 0x5B),
    *range(0x61, 0x7B),
    0x5F,
    *range(0x80, 0x100),
):
    _KINDS[_byte] = _WORD
for _byte in b"-./:@":
    _KINDS[_byte] = _JOINING
for _byte in b"+#":  # C++, C#
    _KINDS[_byte] = _FOLLOWING
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class RawWords:
    """The raw words of some rows."""

    #: The distinct ones.
    distinct: list[str]
    #: All of them in order, as places in `distinct`.
    words: npt.NDArray[np.int32]
    #: The row of each of them, counted from 0.
    rows: npt.NDArray[np.int64]


def raw_words(columns: list[pa.Array]) -> RawWords:
    """Cut rows into raw words; the columns of a row are read one after the other."""
    joined = _joined(columns)
    _, offset_buffer, data = joined.buffers()
    offsets = np.frombuffer(offset_buffer, np.int64)[
        joined.offset : joined.offset + len(joined) + 1
    ]
    kinds = data.slice(0, int(offsets[-1])).to_pybytes().translate(_KINDS)
    bounds = _bounds(np.frombuffer(kinds, np.uint8))
    if not len(bounds):
        return RawWords([], np.zeros(0, np.int32), np.zeros(0, np.int64))
    pieces = pa.LargeStringArray.from_buffers(
        len(bounds) - 1, pa.py_buffer(bounds), data
    )  # every second one is what separates
    encoded = pieces.take(pa.array(np.arange(0, len(bounds) - 1, 2))).dictionary_encode()
    starts = bounds[:-1:2]
    rows = np.repeat(np.arange(len(joined)), np.diff(np.searchsorted(starts, offsets)))
    return RawWords(encoded.dictionary.to_pylist(), encoded.indices.to_numpy(), rows)


def _joined(columns: list[pa.Array]) -> pa.LargeStringArray:
    """Join the columns of each row; a line feed ends each, so no word goes on in the next row."""
    texts: list[Any] = [pc.fill_null(column.cast(pa.large_string()), "") for column in columns]
    ends = [pa.scalar(end, pa.large_string()) for end in ("", "\n")]
    joined = pc.binary_join_element_wise(*texts, *ends)
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined


def _bounds(kinds: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Return where words begin and end, by turns; the last byte separates."""
    is_word: Flags = kinds == _WORD
    is_word[1:-1] |= (kinds[1:-1] == _JOINING) & is_word[:-2] & is_word[2:]
    follows = kinds == _FOLLOWING
    for _ in range(2 if follows.any() else 0):
        is_word[1:] |= follows[1:] & is_word[:-1]
    is_word[-1] = False
    edges = np.flatnonzero(is_word[1:] != is_word[:-1]) + 1
    return np.concatenate(([0], edges)) if is_word[0] else edges
