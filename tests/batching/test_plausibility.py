"""Token counts against estimates: honest files pass, shuffled ones do not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.batching.plausibility import Floats, disordered, implausible, misfit

ROWS = 400


def make_counts(
    seed: int, rows: int = ROWS, *, ratio: float = 1.2, noise: float = 0.15
) -> tuple[Floats, Floats]:
    """Estimates of 10 to 800 tokens, and what is counted for them."""
    rng = np.random.default_rng(seed)
    estimates = np.exp(rng.uniform(np.log(10), np.log(800), rows)).round()
    counts = np.maximum(1, (estimates * ratio * np.exp(rng.normal(0, noise, rows))).round())
    return estimates, counts


@pytest.mark.parametrize("ratio", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("noise", [0.0, 0.15, 0.3])
def test_an_honest_file_is_plausible_however_far_off_the_estimates_are(
    ratio: float, noise: float
) -> None:
    for seed in range(20):
        assert implausible(*make_counts(seed, ratio=ratio, noise=noise)) is None


def test_shuffled_answers_are_found_out() -> None:
    for seed in range(20):
        estimates, counts = make_counts(seed)
        np.random.default_rng(seed).shuffle(counts)
        assert implausible(estimates, counts) is not None


def test_shuffled_answers_are_found_out_among_texts_of_similar_length() -> None:
    """None is four times off; that they do not rise together is what tells."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        estimates = rng.uniform(100, 250, ROWS)
        counts = estimates * 1.2
        assert implausible(estimates, counts) is None
        rng.shuffle(counts)
        reason = implausible(estimates, counts)
        assert reason is not None
        assert "of pairs agree" in reason


def test_answers_shifted_by_one_line_are_found_out() -> None:
    for seed in range(20):
        estimates, counts = make_counts(seed)
        assert implausible(estimates, np.roll(counts, 1)) is not None


def test_a_few_swapped_answers_are_found_out_by_their_ratio() -> None:
    estimates = np.asarray([20.0, 700.0] * (ROWS // 2))
    counts = estimates.copy()
    counts[:4] = counts[[1, 0, 3, 2]]
    reason = implausible(estimates, counts)
    assert reason is not None
    assert "4 of 400" in reason
    assert sorted(np.argsort(misfit(estimates, counts))[-4:].tolist()) == [0, 1, 2, 3]


def test_texts_all_of_one_length_say_nothing() -> None:
    estimates = np.full(ROWS, 100.0)
    counts = np.random.default_rng(0).integers(90, 110, ROWS).astype(np.float64)
    assert implausible(estimates, counts) is None


@pytest.mark.parametrize("part", [0.005, 0.05, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("ratio", [0.01, 0.3, 10.0])
def test_texts_of_one_length_and_some_of_another_are_plausible(part: float, ratio: float) -> None:
    """Among texts of nearly one length order is noise, however many others stand beside them."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        own = np.where(rng.random(ROWS) < part, 300.0 * ratio, 300.0)
        estimates = (own * np.exp(rng.normal(0, 0.05, ROWS))).round()
        counts = np.maximum(1, (own * np.exp(rng.normal(0, 0.05, ROWS))).round())
        assert disordered(estimates, counts) is None


@given(st.lists(st.tuples(st.integers(1, 800), st.integers(0, 10**6)), max_size=29))
def test_few_rows_say_nothing(rows: list[tuple[int, int]]) -> None:
    estimates = np.asarray([row[0] for row in rows], np.float64)
    counts = np.asarray([row[1] for row in rows], np.float64)
    assert implausible(estimates, counts) is None


@pytest.mark.parametrize("value", [0.0, 1.0, 500.0])
def test_one_count_for_all_texts_is_found_out(value: float) -> None:
    estimates, _ = make_counts(0)
    assert implausible(estimates, np.full(ROWS, value)) is not None


def test_a_mixture_of_scripts_is_plausible() -> None:
    """Estimates of one script may be off by another factor than those of the other."""
    for seed in range(20):
        latin, cjk = make_counts(seed, ratio=0.9), make_counts(seed + 100, ratio=1.6)
        estimates, counts = (np.concatenate(pair) for pair in zip(latin, cjk, strict=True))
        assert implausible(estimates, counts) is None


def test_texts_of_one_length_whose_estimates_differ_say_nothing() -> None:
    rng = np.random.default_rng(3)
    estimates = np.exp(rng.normal(np.log(300), 0.2, ROWS)).round()
    counts = rng.integers(290, 310, ROWS).astype(np.float64)
    assert implausible(estimates, counts) is None
