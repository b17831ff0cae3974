"""The table of moves, and Google's words for states."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.model.batch_job import (
    ACTIVE_REMOTE,
    FINAL,
    IN_WINDOW,
    MOVES,
    STAGE_OF,
    WITHHOLDING,
    JobOutcome,
    JobState,
    Stage,
    display_name,
    remote_word,
    state_of_remote,
)
from tests.factories import make_job

S = JobState


def _reachable(start: JobState) -> set[JobState]:
    found, open_states = {start}, [start]
    while open_states:
        for state in MOVES[open_states.pop()] - found:
            found.add(state)
            open_states.append(state)
    return found


def test_every_state_has_its_moves_and_its_stage() -> None:
    assert set(MOVES) == set(S)
    assert set(STAGE_OF) == set(S)


def test_every_state_can_be_reached_from_the_first() -> None:
    assert _reachable(S.UPLOADING) == set(S)


@pytest.mark.parametrize("state", S)
def test_from_every_state_a_job_can_be_collected(state: JobState) -> None:
    # "The file decides": a row in any other state whose results file exists becomes collected.
    assert state == S.COLLECTED or S.COLLECTED in MOVES[state]


@pytest.mark.parametrize(
    ("state", "ways_out"),
    [
        (S.COLLECTED, {S.DAMAGED}),  # its file broke since
        (S.RELEASED, {S.COLLECTED}),
        (S.REJECTED, {S.COLLECTED}),
        (S.ABANDONED, {S.SUBMITTED, S.COLLECTED}),  # re-opened when it turns up later
        (S.GONE, {S.SUBMITTED, S.COLLECTED}),
    ],
)
def test_a_final_state_has_only_its_documented_ways_out(
    state: JobState, ways_out: set[JobState]
) -> None:
    assert state in FINAL
    assert MOVES[state] == ways_out


def test_final_and_withholding_states_divide_all_states() -> None:
    assert set(S) == FINAL | WITHHOLDING
    assert not FINAL & WITHHOLDING
    assert len(FINAL) == 5


def test_the_window_counts_what_the_remote_holds_or_may_hold() -> None:
    assert {S.UPLOADING, S.CREATING, S.UNCONFIRMED, S.SUBMITTED, S.RUNNING} == IN_WINDOW
    assert ACTIVE_REMOTE <= IN_WINDOW <= WITHHOLDING


def test_a_job_is_released_only_before_or_by_the_create_call() -> None:
    # After it a job may exist remotely, and its texts must not be sent again.
    assert {state for state in S if S.RELEASED in MOVES[state]} == {S.UPLOADING, S.CREATING}


def test_an_unconfirmed_job_is_adopted_or_given_up_and_never_just_released() -> None:
    assert MOVES[S.UNCONFIRMED] == {S.SUBMITTED, S.ABANDONED, S.COLLECTED}


def test_nothing_moves_into_uploading() -> None:
    # A retry is a new job: rows are never reused.
    assert not [state for state in S if S.UPLOADING in MOVES[state]]


TERMINAL = ["SUCCEEDED", "PARTIALLY_SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED"]


@pytest.mark.parametrize("prefix", ["JOB_STATE_", "BATCH_STATE_", ""])
@pytest.mark.parametrize(
    ("word", "state"),
    [
        *((word, S.ENDED) for word in TERMINAL),
        ("RUNNING", S.RUNNING),
        ("PENDING", S.SUBMITTED),
        ("QUEUED", S.SUBMITTED),
        ("UNSPECIFIED", S.SUBMITTED),
    ],
)
def test_googles_states_are_read_in_both_spellings(prefix: str, word: str, state: JobState) -> None:
    assert remote_word(prefix + word) == word
    assert state_of_remote(prefix + word) == state


@given(st.text())
def test_an_unknown_state_is_polled_on_and_never_taken_for_an_end(word: str) -> None:
    known = {*TERMINAL, "RUNNING"}
    if remote_word(word) not in known:
        assert state_of_remote(word) == S.SUBMITTED


def test_cancelling_is_not_cancelled() -> None:
    assert state_of_remote("JOB_STATE_CANCELLING") == S.SUBMITTED


def test_users_see_five_words() -> None:
    assert set(STAGE_OF.values()) == set(Stage)
    assert make_job(state=S.UNCONFIRMED).stage == Stage.CREATED
    assert make_job(state=S.ENDED).stage == Stage.PROCESSING  # not done before it is collected
    assert make_job(state=S.COLLECTED).stage == Stage.COMPLETED
    assert make_job(state=S.QUARANTINED).stage == Stage.FAILED


def test_the_display_name_ties_a_remote_job_to_ledger_and_row() -> None:
    assert display_name("abc", "123") == "sa-abc-123"


@pytest.mark.parametrize(
    ("remote", "succeeded", "failed", "outcome", "stage"),
    [
        ("JOB_STATE_SUCCEEDED", 10, 0, "succeeded", "COMPLETED"),
        ("BATCH_STATE_PARTIALLY_SUCCEEDED", 4, 6, "partly_failed", "COMPLETED"),
        ("BATCH_STATE_SUCCEEDED", 0, 10, "failed", "FAILED"),
        ("BATCH_STATE_FAILED", 0, 10, "failed", "FAILED"),
        ("JOB_STATE_EXPIRED", 4, 6, "expired", "FAILED"),
        ("BATCH_STATE_CANCELLED", 10, 0, "cancelled", "FAILED"),
        ("GONE", 0, 10, "deleted", "FAILED"),
        (None, 10, 0, "succeeded", "COMPLETED"),  # real-time calls
        (None, 0, 10, "failed", "FAILED"),
        ("IMPORTED", 10, 0, "succeeded", "COMPLETED"),
    ],
)
def test_a_collected_job_is_shown_as_it_ended(
    remote: str | None, succeeded: int, failed: int, outcome: str, stage: str
) -> None:
    job = make_job(state=S.COLLECTED, remote_state=remote, succeeded=succeeded, failed=failed)
    assert (job.outcome, job.stage) == (outcome, stage)
    assert (job.trouble is None) == (outcome == "succeeded")


def test_a_final_job_has_an_outcome_and_an_open_one_none() -> None:
    for state in S:
        job = make_job(state=state)
        is_over = state in FINAL or job.stage == Stage.FAILED
        assert (job.outcome is not None) == is_over, state


def test_a_job_that_ended_badly_says_so_before_it_is_collected() -> None:
    job = make_job(state=S.ENDED, remote_state="BATCH_STATE_EXPIRED")
    assert (job.outcome, job.stage) == (JobOutcome.EXPIRED, Stage.PROCESSING)
