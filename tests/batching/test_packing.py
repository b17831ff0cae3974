"""Packing: never over the window, never crumbs, and never stuck."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.batching.packing import JOB_SHARE, MAX_REQUESTS, Window, plan_job

estimates = st.lists(st.integers(1, 900), max_size=200)
windows = st.builds(
    Window,
    limit_tokens=st.integers(1, 60_000),
    used_tokens=st.integers(0, 70_000),
    free_jobs=st.integers(0, 3),
)


def make_window(limit_tokens: int, used_tokens: int = 0, free_jobs: int = 100) -> Window:
    return Window(limit_tokens=limit_tokens, used_tokens=used_tokens, free_jobs=free_jobs)


@given(estimates, windows)
def test_a_job_never_exceeds_the_window_or_its_share_of_it(
    pending: list[int], window: Window
) -> None:
    taken = plan_job(pending, window)
    assert 0 <= taken <= len(pending)
    if taken and pending[0] > window.job_tokens:
        assert (taken, window.used_tokens) == (1, 0)  # larger than any job: alone, or never
        return
    tokens = sum(pending[:taken])
    assert tokens <= window.free_tokens
    assert tokens <= max(1, window.limit_tokens * JOB_SHARE)
    if window.free_jobs < 1:
        assert taken == 0


@given(estimates, windows)
def test_a_job_is_full_or_takes_all_that_is_left(pending: list[int], window: Window) -> None:
    taken = plan_job(pending, window)
    if 0 < taken < len(pending):
        assert sum(pending[: taken + 1]) > window.job_tokens


@given(st.lists(st.integers(1, 900), min_size=1, max_size=200), st.integers(1, 60_000))
def test_with_an_empty_window_something_is_always_sent(pending: list[int], limit: int) -> None:
    assert plan_job(pending, make_window(limit)) > 0


@given(st.lists(st.integers(1, 900), max_size=200), st.integers(900, 20_000))
def test_all_texts_are_sent_in_the_end(pending: list[int], limit: int) -> None:
    """Jobs end one by one, oldest first; what is free is refilled."""
    running: list[int] = []
    sent = 0
    while sent < len(pending):
        taken = plan_job(pending[sent:], make_window(limit, used_tokens=sum(running)))
        if taken:
            running.append(sum(pending[sent : sent + taken]))
            sent += taken
        else:
            assert running, "nothing is out and nothing is sent"
            running.pop(0)
        assert sum(running) <= limit


def test_the_window_is_filled_by_five_jobs() -> None:
    pending = [100] * 200
    jobs = []
    used = 0
    while taken := plan_job(pending, make_window(10_000, used)):
        jobs.append(taken)
        used += 100 * taken
        del pending[:taken]
    assert jobs == [20] * 5


def test_no_crumbs_are_sent_while_the_window_is_nearly_full() -> None:
    assert plan_job([100] * 50, make_window(10_000, used_tokens=9_000)) == 0
    assert plan_job([100] * 10, make_window(10_000, used_tokens=9_000)) == 10  # all that is left


def test_a_window_used_beyond_its_limit_has_nothing_free() -> None:
    assert make_window(100, used_tokens=130).free_tokens == 0
    assert plan_job([1], make_window(100, used_tokens=130)) == 0


def test_nothing_pending_makes_no_job() -> None:
    assert plan_job([], make_window(10_000)) == 0


def test_a_job_has_a_limit_of_rows_and_is_full_there() -> None:
    assert plan_job([1] * (MAX_REQUESTS + 5), make_window(10**9)) == MAX_REQUESTS
    almost_full = make_window(10**9, used_tokens=10**9 - MAX_REQUESTS)
    assert plan_job([1] * (MAX_REQUESTS + 5), almost_full) == MAX_REQUESTS


@pytest.mark.parametrize("pending", [[900], [900, 10, 10], [5_000, 10]])
def test_a_text_larger_than_a_jobs_share_goes_alone_into_an_empty_window(
    pending: list[int],
) -> None:
    assert plan_job(pending, make_window(4_000)) == 1
    assert plan_job(pending, make_window(4_000, used_tokens=1)) == 0
    assert plan_job(pending, make_window(4_000, free_jobs=0)) == 0
