"""A question as it is put to a selection, and the rows that are best by one of its two sides."""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import TypeVar

import numpy as np

from semantic_assets.index.ranking import Numbers, Vectors
from semantic_assets.model.search_options import Mode
from semantic_assets.pipeline.search.asked_words import AskedWords
from semantic_assets.pipeline.search.fusion import Scores
from semantic_assets.pipeline.search.index_selection import Selection
from semantic_assets.pipeline.search.opened_index import Allowed, Found, Opened

#: Rows by words for each row by meaning, at first: words cost little, and weigh so much in the mix
#: that a list as short as the other was too short for 58 of 60 questions.
_WORDS_DEEPER = 4
_S = TypeVar("_S", float, Scores)


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """The best rows by meaning, of each space, and by words: as many as asked, or all there are."""

    depth: int
    nearest: list[list[Found]]
    #: As many rows by words were asked for.
    words_depth: int
    words: list[Found]

    @property
    def have_words_ended(self) -> bool:
        """Whether these are all rows that have a word of the question."""
        return len(self.words) < self.words_depth

    @property
    def are_whole(self) -> bool:
        """Whether these are all rows that there are."""
        if not self.nearest:
            return self.have_words_ended
        return all(len(one) < self.depth for one in self.nearest)

    @property
    def rows(self) -> dict[Opened, Numbers]:
        """The rows of all lists by index, ascending."""
        found: dict[Opened, set[int]] = {}
        for _, one, row in chain(*self.nearest, self.words):
            found.setdefault(one, set()).add(row)
        return {
            one: np.array(sorted(found[one]), np.int64)
            for one in sorted(found, key=lambda one: one.dataset)
        }


@dataclass(frozen=True, eq=False)
class Sought:
    """A question, what it is put to, and its vectors and words."""

    selection: Selection
    allowed: Allowed
    mode: Mode
    #: Of each space of the selection; empty: it is asked by its words alone.
    vectors: tuple[Vectors, ...]
    words: AskedWords
    #: The weight of the meaning to be tried; None: the one learned for each dataset, or the usual one.
    weight: float | None = None

    def lists(self, depth: int, nearest: list[list[Found]] | None = None) -> Lists:
        """Return the best rows; `nearest` are those by meaning where they are known."""
        nearest = self._nearest(depth) if nearest is None else nearest
        words_depth = depth * _WORDS_DEEPER
        return Lists(depth, nearest, words_depth, self._best_by_words(words_depth))

    def longer(self, lists: Lists, times: int, *, by_words: bool) -> Lists:
        """Return lists of which one side is so many times as long."""
        if by_words:
            depth = lists.words_depth * times
            return replace(lists, words_depth=depth, words=self._best_by_words(depth))
        depth = lists.depth * times
        return replace(lists, depth=depth, nearest=self._nearest(depth))

    def _nearest(self, depth: int) -> list[list[Found]]:
        spaces = zip(self.selection.spaces, self.vectors, strict=bool(self.vectors))
        return [space.nearest(vector[None], depth, self.allowed)[0] for space, vector in spaces]

    def _best_by_words(self, depth: int) -> list[Found]:
        return [] if self.mode == "dense" else self.words.best(depth, self.allowed)

    def cosines(self, one: Opened, rows: Numbers) -> Scores | None:
        if not self.vectors:
            return None
        found: Scores = one.index.finder.cosines(self.vectors[self._places[one.space_id]], rows)
        return found

    def gap(self, one: Opened, cosine: _S) -> _S:
        """Return how far cosines stand out among those of its space: comparable over spaces."""
        place = self._places[one.space_id]
        return (cosine - self._levels[place]) / self.selection.spaces[place].background.spread

    @cached_property
    def _places(self) -> dict[str, int]:
        spaces = self.selection.spaces
        return {one.space.space_id: place for place, one in enumerate(spaces)}

    @cached_property
    def _levels(self) -> list[float]:
        return [
            one.background.level(vector)
            for one, vector in zip(self.selection.spaces, self.vectors, strict=True)
        ]
