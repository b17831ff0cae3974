"""Small indexes are looked through together, and each row scores as it does in its own index."""

from functools import reduce
from operator import add

import numpy as np
import pytest

from semantic_assets.index.words.question_terms import terms_of
from semantic_assets.index.words.word_index import WordCounts
from semantic_assets.model.keys import Scope
from semantic_assets.pipeline.search import word_groups as module
from semantic_assets.pipeline.search.opened_index import Allowed, Opened, best_first
from semantic_assets.pipeline.search.searched import searched_of
from semantic_assets.pipeline.search.word_groups import WordGroup, word_groups, words_of
from tests.trial import Trial

QUESTIONS = (
    "How often is the winch greased by the watch?",
    "Who reports oil on the water by the red telephone?",
    "Как часто моют кран?",
    "RX-77/b and the rails of the ferry",
    "起重机 power",
)


@pytest.fixture(scope="module")
def opened(shelves: Trial) -> tuple[Opened, ...]:
    return searched_of(shelves.store).selection(shelves.store, Scope()).opened


def every_other(opened: tuple[Opened, ...]) -> Allowed:
    """Of some indexes every other row, of one none, of the rest all."""
    some = {one: np.arange(0, len(one.index), 2) for one in opened[:-1:2]}
    return some | {opened[-1]: np.zeros(0, np.int64)}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("most_rows", [1 << 16, 20])
def test_a_row_scores_as_in_its_own_index(
    opened: tuple[Opened, ...], question: str, most_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_ROWS", most_rows)
    terms, groups = terms_of(question), word_groups(opened)
    alone = [WordGroup((one,)) for one in opened]
    assert len(groups) < len(alone)
    counts = reduce(add, (one.words.counts(terms) for one in alone), WordCounts())
    assert reduce(add, (one.words.counts(terms) for one in groups), WordCounts()) == counts
    rows = {one: np.arange(len(one.index)) for one in opened}
    together = {k: v for group in groups for k, v in group.scores(terms, counts, rows).items()}
    for one in opened:
        np.testing.assert_array_equal(together[one], words_of(one).scores(terms, counts, rows[one]))
    for allowed in ({}, every_other(opened)):
        for k in (1, 10, 1_000):
            found = [
                best_first((hit for one in of for hit in one.best(terms, counts, k, allowed)), k)
                for of in (groups, alone)
            ]
            assert found[0] == found[1]
            assert found[0]


def test_only_indexes_of_the_same_languages_are_put_together(opened: tuple[Opened, ...]) -> None:
    groups = word_groups(opened)
    assert {one for group in groups for one in group.opened} == {*opened}
    for group in groups:
        assert {words_of(one).languages for one in group.opened} == {group.words.languages}


def test_a_large_index_is_not_copied(
    opened: tuple[Opened, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sum(group.size for group in word_groups(opened)) > 0
    monkeypatch.setattr(module, "_SMALL_ROWS", 0)
    groups = word_groups(opened)
    assert [group.words for group in groups] == [words_of(one) for one in opened]
    assert sum(group.size for group in groups) == 0
