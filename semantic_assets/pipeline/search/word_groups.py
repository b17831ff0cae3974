"""Word indexes that are looked through together: small ones of the same languages as one.

A thousand small indexes cost a question a hundred times as much as one of all their rows. Those of
other languages stay apart: a question's units have other stems in them, so the scores would differ.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from semantic_assets.index.ranking import Numbers
from semantic_assets.index.words.question_terms import Terms
from semantic_assets.index.words.stacked_words import stacked_words
from semantic_assets.index.words.word_index import WordCounts, WordIndex
from semantic_assets.pipeline.search.fusion import Scores
from semantic_assets.pipeline.search.opened_index import Allowed, Found, Opened

#: A larger index gains nothing from being copied.
_SMALL_ROWS = 4_096
#: Rows of one group: of so few the numbers take two bytes, and no term is too frequent to be added up.
_MOST_ROWS = 1 << 16


@dataclass(frozen=True, eq=False)
class WordGroup:
    """Opened indexes, in the order of their datasets, whose words are in the same languages."""

    opened: tuple[Opened, ...]

    @cached_property
    def words(self) -> WordIndex:
        """The words of all, the rows of one after those of the other."""
        indexes = [words_of(one) for one in self.opened]
        return indexes[0] if len(indexes) == 1 else stacked_words(indexes)

    @cached_property
    def _firsts(self) -> Numbers:
        return np.cumsum([0, *(len(words_of(one)) for one in self.opened)], dtype=np.int64)

    @property
    def size(self) -> int:
        """The bytes that are copied for it."""
        if len(self.opened) == 1:
            return 0
        return sum(file.size for one in self.opened for file, _ in words_of(one).pieces)

    def best(self, terms: Terms, counts: WordCounts, k: int, allowed: Allowed) -> Iterator[Found]:
        """Yield the k rows with the best words, best first."""
        hits = self.words.best(terms, counts, k, self._among(allowed))
        places = self._places(np.array([row for row, _ in hits], np.int64)).tolist()
        for (row, score), place in zip(hits, places, strict=True):
            yield score, self.opened[place], row - int(self._firsts[place])

    def scores(
        self, terms: Terms, counts: WordCounts, rows: Mapping[Opened, Numbers]
    ) -> dict[Opened, Scores]:
        """Return the scores of these rows, of the indexes that are in this group."""
        mine = [(place, one) for place, one in enumerate(self.opened) if one in rows]
        numbers = [rows[one] + self._firsts[place] for place, one in mine]
        if not mine:
            return {}
        scores = self.words.scores(terms, counts, np.concatenate(numbers))
        edges = np.cumsum([len(of_one) for of_one in numbers])[:-1]
        return dict(zip((one for _, one in mine), np.split(scores, edges), strict=True))

    def _places(self, rows: Numbers) -> Numbers:
        return np.searchsorted(self._firsts, rows, side="right") - 1

    def _among(self, allowed: Allowed) -> Numbers | None:
        """Return the numbers here of the rows that may be found; None: all."""
        among = [allowed.get(one) for one in self.opened]
        if all(rows is None for rows in among):
            return None
        edges = zip(among, self._firsts[:-1], self._firsts[1:], strict=True)
        return np.concatenate(
            [np.arange(low, high) if rows is None else rows + low for rows, low, high in edges]
        )


def words_of(one: Opened) -> WordIndex:
    """Return the words of an index that has some."""
    assert one.index.words is not None
    return one.index.words


def word_groups(opened: Iterable[Opened]) -> tuple[WordGroup, ...]:
    """Return the indexes that have words in groups."""
    small, found = defaultdict[tuple[str, ...], list[Opened]](list), list[WordGroup]()
    for one in (one for one in opened if one.index.words is not None):
        if len(words_of(one)) <= _SMALL_ROWS:
            small[words_of(one).languages].append(one)
        else:
            found.append(WordGroup((one,)))
    for alike in small.values():
        found += map(WordGroup, _batches(alike))
    return tuple(found)


def _batches(opened: Sequence[Opened]) -> Iterator[tuple[Opened, ...]]:
    """Yield indexes in batches of at most `_MOST_ROWS` rows."""
    batch, rows = list[Opened](), 0
    for one in opened:
        count = len(words_of(one))
        if batch and rows + count > _MOST_ROWS:
            yield tuple(batch)
            batch, rows = [], 0
        batch.append(one)
        rows += count
    if batch:
        yield tuple(batch)
