"""Which rows are embedded again, and what they cost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.batching.canary_rows import (
    FLOOR_TOKENS,
    MAX_CANARIES,
    canary_tokens,
    choose_canaries,
)
from semantic_assets.batching.plausibility import Floats

Counts = st.lists(st.integers(1, 8_192), min_size=1, max_size=400)


def chosen_of(counts: list[int]) -> list[int]:
    found = np.asarray(counts, dtype=np.float64)
    return choose_canaries(found, found, "a job")


@given(counts=Counts)
def test_rows_are_never_more_than_was_reserved_for_them(counts: list[int]) -> None:
    rows = chosen_of(counts)
    assert 1 <= len(rows) == len(set(rows)) <= MAX_CANARIES
    assert sum(counts[row] for row in rows) <= canary_tokens(sum(counts), len(counts))


@given(counts=Counts)
def test_from_50_000_tokens_on_canaries_are_two_percent_of_the_bill(counts: list[int]) -> None:
    counts = counts * (1 + 100 * FLOOR_TOKENS // sum(counts))
    batch, again = sum(counts), 2 * sum(counts[row] for row in chosen_of(counts))
    assert again <= 0.02 * (batch + again) * 1.02 or len(counts) < 100


@given(counts=st.lists(st.integers(1, 50), min_size=1, max_size=10))
def test_a_job_of_a_few_short_texts_is_embedded_again_whole(counts: list[int]) -> None:
    assert sorted(chosen_of(counts)) == list(range(len(counts)))


def made(rows: int, *, spread: float, seed: int = 1) -> tuple[Floats, Floats]:
    """Estimates 20 % off, and counts whose logarithms are spread so far."""
    rng = np.random.default_rng(seed)
    counts = np.rint(300 * np.exp(rng.uniform(-spread, spread, rows)))
    return np.rint(counts * np.exp(rng.normal(0, 0.2, rows))), counts


def test_where_lengths_differ_fewer_rows_are_enough() -> None:
    alike, apart = (choose_canaries(*made(5_000, spread=s), "a job") for s in (0.0, 1.5))
    assert len(apart) < len(alike)


def test_a_row_whose_count_fits_worst_is_among_them() -> None:
    estimates, counts = made(300, spread=0.5)
    counts[17] = estimates[17] / 20
    assert 17 in choose_canaries(estimates, counts, "a job")


def test_another_job_draws_other_rows_and_the_same_job_the_same() -> None:
    estimates, counts = made(3_000, spread=0.0)
    first, again, other = (choose_canaries(estimates, counts, s) for s in ("a", "a", "b"))
    assert first == again != other


@pytest.mark.parametrize("known", [0.0, 0.5])
def test_rows_without_a_count_can_be_drawn(known: float) -> None:
    estimates, counts = made(500, spread=0.5)
    counts[: int(500 * (1 - known))] = 0
    assert choose_canaries(estimates, counts, "a job")
