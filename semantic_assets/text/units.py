"""The units of documents: where a chunk may begin, each unit's weight, and the rank of its break.

Found for many documents at once, laid end to end: one pass of numpy over a million characters
instead of a hundred small ones for each document. What only a few of them need (the blocks of
Markdown, the sentences of a paragraph too large for a chunk) is found for each of those.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from semantic_assets.text import block_units, graphemes, paragraphs
from semantic_assets.text.breaks import STEPS, Break, Breaks
from semantic_assets.text.kinds import TextKind
from semantic_assets.text.outline import Outline
from semantic_assets.text.tokens import Codes, character_codes, token_weights

Places = npt.NDArray[np.int64]

#: A paragraph is known by its first characters, hashed with fixed odd multipliers.
_HASHED_CHARS = 24
_MULTIPLIERS = np.asarray(
    [pow(0x9E3779B97F4A7C15, i + 1, 1 << 64) | 1 for i in range(_HASHED_CHARS)], dtype=np.uint64
)
_MIX = np.uint64(0xD6E8FEB86659FD93)
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

    #: Start and end of each document.
    firsts: list[int]
    lasts: list[int]
    #: Weight, in hundredths of a token, of the text before each place.
    cumulative: Places
    starts: Places
    ranks: Places
    #: Weight of what is embedded before a chunk that begins with the unit.
    heading_weights: Places
    edges: Places


def find_units(sources: Sequence[Source], max_weight: int) -> Units:
    """Return the units of documents; with what is embedded before it, none outweighs a chunk."""
    firsts = list(accumulate((len(one.text) + len(_GAP) for one in sources), initial=0))[:-1]
    lasts = [first + len(one.text) for first, one in zip(firsts, sources, strict=True)]
    text = _GAP.join([*(one.text for one in sources), ""])
    codes = character_codes(text)
    cumulative = np.zeros(len(codes) + 1, dtype=np.int64)
    np.cumsum(token_weights(codes), out=cumulative[1:])
    found = _Search(sources, np.asarray(firsts), np.asarray(lasts), text, codes, cumulative)
    starts, ranks = found.units(max_weight)
    of_document = found.documents(starts)
    return Units(
        firsts=firsts,
        lasts=lasts,
        cumulative=cumulative,
        starts=starts,
        ranks=ranks,
        heading_weights=found.heading_weights(starts, of_document),
        edges=np.searchsorted(of_document, np.arange(len(sources) + 1)),
    )


@dataclass(frozen=True, slots=True)
class _Search:
    sources: Sequence[Source]
    firsts: Places
    lasts: Places
    text: str
    codes: Codes
    cumulative: Places

    def documents(self, starts: Places) -> Places:
        return np.searchsorted(self.firsts, starts, side="right") - 1

    def heading_weights(self, starts: Places, of_document: Places) -> Places:
        weights = np.asarray([one.heading_weight(0) for one in self.sources], dtype=np.int64)
        found = weights[of_document]
        is_plain = np.asarray([one.kind is TextKind.PLAIN for one in self.sources])
        for index in np.flatnonzero(~is_plain[of_document]).tolist():
            number = int(of_document[index])
            local = int(starts[index] - self.firsts[number])
            found[index] = self.sources[number].heading_weight(local)
        return found

    def units(self, max_weight: int) -> tuple[Places, Places]:
        """Return the starts of units, ascending, and the ranks of their breaks."""
        headings = np.asarray([one.heading_weight(0) for one in self.sources], dtype=np.int64)
        weights = self.cumulative[self.lasts] - self.cumulative[self.firsts]
        is_heavy = weights + headings > max_weight
        line_ends = np.flatnonzero(self.codes == ord("\n"))
        starts, of_document = self._paragraphs(line_ends, is_heavy)
        firsts = self.firsts[of_document]
        is_joined = paragraphs.joined(self.text, self.codes, starts, firsts, line_ends)
        is_joined |= self._continues(starts) & (starts > firsts)
        is_plain = np.asarray([one.kind is TextKind.PLAIN for one in self.sources])
        is_ours = is_plain[of_document]
        hashes = _lowest(_hashes(self.codes, starts[is_ours]), ~is_joined[is_ours])
        parts = [(starts[is_ours & ~is_joined], Break.PARAGRAPH * STEPS << 32 | hashes)]
        inner: dict[int, list[int]] = {}
        edges = np.searchsorted(of_document, np.arange(len(self.sources) + 1)).tolist()
        for number in np.flatnonzero(is_heavy & ~is_plain).tolist():
            of_one = slice(edges[number], edges[number + 1])
            *part, inner[number] = self._blocks(number, starts[of_one], is_joined[of_one])
            parts.append((part[0], part[1]))
        return self._refined(*_merged(parts), inner, max_weight)

    def _paragraphs(
        self, line_ends: Places, is_heavy: npt.NDArray[np.bool_]
    ) -> tuple[Places, Places]:
        """Return the starts of paragraphs of heavy documents; a document begins with one."""
        ends = paragraphs.break_ends(self.text, self.codes, line_ends)
        starts = np.sort(np.concatenate((self.firsts, ends)))
        of_document = self.documents(starts)
        is_inside = (starts < self.lasts[of_document]) | (starts == self.firsts[of_document])
        is_inside &= is_heavy[of_document]
        return starts[is_inside], of_document[is_inside]

    def _continues(self, starts: Places) -> npt.NDArray[np.bool_]:
        found = self.codes[starts] >= 0x300
        for index in np.flatnonzero(found).tolist():
            found[index] = graphemes.continues(self.text[int(starts[index])])
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
        hashes = _lowest(_hashes(self.codes, every), np.isin(every, places + first))
        return places + first, ranks << 32 | hashes, [place + first for place in inner]

    def _refined(
        self, starts: Places, ranks: Places, inner: dict[int, list[int]], max_weight: int
    ) -> tuple[Places, Places]:
        """Divide the units that are too large for a chunk."""
        of_document = self.documents(starts)
        ends = np.minimum(np.append(starts[1:], self.lasts[-1:]), self.lasts[of_document])
        headings = self.heading_weights(starts, of_document)
        weights = self.cumulative[ends] - self.cumulative[starts] + headings
        added: list[tuple[int, int]] = []
        for index in np.flatnonzero(weights > max_weight).tolist():
            number = int(of_document[index])
            one, first = self.sources[number], int(self.firsts[number])
            start, end = int(starts[index]), int(ends[index])
            most = max_weight - _heaviest_heading(one, start - first, end - first)
            unit = Breaks(self.text, first, one.kind, one.outline, inner.get(number, ()))
            added += unit.of(start, end, self.cumulative, most)
        if not added:
            return starts, ranks
        places, finer = np.asarray(added, dtype=np.int64).T
        return _merged([(starts, ranks), (places, finer << 32 | _hashes(self.codes, places))])


def _heaviest_heading(one: Source, start: int, end: int) -> int:
    return max(one.heading_weight(place) for place in (start, *one.outline.changes(start, end)))


def _merged(parts: list[tuple[Places, Places]]) -> tuple[Places, Places]:
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
    hashes = np.zeros(len(starts), dtype=np.uint64)
    for offset, multiplier in enumerate(_MULTIPLIERS):
        hashes += codes[starts + offset].astype(np.uint64) * multiplier
    found: Places = ((hashes * _MIX) >> np.uint64(32)).astype(np.int64)
    return found
