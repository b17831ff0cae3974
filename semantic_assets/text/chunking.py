"""Text to chunks, with boundaries anchored in the content.

A document above the size limit is divided at its highest heading, or else at the paragraph break
whose own text has the lowest hash, and each part again, until every part fits. Which break is
lowest does not depend on what stands elsewhere, so a paragraph inserted somewhere changes the one
or two chunks round it and no other (an ordinary splitter shifts every boundary behind it).
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from semantic_assets.text import fingerprint
from semantic_assets.text.tokens import (
    character_codes,
    estimate_tokens,
    token_weights,
    tokens_of,
)

CODE_VERSION = "1"

#: A chunk holds at most this many estimated tokens. The model truncates in silence at 2,048;
#: the factor of 2.5 is what an estimate may be wrong by before that happens.
MAX_TOKENS = 800
#: No division leaves a part smaller than this, where there is a choice.
MIN_TOKENS = 120


@dataclass(frozen=True, slots=True)
class ChunkSizes:
    """How large chunks may be, and should at least be, in estimated tokens."""

    max_tokens: int = MAX_TOKENS
    min_tokens: int = MIN_TOKENS


_DEFAULT_SIZES = ChunkSizes()

_BREAK = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_HEADING = re.compile(r"(#{1,6})[ \t]+(\S[^\n]*)")
_SENTENCE = re.compile(r"[.!?][\"')\]]*\s+|[\u3002\uff01\uff1f]|\n")
_WORD = re.compile(r"\s+")
_NO_HEADING = 7
#: Six levels and a title of the heaviest script still leave the model room for 800 tokens.
_MAX_HEADING_CHARS = 120
_Codes = npt.NDArray[np.uint8] | npt.NDArray[np.uint32]

#: A paragraph is known by its first characters, hashed with fixed odd multipliers.
_HASHED_CHARS = 24
_MULTIPLIERS = np.asarray(
    [pow(0x9E3779B97F4A7C15, i + 1, 1 << 64) | 1 for i in range(_HASHED_CHARS)], dtype=np.uint64
)
_BLOCK = 2048
_MIX = np.uint64(0xD6E8FEB86659FD93)


@dataclass(frozen=True, slots=True)
class Span:
    """One chunk of a document: offsets into its text, where it stands, what is embedded."""

    chunk_id: str
    chunk_index: int
    start_char: int
    end_char: int
    heading_path: str | None
    text: str
    vector_text: str
    text_hash: str
    token_estimate: int


@dataclass(frozen=True, slots=True)
class _Units:
    """The atoms of a document: where each starts, how heavy it is, how willingly it is cut before."""

    starts: npt.NDArray[np.int64]
    weights: npt.NDArray[np.int64]
    ranks: npt.NDArray[np.int64]


def chunk_document(
    document_id: str, title: str | None, text: str, sizes: ChunkSizes = _DEFAULT_SIZES
) -> list[Span]:
    """Cut one document. Every character that is not white space is in exactly one chunk."""
    spans: list[Span] = []
    seen: Counter[str] = Counter()
    for start, end, path in _placed(text, _boundaries(text, sizes)):
        body = text[start:end]
        vector_text = _with_context(title, path, body)
        spans.append(
            Span(
                chunk_id=fingerprint.chunk_id(document_id, body, seen[body]),
                chunk_index=len(spans),
                start_char=start,
                end_char=end,
                heading_path=path,
                text=body,
                vector_text=vector_text,
                text_hash=fingerprint.text_hash(vector_text),
                token_estimate=estimate_tokens(vector_text),
            )
        )
        seen[body] += 1
    return spans


def _with_context(title: str | None, path: str | None, body: str) -> str:
    context = " > ".join(part for part in (title and _short(title), path) if part)
    return f"{context}\n\n{body}" if context else body


def _short(heading: str) -> str:
    """A sentence taken for a title must not push the text itself out of the model's input."""
    return " ".join(heading[:_MAX_HEADING_CHARS].split())


def _placed(text: str, edges: list[int]) -> Iterator[tuple[int, int, str | None]]:
    """Trim white space off each part and name the headings it stands under."""
    trail: dict[int, str] = {}
    for start, end in pairwise(edges):
        body = text[start:end]
        stripped = body.strip()
        if not stripped:
            continue
        first = start + body.index(stripped[0])
        under = {level: name for level, name in trail.items() if level < _level_at(text, first)}
        path = " > ".join(under[level] for level in sorted(under)) or None
        yield first, first + len(stripped), path
        _follow(trail, text, first, first + len(stripped))


def _follow(trail: dict[int, str], text: str, start: int, end: int) -> None:
    """The headings in force behind a part: a heading ends those of its level and deeper."""
    if text.find("#", start, end) < 0:
        return
    for line in _HEADING.finditer(text, start, end):
        level = _level_at(text, line.start())
        if level == _NO_HEADING:
            continue
        for deeper in [known for known in trail if known >= level]:
            del trail[deeper]
        trail[level] = _short(line[2])


def _level_at(text: str, position: int) -> int:
    starts_a_line = position == 0 or text[position - 1] == "\n"
    if not starts_a_line or text[position : position + 1] != "#":
        return _NO_HEADING
    found = _HEADING.match(text, position)
    return len(found[1]) if found else _NO_HEADING


