"""The words of a question, counted over all indexes it is put to, so that their scores compare."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import add

import numpy as np

from semantic_assets.index.ranking import Numbers
from semantic_assets.index.words.question_terms import Terms, terms_of
from semantic_assets.index.words.word_index import WordCounts
from semantic_assets.pipeline.search.fusion import Scores
from semantic_assets.pipeline.search.index_selection import Allowed, Found, Opened, best_first
from semantic_assets.pipeline.search.question_marks import QuestionMarks

#: Units of a long question of which it is said whether a row has them.
_WEIGHED = 64


@dataclass(frozen=True, eq=False)
class AskedWords:
    """The terms of a question and in how many rows each is."""

    #: Those that have a word index.
    opened: tuple[Opened, ...]
    terms: Terms
    counts: WordCounts

    def best(self, k: int, allowed: Allowed) -> list[Found]:
        """Return the k rows with the best words."""
        return best_first(
            (
                (score, one, row)
                for one in self.opened
                if one.index.words is not None
                for row, score in one.index.words.best(self.terms, self.counts, k, allowed.get(one))
            ),
            k,
        )

    def scores(self, one: Opened, rows: Numbers) -> Scores:
        """Return the BM25 score of these rows; 0 where there is no word index yet."""
        if one.index.words is None:
            return np.zeros(len(rows), np.float32)
        return one.index.words.scores(self.terms, self.counts, rows)

    def share(self, one: Opened, row: int) -> float:
        """Return the share of the question's weight that the words of a row have."""
        assert one.index.words is not None
        numbers = np.array([row], np.int64)
        heaviest = sorted(self.weights.items(), key=lambda item: -item[1])[:_WEIGHED]
        found = sum(
            weight
            for unit, weight in heaviest
            if one.index.words.scores(Terms((unit,)), self.counts, numbers)[0] > 0
        )
        return found / (sum(weight for _, weight in heaviest) or 1.0)

    @cached_property
    def weights(self) -> dict[str, float]:
        """How much each unit of the question says: the rarer, the more."""
        return {unit: self._weight(unit) for unit in dict.fromkeys(self.terms.units)}

    @cached_property
    def languages(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for one in self.opened for name in _languages(one)))

    @cached_property
    def marks(self) -> QuestionMarks:
        """What finds the question's words in a text."""
        return QuestionMarks(self.weights, self.languages)

    def _weight(self, unit: str) -> float:
        terms = Terms((unit,)).stemmed(self.languages)
        rows = max((self.counts.found.get(term, 0) for term in terms), default=0)
        return math.log1p((self.counts.rows - rows + 0.5) / (rows + 0.5))


def _languages(one: Opened) -> Iterable[str]:
    return () if one.index.words is None else one.index.words.languages


def asked_words(opened: Sequence[Opened], question: str) -> AskedWords:
    """Look the words of a question up in these indexes."""
    terms = terms_of(question)
    having = tuple(one for one in opened if one.index.words is not None)
    counted = (one.index.words.counts(terms) for one in having if one.index.words is not None)
    return AskedWords(having, terms, reduce(add, counted, WordCounts()))
