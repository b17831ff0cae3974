"""The word file of a part: which of its rows each term is in, and how often; mapped, never read whole.

Terms are in the order of their UTF-8 bytes. Their first eight bytes, as a number, are searched; the
few terms that share them are compared whole, so two terms are never taken for one.

    terms            the bytes of all terms, one after the other; where each begins
    heads            the first eight bytes of each term
    rows, counts     the rows of each term, ascending, and how often each has it (255: that or more)
    lengths          the number of terms of each row

Every row that was written is counted, dead ones too: which are alive is the version's business.
"""

import json
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from semantic_assets.system.durable import replacing

WORDS = "words.bin"
#: Rises when the same text gets other terms: word files with another number are written anew.
ANALYSIS = 1
_MAGIC, _ALIGNED, _HEAD = b"SAWORDS1", 64, 8
_SIZE_BYTES = 8
#: A smaller file is read: a process has 65,530 maps, and may serve thousands of small indexes.
_SMALL_BYTES = 1 << 18
_ARRAYS = ("terms", "term_starts", "heads", "row_starts", "rows", "counts", "lengths")
Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class WordFile:
    """The arrays as maps, and the languages whose stems its terms are."""

    languages: tuple[str, ...]
    terms: Array
    term_starts: Array
    heads: Array
    row_starts: Array
    rows: Array
    counts: Array
    lengths: Array

    @property
    def size(self) -> int:
        """The bytes of all arrays."""
        return sum(getattr(self, name).nbytes for name in _ARRAYS)

    def places(self, terms: list[bytes]) -> list[tuple[int, int]]:
        """Return for each term where its rows begin and end in `rows`; (0, 0): no row has it."""
        if not len(self.heads):
            return [(0, 0)] * len(terms)
        heads = np.array([_head(term) for term in terms], np.uint64)
        firsts = np.searchsorted(self.heads, heads).tolist()
        lasts = np.searchsorted(self.heads, heads, side="right").tolist()
        found = map(self._place, terms, firsts, lasts)
        return [self._run(place) if place >= 0 else (0, 0) for place in found]

    def _place(self, term: bytes, first: int, last: int) -> int:
        """Return the place of a term among those that share its head; -1: it is not there."""
        place = bisect_left(range(last), term, lo=first, key=self.term) if first < last else last
        return place if place < last and self.term(place) == term else -1

    def term(self, place: int) -> bytes:
        return self.terms[self.term_starts[place] : self.term_starts[place + 1]].tobytes()

    def all_terms(self) -> list[bytes]:
        """Return all terms in their order."""
        content, starts = self.terms.tobytes(), self.term_starts.tolist()
        return [content[start:end] for start, end in pairwise(starts)]

    def _run(self, place: int) -> tuple[int, int]:
        return int(self.row_starts[place]), int(self.row_starts[place + 1])


def _head(term: bytes) -> int:
    return int.from_bytes(term[:_HEAD].ljust(_HEAD, b"\0"), "big")


def heads_of(terms: list[bytes]) -> Array:
    """Return the first eight bytes of each term as a number."""
    return np.array(terms, f"S{_HEAD}").view(">u8").astype(np.uint64).reshape(len(terms))


def write_word_file(folder: Path, arrays: Mapping[str, Array], languages: tuple[str, ...]) -> None:
    """Write a part's word file durably, in place of one that may be there."""
    described: list[tuple[str, str, int, int]] = []
    at = 0
    for name in _ARRAYS:
        array = arrays[name]
        at = _aligned(at)
        described.append((name, array.dtype.str, len(array), at))
        at += array.nbytes
    header = {"analysis": ANALYSIS, "languages": languages, "arrays": described}
    encoded = json.dumps(header).encode()
    first = _aligned(len(_MAGIC) + _SIZE_BYTES + len(encoded))
    with replacing(folder / WORDS) as temporary, temporary.open("wb") as file:
        file.write(_MAGIC + len(encoded).to_bytes(_SIZE_BYTES, "little") + encoded)
        for name, _, _, start in described:
            file.seek(first + start)
            np.ascontiguousarray(arrays[name]).tofile(file)
        file.truncate(max(file.tell(), first))


def _aligned(at: int) -> int:
    return -(-at // _ALIGNED) * _ALIGNED


def open_word_file(folder: Path) -> WordFile | None:
    """Map a part's word file; None: it has none, or one of another release.

    Raises:
        ValueError: the file is not as it was written.
    """
    try:
        size = (folder / WORDS).stat().st_size
    except FileNotFoundError:
        return None
    if size > _SMALL_BYTES:
        data = np.asarray(np.memmap(folder / WORDS, mode="r", dtype=np.uint8))
    else:
        data = np.fromfile(folder / WORDS, np.uint8)
    header, first = _header(data)
    if header["analysis"] != ANALYSIS:
        return None
    arrays = {}
    for name, kind, count, start in header["arrays"]:
        at = first + start
        arrays[name] = data[at : at + count * np.dtype(kind).itemsize].view(kind)
        if len(arrays[name]) != count:
            raise ValueError(f"{WORDS} is cut off")
    return WordFile(tuple(header["languages"]), **{name: arrays[name] for name in _ARRAYS})


def _header(data: Array) -> tuple[dict[str, Any], int]:
    """Return the header and where the arrays begin."""
    begin = len(_MAGIC) + _SIZE_BYTES
    if data[: len(_MAGIC)].tobytes() != _MAGIC:
        raise ValueError(f"{WORDS} is not a word file")
    size = int.from_bytes(data[len(_MAGIC) : begin].tobytes(), "little")
    return json.loads(data[begin : begin + size].tobytes()), _aligned(begin + size)
