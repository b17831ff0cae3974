"""All rows of a selection in the order in which they answer a question, as far as they are asked for.

The best by meaning and the best by words are the candidates, and both scores of each are exact. A row
in neither list has at most the scores with which the lists end: what scores higher than these is in
its final place. For more, the lists are made longer. So a second page goes on where the first ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from semantic_assets.index.ranking import Numbers
from semantic_assets.pipeline.search.fusion import WEIGHT, Scores, mixed
from semantic_assets.pipeline.search.opened_index import Opened
from semantic_assets.pipeline.search.search_hit import HitScores
from semantic_assets.pipeline.search.sought import Lists, Sought

#: Rows of each list at first, and how many times as many where those are too few.
_DEPTH, _DEEPER = 64, 4
#: Sums of products differ in the last bits by how many rows were taken together.
_DIGITS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """A row of a ranking."""

    score: float
    opened: Opened
    row: int
    scores: HitScores


class _Block(NamedTuple):
    """Candidates of one index."""

    opened: Opened
    rows: Numbers
    cosines: Scores | None
    words: Scores


def depth_of(count: int) -> int:
    """Return how many rows are looked for where `count` are wanted: one of a few numbers."""
    depth = _DEPTH
    while depth < count:
        depth *= _DEEPER
    return depth


class MixedRanking:
    """The ranking of one question."""

    def __init__(self, sought: Sought, lists: Lists) -> None:
        self.sought = sought
        self._set(lists)

    def first(self, count: int) -> Sequence[Ranked]:
        """Return the first `count` rows, or all if there are fewer."""
        while len(self._sure) < count and not self._lists.are_whole:
            self._set(self._longer())
        return [self._ranked(int(at)) for at in self._sure[:count]]

    @cached_property
    def share(self) -> float:
        """The share of the question's weight that the row with the best words has."""
        words = self.sought.words
        best = self._lists.words[:1] or words.best(1, self.sought.allowed)
        return max((words.share(one, row) for _, one, row in best), default=0.0)

    @cached_property
    def best_gap(self) -> float:
        """How far the nearest row stands out among those of its space."""
        nearest = (hits[0] for hits in self._lists.nearest if hits)
        return max((self.sought.gap(one, score) for score, one, _ in nearest), default=0.0)

    def _longer(self) -> Lists:
        """Return the lists with the one longer whose end lets unknown rows score most."""
        gap, words = self._ends()
        by_words = not self._lists.nearest or any(
            self._mix(np.array([0.0]), np.array([words]), weight)[0]
            > self._mix(np.array([gap]), np.array([0.0]), weight)[0]
            for weight in self._weights
        )
        # A list that has ended cannot be made longer, whatever the other's end is worth.
        by_words = by_words and not self._lists.have_words_ended
        return self.sought.longer(self._lists, _DEEPER, by_words=by_words)

    def _set(self, lists: Lists) -> None:
        self._lists = lists
        found = lists.rows
        words = self.sought.words.scores(found)
        blocks = [
            _Block(one, rows, self.sought.cosines(one, rows), words[one])
            for one, rows in found.items()
        ]
        places = np.concatenate([[], *(np.full(len(b.rows), n) for n, b in enumerate(blocks))])
        rows = np.concatenate([np.empty(0, np.int64), *(block.rows for block in blocks)])
        scores = np.concatenate([np.empty(0), *map(self._scores, blocks)])
        order = np.lexsort((rows, places, -np.round(scores, _DIGITS)))
        self._sure = order[: int((scores > self._least_sure()).sum())]
        self._blocks, self._scored = blocks, scores
        self._starts = np.cumsum([0, *(len(block.rows) for block in blocks)])
        ranks = [{hit[1:]: rank for rank, hit in enumerate(one, 1)} for one in lists.nearest]
        self._by_meaning = {row: rank for one in ranks for row, rank in one.items()}
        self._by_words = {hit[1:]: rank for rank, hit in enumerate(lists.words, 1)}

    def _scores(self, block: _Block) -> Scores:
        """Return the scores of candidates, which order them."""
        if block.cosines is None:
            return block.words
        if self._is_by_cosine:
            return block.cosines
        gaps = self.sought.gap(block.opened, block.cosines)
        return np.round(self._mix(gaps, block.words, self._weight(block.opened)), _DIGITS)

    @property
    def _is_by_cosine(self) -> bool:
        return self.sought.mode == "dense" and len(self.sought.selection.spaces) == 1

    def _weight(self, one: Opened) -> float:
        if self.sought.mode == "dense":
            return 1.0
        tried_or_learned = one.weight if self.sought.weight is None else self.sought.weight
        return WEIGHT if tried_or_learned is None else tried_or_learned

    def _mix(self, gaps: Scores, words: Scores, weight: float) -> Scores:
        best_words = self._lists.words[0][0] if self._lists.words else 0.0
        by_meaning = gaps / self.best_gap if self.best_gap > 0 else np.ones_like(gaps)
        by_words = words / best_words * self.share if best_words > 0 else np.zeros_like(words)
        return mixed(by_meaning, by_words, weight)

    def _least_sure(self) -> float:
        """Return the score that no row beyond the candidates exceeds."""
        lists = self._lists
        if lists.are_whole or self._is_by_cosine or not lists.nearest:
            return -np.inf
        gap, words = self._ends()
        least = [
            self._mix(np.array([gap]), np.array([words]), weight)[0] for weight in self._weights
        ]
        return max(map(float, least)) + 0.1**_DIGITS

    def _ends(self) -> tuple[float, float]:
        """Return the most that a row beyond the lists can have by meaning and by words."""
        lists = self._lists
        ends = [hits[-1] for hits in lists.nearest if len(hits) >= lists.depth]
        gap = max((self.sought.gap(one, score) for score, one, _ in ends), default=0.0)
        return gap, 0.0 if lists.have_words_ended else lists.words[-1][0]

    @property
    def _weights(self) -> set[float]:
        return {self._weight(one) for one in self.sought.selection.opened}

    def _ranked(self, at: int) -> Ranked:
        """Return the candidate at a place among all blocks."""
        number = int(np.searchsorted(self._starts, at, side="right")) - 1
        block, place = self._blocks[number], at - int(self._starts[number])
        key = block.opened, int(block.rows[place])
        scores = HitScores(
            cosine=None if block.cosines is None else float(block.cosines[place]),
            cosine_rank=self._by_meaning.get(key),
            words=float(block.words[place]) or None,
            words_rank=self._by_words.get(key),
        )
        return Ranked(float(self._scored[at]), *key, scores)
