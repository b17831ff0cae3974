"""Ranking metrics against values worked out by hand."""

import math

import pytest

from semantic_assets.index.ranking_metrics import ndcg, overlap, recall, reciprocal_rank


def test_the_one_relevant_document_counts_by_its_rank() -> None:
    relevant = {"a": 1.0}
    assert ndcg(["a", "b"], relevant, 10) == 1.0
    assert ndcg(["b", "a"], relevant, 10) == pytest.approx(1 / math.log2(3))
    assert ndcg(["b", "c"], relevant, 10) == 0.0
    assert reciprocal_rank(["b", "c", "a"], relevant) == pytest.approx(1 / 3)


def test_grades_are_gains_and_the_best_order_is_one() -> None:
    relevant = {"a": 3.0, "b": 1.0}
    assert ndcg(["a", "b"], relevant, 10) == 1.0
    worse = (1 + 3 / math.log2(3)) / (3 + 1 / math.log2(3))
    assert ndcg(["b", "a"], relevant, 10) == pytest.approx(worse)


def test_what_is_beyond_k_does_not_count() -> None:
    assert ndcg(["x", "a"], {"a": 1.0}, 1) == 0.0
    assert recall(["x", "a", "b"], {"a": 1.0, "b": 1.0}, 2) == 0.5


def test_overlap_is_the_share_in_common() -> None:
    assert overlap(["a", "b"], ["b", "a"]) == 1.0
    assert overlap(["a", "b"], ["b"]) == 0.5
    assert overlap([], []) == 1.0
