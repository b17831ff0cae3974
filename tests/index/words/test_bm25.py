"""BM25 of the index is that of its live rows, whatever the parts, filters and indexes beside it."""

import math
from collections import Counter
from collections.abc import Sequence
from functools import reduce
from operator import add
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semantic_assets.index.words.question_terms import terms_of
from semantic_assets.index.words.stacked_words import stacked_words
from semantic_assets.index.words.word_index import K1, B, WordCounts
from tests.index.words.word_files import index_of_parts, word_index

WORDS = ("zork", "blip", "krum", "plox", "vant", "drub")
TEXTS = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
PARTS = st.lists(st.lists(st.tuples(TEXTS, st.booleans()), max_size=8), min_size=1, max_size=3)
INDEXES = st.lists(PARTS, min_size=1, max_size=3)
QUESTIONS = st.lists(st.sampled_from((*WORDS, "absentee")), min_size=1, max_size=5).map(" ".join)


def by_hand(question: str, row: str, rows: Sequence[str]) -> float:
    """BM25 as in the textbook, in float64."""
    words, mean = row.split(), sum(len(one.split()) for one in rows) / len(rows)
    norm = K1 * (1 - B + B * len(words) / max(mean, 1.0))
    score = 0.0
    for word, times in Counter(question.split()).items():
        having = sum(word in one.split() for one in rows)
        idf = math.log(1 + (len(rows) - having + 0.5) / (having + 0.5))
        count = words.count(word)
        score += times * idf * (K1 + 1) * count / (count + norm)
    return score


def live(parts: Sequence[Sequence[tuple[str, bool]]]) -> list[str]:
    return [text for part in parts for text, alive in part if alive]


@settings(max_examples=120, deadline=None)
@given(INDEXES, QUESTIONS, st.integers(1, 12), st.data())
def test_the_best_rows_of_each_index_are_those_of_the_textbook(
    indexes: list[list[list[tuple[str, bool]]]], question: str, k: int, data: st.DataObject
) -> None:
    everything = [text for parts in indexes for text in live(parts)]
    terms = terms_of(question)
    with TemporaryDirectory() as folder:
        opened = [index_of_parts(Path(folder) / str(n), parts) for n, parts in enumerate(indexes)]
        counts = reduce(add, (index.counts(terms) for index in opened), WordCounts())
        for index, parts in zip(opened, indexes, strict=True):
            rows = live(parts)
            wanted = np.array([by_hand(question, row, everything) for row in rows])
            found = index.scores(terms, counts, np.arange(len(rows)))
            np.testing.assert_allclose(found, wanted, rtol=1e-5)
            allowed = data.draw(st.none() | st.sets(st.sampled_from(range(len(rows) or 1))))
            among = None if allowed is None or not rows else np.array(sorted(allowed), np.int64)
            hits = index.best(terms, counts, k, among)
            kept = np.arange(len(rows)) if among is None else among
            best = sorted((-found[row], row) for row in kept.tolist() if found[row] > 0)[:k]
            assert [(row, score) for row, score in hits] == [(row, -score) for score, row in best]
        stack = stacked_words(opened)
        hits = stack.best(terms, counts, k)
        wanted = np.array([by_hand(question, row, everything) for row in everything])
        assert [score for _, score in hits] == pytest.approx(sorted(wanted[wanted > 0])[::-1][:k])
        np.testing.assert_allclose(
            [wanted[row] for row, _ in hits], [s for _, s in hits], rtol=1e-5
        )


def test_frequent_words_that_are_looked_up_late_change_no_result(tmp_path: Path) -> None:
    draw = np.random.default_rng(3)
    shares = (0.9, 0.6, 0.3, 0.1, 0.01, 0.002)
    texts = [
        " ".join(
            word
            for word, share in zip(WORDS, shares, strict=True)
            for _ in range(3)
            if draw.random() < share
        )
        for _ in range(3_000)
    ]
    index = word_index(tmp_path, *texts)
    terms = terms_of("zork blip krum plox vant drub")
    counts = index.counts(terms)
    scores = index.scores(terms, counts, np.arange(len(texts)))
    for k in (1, 10, 200, 3_000):
        order = np.lexsort((np.arange(len(texts)), -scores))[:k]
        wanted = [(int(row), float(scores[row])) for row in order if scores[row] > 0]
        assert index.best(terms, counts, k) == wanted
        among = np.arange(0, len(texts), 7)
        kept = [hit for hit in index.best(terms, counts, len(texts)) if hit[0] % 7 == 0]
        assert index.best(terms, counts, k, among) == kept[:k]


def test_a_word_of_the_question_twice_counts_twice(tmp_path: Path) -> None:
    index = word_index(tmp_path, "zork", "blip")
    counts = index.counts(terms_of("zork"))
    once, twice = (
        index.best(terms_of(question), counts, 1)[0][1] for question in ("zork", "zork zork")
    )
    assert twice == pytest.approx(2 * once)


def test_an_index_without_rows_finds_nothing(tmp_path: Path) -> None:
    index = word_index(tmp_path)
    terms = terms_of("zork")
    assert index.best(terms, index.counts(terms), 10) == []
