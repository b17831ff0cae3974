"""Passages of a ranking as they are shown: repeated ones folded, neighbours joined, by document.

A ranking is gone through from its first row on. A row beside a hit becomes part of it, where the two
rank near each other. A passage that stands at several places, to a few characters, is one hit with
several places. What becomes of a row depends on the rows above it alone, never on how many hits are
wanted: so pages follow one another.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import orjson

from semantic_assets.model.search_options import SearchOptions
from semantic_assets.pipeline.search.mixed_ranking import MixedRanking, Ranked
from semantic_assets.pipeline.search.search_hit import SearchHit
from semantic_assets.pipeline.search.shown.likeness import Likeness
from semantic_assets.pipeline.search.shown.passage_rows import Place, Row, RowReader, joined_text

#: A neighbour joins a hit from at most so many places further down, and so many rows are one hit.
_WITHIN, _MOST_ROWS = 20, 4
#: Passages of a document are looked for so far behind its first, and so many of them are shown.
_DOCUMENT_WITHIN, _PER_DOCUMENT = 50, 3
#: Rows looked through for each hit, where nearly all of them repeat.
_ROWS_PER_HIT, _ROWS_AT_LEAST = 100, 1_000
#: Rows of one text have one vector; sums of its products may differ by the last bits.
_SAME = 1e-5
#: A neighbour that joins a hit, and a further passage of a document, have so much of the better score.
_WORTH = 0.5


@dataclass(eq=False)
class Passage:
    """A hit in the making: its best row, and the rows beside it."""

    rank: int
    rows: list[Ranked]
    likeness: Likeness
    #: Of its best row, then of those that repeat it.
    uris: list[str] = field(default_factory=list)

    @property
    def best(self) -> Ranked:
        return self.rows[0]


@dataclass(eq=False)
class Group:
    """Passages that are counted as one: those of a document, or a passage by itself."""

    rank: int
    passages: list[Passage]

    @property
    def score(self) -> float:
        return self.passages[0].best.score


class Passages:
    """The hits of a ranking as far as some options want them."""

    def __init__(self, ranking: MixedRanking, options: SearchOptions) -> None:
        self._options, self._rows = options, RowReader()
        self._is_grouped = options.group == "document"
        self._within = _DOCUMENT_WITHIN if self._is_grouped else _WITHIN
        self._most = options.per_document or (_PER_DOCUMENT if self._is_grouped else None)
        self._wanted = options.offset + options.k
        self._groups: list[Group] = []
        self._documents: dict[tuple[str, str], Group] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        self._chunks: dict[Place, Passage] = {}
        self._go_through(ranking)

    @property
    def has_more(self) -> bool:
        return len(self._groups) > self._wanted

    def hits(self) -> list[SearchHit]:
        """Return the hits of the page, best first, those of a document together."""
        groups = self._groups[self._options.offset : self._wanted]
        passages = [one for group in groups for one in group.passages]
        self._rows.read(row for one in passages for row in one.rows)
        return [self._hit(one) for one in passages]

    def _hit(self, passage: Passage) -> SearchHit:
        best = passage.best
        text, start, end = joined_text([self._rows[row] for row in passage.rows])
        hit = SearchHit(
            score=best.score,
            scores=best.scores,
            dataset=str(best.opened.dataset),
            **{**_said(self._rows[best]), "text": text, "start_char": start, "end_char": end},
        )
        places = dict.fromkeys(uri for uri in passage.uris if uri != hit.uri)
        return replace(hit, places=tuple(places)) if places else hit

    def _go_through(self, ranking: MixedRanking) -> None:
        rank, count = 0, self._wanted + 1
        last = max(_ROWS_AT_LEAST, self._wanted * _ROWS_PER_HIT)
        while rank < last and (rows := ranking.first(rank + count)[rank:]):
            if not self.has_more:
                self._rows.read(rows)
            for one in rows:
                if self._is_past(rank, one):
                    return
                self._add(rank, one)
                rank += 1
            missing = self._wanted + 1 - len(self._groups)
            count = 2 * missing if missing > 0 else self._within

    def _is_past(self, rank: int, one: Ranked) -> bool:
        """Whether nothing from this row on can belong to a hit of the page."""
        if not self.has_more:
            return False
        last = self._groups[self._wanted - 1]
        return rank > last.rank + self._within and not self._is_as_the_last(one)

    def _is_as_the_last(self, one: Ranked) -> bool:
        """Whether a row may repeat the last hit of the page."""
        return abs(one.score - self._groups[self._wanted - 1].score) < _SAME

    def _add(self, rank: int, one: Ranked) -> None:
        place = self._rows.place(one)
        beside = self._beside(rank, one, place)
        if beside is not None:
            beside.rows.append(one)
            self._chunks[place] = beside
        elif self._has_room(rank, one, place):
            likeness = Likeness(self._rows[one]["text"])
            same = self._same(likeness)
            if same is not None:
                same.uris.append(self._rows[one]["uri"])
            elif place[:2] in self._documents or not self.has_more:
                self._add_passage(place, Passage(rank, [one], likeness, [self._rows[one]["uri"]]))

    def _beside(self, rank: int, ranked: Ranked, place: Place) -> Passage | None:
        """Return the best passage that a row continues, before or behind."""
        beside = (
            self._chunks.get(place._replace(chunk_index=place.chunk_index + step))
            for step in (-1, 1)
        )
        found = [
            one
            for one in beside
            if one and rank <= one.rank + self._within and len(one.rows) < _MOST_ROWS
            if ranked.score >= _WORTH * one.best.score
        ]
        return min(found, key=lambda one: one.rank, default=None)

    def _has_room(self, rank: int, one: Ranked, place: Place) -> bool:
        """Whether a row may be a passage by itself, or repeat one: then its text is read."""
        key = place[:2]
        if self._most is not None and self._counts[key] >= self._most:
            return False
        group = self._documents.get(key)
        if group is not None:
            is_near = rank <= group.rank + self._within
            return is_near and one.score >= _WORTH * group.score
        return not self.has_more or self._is_as_the_last(one)

    def _same(self, likeness: Likeness) -> Passage | None:
        return next((one for one in self._all() if one.likeness.is_like(likeness)), None)

    def _all(self) -> Iterable[Passage]:
        return (one for group in self._groups for one in group.passages)

    def _add_passage(self, place: Place, passage: Passage) -> None:
        key = place[:2]
        self._counts[key] += 1
        self._chunks[place] = passage
        if key in self._documents:
            self._documents[key].passages.append(passage)
            return
        self._groups.append(Group(passage.rank, [passage]))
        if self._is_grouped:
            self._documents[key] = self._groups[-1]


def _said(row: Row) -> Row:
    """Return a row with what its columns mean; of an earlier release's it has fewer."""
    mime, metadata = row.get("mime") or "", row.get("metadata") or "null"
    return {**row, "mime": mime, "metadata": orjson.loads(metadata)}
