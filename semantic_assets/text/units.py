"""The units of documents: where a chunk may begin, each unit's weight, and the rank of its break.

Found for many documents at once, laid end to end: one pass of numpy over a million characters
instead of a hundred small ones for each document. What only a few of them need (the blocks of
Markdown, the sentences of a paragraph too large for a chunk) is found for each of those.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from semantic_assets.text import block_units, graphemes, paragraphs
from semantic_assets.text.breaks import STEPS, Break, Breaks
from semantic_assets.text.kinds import TextKind
from semantic_assets.text.outline import Outline
from semantic_assets.text.tokens import Characters, Codes, Places, Weights, character_codes

#: A paragraph is known by its first characters, hashed with fixed odd multipliers.
_HASHED_CHARS = 24
_MULTIPLIERS = np.asarray(
    [pow(0x9E3779B97F4A7C15, i + 1, 1 << 64) | 1 for i in range(_HASHED_CHARS)], dtype=np.uint64
)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_AT_ONCE = 1 << 13
#: Separates documents, so that no paragraph's hash includes the next document's text.
_GAP = "\0" * _HASHED_CHARS


class Source(NamedTuple):
    """A document whose units are looked for."""

    text: str
    kind: TextKind
    outline: Outline
    #: Weight of what is embedded before a chunk that begins at a place.
    heading_weight: Callable[[int], int]


@dataclass(frozen=True, slots=True)
class Units:
    """Units of several documents; places count from the start of the first document.

    The units of document d are `starts[edges[d]:edges[d + 1]]`, none if the document fits in one
    chunk.
    """

    #: Start of each document, and its weight in hundredths of a token.
    firsts: list[int]
    weights: list[int]
    #: Weight of the text before each unit, and before the end of its document.
    before: list[int]
    before_last: list[int]
    starts: list[int]
    ranks: list[int]
    #: Weight of what is embedded before a chunk that begins with the unit.
    heading_weights: list[int]
    edges: list[int]


def find_units(sources: Sequence[Source], max_weight: int) -> Units:
    """Return the units of documents; with what is embedded before it, none outweighs a chunk."""
    search = _Search(sources)
    starts, ranks = search.units(max_weight)
    weights, edges = search.characters.weights, search.edges(starts)
    lasts = weights.before(search.lasts)
    return Units(
        firsts=search.firsts.tolist(),
        weights=(lasts - weights.before(search.firsts)).tolist(),
        before=weights.before(starts).tolist(),
        before_last=lasts.tolist(),
        starts=starts.tolist(),
        ranks=ranks.tolist(),
        heading_weights=search.heading_weights(starts, edges).tolist(),
        edges=edges.tolist(),
    )


class _Search:
    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = sources
        # A large document is alone, and is not copied. (The last line of code is told by the gap.)
        is_alone = len(sources) == 1 and sources[0].kind is not TextKind.CODE
        text = sources[0].text if is_alone else _GAP.join([*(one.text for one in sources), ""])
        codes = character_codes(text)
        if is_alone:
            codes = np.concatenate((codes, np.zeros(len(_GAP), dtype=codes.dtype)))
        self.characters = Characters(text, codes, Weights(codes))
        lengths = np.asarray([len(one.text) for one in sources], dtype=np.int64)
        self.lasts = np.cumsum(lengths + len(_GAP)) - len(_GAP)
        self.firsts = self.lasts - lengths
        #: Weight of what is embedded before a chunk that begins a document.
        self._headings = np.asarray([one.heading_weight(0) for one in sources], dtype=np.int64)
        self._is_plain = np.asarray([one.kind is TextKind.PLAIN for one in sources])

    def edges(self, starts: Places) -> Places:
        """Return the index of the first unit of each document, and of the end."""
        return np.searchsorted(starts, [*self.firsts.tolist(), self.lasts[-1] + 1])

    def heading_weights(self, starts: Places, edges: Places) -> Places:
        counts = np.diff(edges)
        found = np.repeat(self._headings, counts)
        for number in np.flatnonzero(~self._is_plain & (counts > 0)).tolist():
            weight, first = self.sources[number].heading_weight, int(self.firsts[number])
            for index in range(edges[number], edges[number + 1]):
                found[index] = weight(int(starts[index]) - first)
        return found

    def units(self, max_weight: int) -> tuple[Places, Places]:
        """Return the starts of units, ascending, and the ranks of their breaks."""
        text, codes, weights = self.characters
        own = weights.before(self.lasts) - weights.before(self.firsts)
        is_heavy = own + self._headings > max_weight
        lines = paragraphs.lines_of(text, codes)
        found = paragraphs.paragraphs_of(lines, self.firsts, self.lasts, is_heavy)
        starts = found.starts
        is_joined = paragraphs.joined(text, codes, lines, found)
        is_joined |= self._continues(starts) & (starts > found.firsts)
        edges = self.edges(starts)
        is_ours = np.repeat(self._is_plain, np.diff(edges))
        hashes = _lowest(_hashes(codes, starts[is_ours]), ~is_joined[is_ours])
        parts = [(starts[is_ours & ~is_joined], Break.PARAGRAPH * STEPS << 32 | hashes)]
        inner: dict[int, list[int]] = {}
        for number in np.flatnonzero(is_heavy & ~self._is_plain).tolist():
            of_one = slice(edges[number], edges[number + 1])
            *part, inner[number] = self._blocks(number, starts[of_one], is_joined[of_one])
            parts.append((part[0], part[1]))
        return self._refined(*_merged(parts), inner, max_weight)

    def _continues(self, starts: Places) -> npt.NDArray[np.bool_]:
        found = self.characters.codes[starts] >= graphemes.FIRST_MARK
        for index in np.flatnonzero(found).tolist():
            found[index] = graphemes.continues(self.characters.text[int(starts[index])])
        return found

    def _blocks(
        self, number: int, starts: Places, is_joined: npt.NDArray[np.bool_]
    ) -> tuple[Places, Places, list[int]]:
        first, one = int(self.firsts[number]), self.sources[number]
        find = block_units.of_markup if one.kind is TextKind.MARKUP else block_units.of_code
        local = (starts - first).tolist()
        units, inner = find(one.text, one.outline, local, is_joined.tolist())
        places, ranks = np.asarray(units, dtype=np.int64).T
        every = np.union1d(starts, places + first)
        hashes = _lowest(_hashes(self.characters.codes, every), np.isin(every, places + first))
        return places + first, ranks << 32 | hashes, [place + first for place in inner]

    def _refined(
        self, starts: Places, ranks: Places, inner: dict[int, list[int]], max_weight: int
    ) -> tuple[Places, Places]:
        """Divide the units that are too large for a chunk."""
        edges = self.edges(starts)
        counts = np.diff(edges)
        ends = np.minimum(np.append(starts[1:], self.lasts[-1:]), np.repeat(self.lasts, counts))
        before = self.characters.weights.before
        weights = before(ends) - before(starts) + self.heading_weights(starts, edges)
        places: list[Places] = []
        finer: list[Places] = []
        for index in np.flatnonzero(weights > max_weight).tolist():
            number = int(np.searchsorted(edges, index, side="right")) - 1
            one, first = self.sources[number], int(self.firsts[number])
            start, end = int(starts[index]), int(ends[index])
            most = max_weight - _heaviest_heading(one, start - first, end - first)
            unit = Breaks(self.characters, first, one.kind, one.outline, inner.get(number, ()))
            found = unit.of(start, end, most)
            places += found[0]
            finer += found[1]
        if not places:
            return starts, ranks
        added = np.concatenate(places)
        hashes = _hashes(self.characters.codes, added)
        return _merged([(starts, ranks), (added, np.concatenate(finer) << 32 | hashes)])


def _heaviest_heading(one: Source, start: int, end: int) -> int:
    return max(one.heading_weight(place) for place in (start, *one.outline.changes(start, end)))


def _merged(parts: list[tuple[Places, Places]]) -> tuple[Places, Places]:
    if len(parts) == 1:
        return parts[0]
    starts = np.concatenate([places for places, _ in parts])
    ranks = np.concatenate([ranks for _, ranks in parts])
    order = np.argsort(starts, kind="stable")
    return starts[order], ranks[order]


def _lowest(hashes: Places, is_kept: npt.NDArray[np.bool_]) -> Places:
    """Return the lowest hash of each unit and of the paragraphs that go with it.

    So a break moves to the short line above it, and no other break with it.
    """
    kept = np.flatnonzero(is_kept)
    return np.minimum.reduceat(hashes, kept) if len(kept) else hashes[:0]


def _hashes(codes: Codes, starts: Places) -> Places:
    """Hash the first characters of each unit: of breaks of one class, the lowest is chosen."""
    windows = np.lib.stride_tricks.sliding_window_view(codes, _HASHED_CHARS)
    found = np.empty(len(starts), dtype=np.int64)
    for first in range(0, len(starts), _AT_ONCE):
        run = slice(first, first + _AT_ONCE)
        hashes = np.einsum("ij,j->i", windows[starts[run]].astype(np.uint64), _MULTIPLIERS)
        found[run] = (hashes * _MIX) >> np.uint64(32)
    return found