def _boundaries(text: str, sizes: ChunkSizes) -> list[int]:
    """Offsets of all part edges, 0 and len(text) included."""
    # No character weighs more than 1.5 tokens: a text this short fits whatever it is made of.
    if len(text) * 1.5 <= sizes.max_tokens:
        return [0, len(text)]
    codes = character_codes(text)
    cumulative = np.cumsum(token_weights(codes), dtype=np.int64)
    if tokens_of(int(cumulative[-1])) <= sizes.max_tokens:
        return [0, len(text)]
    units = _units(text, codes, np.concatenate(([0], cumulative)), sizes.max_tokens)
    return [0, *(int(units.starts[cut]) for cut in _divide(units, sizes)), len(text)]


def _units(text: str, codes: _Codes, cumulative: npt.NDArray[np.int64], max_tokens: int) -> _Units:
    starts = [0, *(match.end() for match in _BREAK.finditer(text) if match.end() < len(text))]
    for pattern in (_SENTENCE, _WORD, None):
        starts = _split_oversized(text, starts, cumulative, max_tokens, pattern)
    edges = np.asarray([*starts, len(text)], dtype=np.int64)
    return _Units(
        starts=edges[:-1],
        weights=np.diff(cumulative[edges]),
        ranks=_ranks(text, codes, edges[:-1]),
    )


def _ranks(text: str, codes: _Codes, starts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Lowest is cut first: headings by level, then paragraphs by a hash of how they begin."""
    padded = np.concatenate((codes, np.zeros(_HASHED_CHARS, dtype=codes.dtype)))
    hashes = np.zeros(len(starts), dtype=np.uint64)
    for offset, multiplier in enumerate(_MULTIPLIERS):
        hashes += padded[starts + offset].astype(np.uint64) * multiplier
    hashes = (hashes * _MIX) >> np.uint64(32)
    levels = np.full(len(starts), _NO_HEADING, dtype=np.int64)
    for index in np.flatnonzero(codes[starts] == ord("#")):
        levels[index] = _level_at(text, int(starts[index]))
    ranks: npt.NDArray[np.int64] = levels << 32 | hashes.astype(np.int64)
    return ranks


def _split_oversized(
    text: str,
    starts: list[int],
    cumulative: npt.NDArray[np.int64],
    max_tokens: int,
    pattern: re.Pattern[str] | None,
) -> list[int]:
    """Break units over the limit at a pattern (sentences, then words), or else in equal runs."""
    edges = [*starts, len(text)]
    heavy = np.flatnonzero(np.diff(cumulative[edges]) > max_tokens * 100)
    added: list[int] = []
    for index in heavy:
        start, end = edges[index], edges[index + 1]
        if pattern is None:
            added.extend(range(start + max_tokens // 2, end, max_tokens // 2))
        else:
            ends = (match.end() for match in pattern.finditer(text, start, end))
            added.extend(position for position in ends if start < position < end)
    return sorted([*starts, *added]) if added else starts


def _divide(units: _Units, sizes: ChunkSizes) -> list[int]:
    """Indices of the units that begin a new chunk, ascending."""
    prefix = np.concatenate(([0], np.cumsum(units.weights)))
    lowest = _Lowest(units.ranks)
    cuts: list[int] = []
    pending = [(0, len(units.starts))]
    while pending:
        first, last = pending.pop()
        if prefix[last] - prefix[first] <= sizes.max_tokens * 100 or last - first < 2:
            continue
        cut = _best_cut(lowest, prefix, first, last, sizes.min_tokens)
        cuts.append(cut)
        pending.extend(((first, cut), (cut, last)))
    return sorted(cuts)


def _best_cut(
    lowest: "_Lowest",
    prefix: npt.NDArray[np.int64],
    first: int,
    last: int,
    min_tokens: int,
) -> int:
    """The lowest-ranked break that leaves both sides a fair size; the one nearest half if none."""
    low = int(np.searchsorted(prefix, prefix[first] + min_tokens * 100))
    high = int(np.searchsorted(prefix, prefix[last] - min_tokens * 100, side="right")) - 1
    low, high = max(low, first + 1), min(high, last - 1)
    if low <= high:
        return lowest.between(low, high)
    middle = int(np.searchsorted(prefix, (prefix[first] + prefix[last]) // 2))
    return min(max(middle, first + 1), last - 1)


class _Lowest:
    """Where the lowest of a run of ranks is, the first of equals.

    Looked up by blocks: in a text that repeats itself every cut takes off just one chunk, and to
    scan all the rest for each took minutes for 20 MB.
    """

    def __init__(self, ranks: npt.NDArray[np.int64], block: int = _BLOCK) -> None:
        whole = len(ranks) // block * block
        self._ranks, self._block = ranks, block
        self._minima = ranks[:whole].reshape(-1, block).min(axis=1)

    def between(self, low: int, high: int) -> int:
        """Both are within the run."""
        size = self._block
        first, last = -(-low // size), (high + 1) // size
        if first >= last:
            return self._scan(low, high + 1)
        block = first + int(np.argmin(self._minima[first:last]))
        runs = [
            (low, first * size),
            (block * size, (block + 1) * size),
            (last * size, high + 1),
        ]
        return min((self._scan(*run) for run in runs if run[0] < run[1]), key=self._ranks.item)

    def _scan(self, start: int, end: int) -> int:
        return start + int(np.argmin(self._ranks[start:end]))
