"""The words of a question, counted over all indexes it is put to, so that their scores compare."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import chain
from operator import add

import numpy as np

from semantic_assets.index.ranking import Numbers
from semantic_assets.index.words.function_words import LANGUAGES
from semantic_assets.index.words.question_terms import Terms, terms_of
from semantic_assets.index.words.row_languages import spoken_languages
from semantic_assets.index.words.word_index import WordCounts
from semantic_assets.pipeline.search.fusion import Scores
from semantic_assets.pipeline.search.opened_index import Allowed, Found, Opened, best_first
from semantic_assets.pipeline.search.question_marks import UNSPACED, QuestionMarks
from semantic_assets.pipeline.search.word_groups import WordGroup, words_of

#: Units of a long question of which it is said whether a row has them.
_WEIGHED = 64
#: A word that weighs less than this share of the heaviest is not marked.
_MARKED = 0.15
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, eq=False)
class AskedWords:
    """The terms of a question and in how many rows each is."""

    question: str
    #: Of those that have a word index.
    groups: tuple[WordGroup, ...]
    terms: Terms
    counts: WordCounts

    def best(self, k: int, allowed: Allowed) -> list[Found]:
        """Return the k rows with the best words."""
        found = (one.best(self.terms, self.counts, k, allowed) for one in self.groups)
        return best_first(chain.from_iterable(found), k)

    def scores(self, rows: Mapping[Opened, Numbers]) -> dict[Opened, Scores]:
        """Return the BM25 scores of these rows; 0 where there is no word index yet."""
        found = {one: np.zeros(len(numbers), np.float32) for one, numbers in rows.items()}
        for group in self.groups:
            found |= group.scores(self.terms, self.counts, rows)
        return found

    def share(self, one: Opened, row: int) -> float:
        """Return the share of the question's weight that the words of a row have."""
        numbers = np.array([row], np.int64)
        heaviest = sorted(self.weights.items(), key=lambda item: -item[1])[:_WEIGHED]
        found = sum(
            weight
            for unit, weight in heaviest
            if words_of(one).scores(Terms((unit,)), self.counts, numbers)[0] > 0
        )
        return found / (sum(weight for _, weight in heaviest) or 1.0)

    @cached_property
    def weights(self) -> dict[str, float]:
        """How much each unit of the question says: the rarer, the more."""
        return {unit: self._weight(unit) for unit in dict.fromkeys(self.terms.units)}

    @cached_property
    def languages(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for one in self.groups for name in one.words.languages))

    @cached_property
    def unspaced(self) -> list[str]:
        """The units that are pairs of characters."""
        return [unit for unit in self.weights if unit[0] >= UNSPACED]

    @cached_property
    def is_foreign(self) -> bool:
        """Whether the question is in a language that the texts are not: they need not have its words."""
        if self.unspaced:
            return not any(map(self._rows, self.unspaced))
        spoken = spoken_languages([word.lower() for word in _WORD.findall(self.question)])
        return bool(spoken) and not {LANGUAGES[place] for place in spoken} & {*self.languages}

    @cached_property
    def marks(self) -> QuestionMarks:
        """What finds the question's words in a text, without those that are nearly everywhere."""
        least = _MARKED * max(self.weights.values(), default=0.0)
        marked = {unit: weight for unit, weight in self.weights.items() if weight >= least}
        return QuestionMarks(marked, self.languages)

    def _rows(self, unit: str) -> int:
        """Return how many rows have a unit."""
        terms = Terms((unit,)).stemmed(self.languages)
        return max((self.counts.found.get(term, 0) for term in terms), default=0)

    def _weight(self, unit: str) -> float:
        rows = self._rows(unit)
        return math.log1p((self.counts.rows - rows + 0.5) / (rows + 0.5))


def asked_words(groups: Sequence[WordGroup], question: str) -> AskedWords:
    """Look the words of a question up in these indexes."""
    terms = terms_of(question)
    counted = (one.words.counts(terms) for one in groups)
    return AskedWords(question, tuple(groups), terms, reduce(add, counted, WordCounts()))
