"""Rows of batch jobs: guarded moves with their events, and a window that is never exceeded."""

from dataclasses import replace
from itertools import pairwise

import pytest

from semantic_assets.errors import Conflict, NotFound
from semantic_assets.ledger.ledger import Ledger
from semantic_assets.ledger.spending import Spending
from semantic_assets.model.batch_job import IN_WINDOW, MOVES, BatchJob, JobState
from tests.factories import MODEL, SCOPE_ID, Clock, make_job, run_together
from tests.ledger.ledger_processes import insert_jobs, move_job

S = JobState


def allowing(spending: Spending) -> None:
    """Stand for no cap."""


def fits(
    ledger: Ledger, job: BatchJob, *, limit_tokens: int = 10**9, limit_jobs: int = 10**6
) -> bool:
    """Insert it as the planner does, under the lease `plan`."""
    lease = ledger.leases.acquire("plan")
    assert lease is not None
    try:
        return ledger.jobs.insert_if_fits(
            job, under=lease, limit_tokens=limit_tokens, limit_jobs=limit_jobs, guard=allowing
        )
    finally:
        ledger.leases.release(lease)


def insert(ledger: Ledger, **changes: object) -> BatchJob:
    job = make_job(**changes)
    assert fits(ledger, job)
    return job


def told(ledger: Ledger, job: BatchJob) -> list[tuple[str | None, str, str | None]]:
    return [(e.from_state, e.to_state, e.detail) for e in ledger.jobs.events(job.job_id)]


# -- rows -----------------------------------------------------------------------------------------


def test_a_job_comes_back_as_it_was_inserted(ledger: Ledger) -> None:
    job = insert(ledger, shards=("a.b.00000", "a.b.00001"), remote_name="batches/x", succeeded=3)
    assert ledger.jobs.find(job.job_id) == job
    assert ledger.jobs.list() == [job]
    assert told(ledger, job) == [(None, "uploading", None)]


def test_a_job_is_found_by_each_of_its_names(ledger: Ledger) -> None:
    job = insert(ledger, remote_name="batches/x")
    insert(ledger)
    for name in (job.job_id, job.display_name, "batches/x"):
        assert ledger.jobs.find(name) == job


def test_a_job_nobody_knows_is_not_found_and_the_cure_is_named(ledger: Ledger) -> None:
    with pytest.raises(NotFound, match="semantic-assets jobs"):
        ledger.jobs.find("batches/none")


def test_jobs_are_listed_oldest_first_and_by_state_scope_and_space(ledger: Ledger) -> None:
    third, first, second = (f"{number:012x}aaaaaaaa" for number in (3, 1, 2))
    insert(ledger, job_id=third)
    insert(ledger, job_id=first, state=S.SUBMITTED, scope_id="other")
    insert(ledger, job_id=second, state=S.RUNNING, product_id="other")

    def ids(**options: object) -> list[str]:
        return [job.job_id for job in ledger.jobs.list(**options)]  # type: ignore[arg-type]

    assert ids() == [first, second, third]
    assert ids(states=[S.SUBMITTED, S.RUNNING]) == [first, second]
    assert ids(scope_id="other") == [first]
    assert ids(product_id="other") == [second]
    assert ids(states=[S.GONE]) == ids(states=[]) == []


# -- moves ----------------------------------------------------------------------------------------


def test_a_move_changes_the_row_and_appends_its_event(ledger: Ledger, clock: Clock) -> None:
    job = insert(ledger)
    clock.advance(7)
    moved = ledger.jobs.move(
        job.job_id, S.CREATING, of=[S.UPLOADING], fence=1, detail="why", input_file="files/1"
    )
    assert moved == replace(job, state=S.CREATING, input_file="files/1", updated_at=clock.now)
    assert ledger.jobs.find(job.job_id) == moved
    assert told(ledger, job) == [(None, "uploading", None), ("uploading", "creating", "why")]
    assert ledger.jobs.events(job.job_id)[-1].at == clock.now


def test_the_events_of_a_life_are_in_order(ledger: Ledger) -> None:
    job = insert(ledger)
    life = [S.UPLOADING, S.CREATING, S.UNCONFIRMED, S.SUBMITTED, S.RUNNING, S.ENDED, S.COLLECTED]
    for before, after in pairwise(life):
        assert ledger.jobs.move(job.job_id, after, of=[before])
    assert [event.to_state for event in ledger.jobs.events(job.job_id)] == life
    assert [event.from_state for event in ledger.jobs.events(job.job_id)] == [None, *life[:-1]]


@pytest.mark.parametrize(
    "guard", [{"of": [S.CREATING]}, {"of": [S.UPLOADING], "fence": 2}, {"of": []}]
)
def test_a_move_from_another_state_or_fence_changes_nothing(
    ledger: Ledger, guard: dict[str, object]
) -> None:
    job = insert(ledger)
    assert ledger.jobs.move(job.job_id, S.RELEASED, **guard) is None  # type: ignore[arg-type]
    assert ledger.jobs.find(job.job_id) == job
    assert len(told(ledger, job)) == 1


def test_a_job_that_is_not_there_is_not_moved(ledger: Ledger) -> None:
    assert ledger.jobs.move("none", S.CREATING, of=[S.UPLOADING]) is None


def test_only_the_named_job_is_moved(ledger: Ledger) -> None:
    job, other = insert(ledger), insert(ledger)
    ledger.jobs.move(job.job_id, S.CREATING, of=[S.UPLOADING])
    assert ledger.jobs.find(other.job_id) == other


@pytest.mark.parametrize("state", S)
def test_exactly_the_moves_of_the_table_are_allowed(ledger: Ledger, state: JobState) -> None:
    for to in S:
        job = insert(ledger, state=state)
        if to in MOVES[state] or to == state:
            moved = ledger.jobs.move(job.job_id, to, of=[state])
            assert moved is not None
            assert moved.state == to
        else:
            with pytest.raises(Conflict, match=to):
                ledger.jobs.move(job.job_id, to, of=[state])
            assert ledger.jobs.find(job.job_id).state == state


def test_one_forbidden_origin_forbids_the_whole_move(ledger: Ledger) -> None:
    job = insert(ledger, state=S.ENDED)
    with pytest.raises(Conflict, match="collected"):
        ledger.jobs.move(job.job_id, S.QUARANTINED, of=[S.ENDED, S.COLLECTED])
    assert ledger.jobs.find(job.job_id).state == S.ENDED


def test_a_move_to_the_same_state_records_values_and_no_event(ledger: Ledger, clock: Clock) -> None:
    job = insert(ledger, state=S.RUNNING)
    clock.advance(1)
    moved = ledger.jobs.move(job.job_id, S.RUNNING, of=[S.RUNNING], remote_state="X")
    assert moved == replace(job, remote_state="X", updated_at=clock.now)
    assert len(told(ledger, job)) == 1


def test_of_processes_that_move_a_job_at_once_one_does(ledger_url: str, ledger: Ledger) -> None:
    for _ in range(3):
        job = insert(ledger)
        winners = run_together(move_job, ledger_url, job.job_id)
        assert sorted(winners) == [False, False, False, True]  # type: ignore[type-var]
        assert ledger.jobs.find(job.job_id).input_file == f"files/{winners.index(True)}"
        assert len(told(ledger, job)) == 2


# -- claims and orphans ---------------------------------------------------------------------------


def test_a_claim_puts_a_newer_fence_on_the_row_and_an_older_one_gets_nothing(
    ledger: Ledger,
) -> None:
    job = insert(ledger, fence=3)
    assert ledger.jobs.claim(job.job_id, 2) is None
    assert ledger.jobs.claim(job.job_id, 3) == job
    claimed = ledger.jobs.claim(job.job_id, 5)
    assert claimed == replace(job, fence=5)
    assert ledger.jobs.move(job.job_id, S.CREATING, of=[S.UPLOADING], fence=3) is None
    assert ledger.jobs.move(job.job_id, S.CREATING, of=[S.UPLOADING], fence=5) is not None
    assert ledger.jobs.claim("none", 9) is None


def test_a_row_is_orphaned_when_its_lease_is_dead(ledger: Ledger, clock: Clock) -> None:
    jobs = {state: insert(ledger, state=state) for state in S}
    leases = {state: ledger.leases.acquire(f"job:{job.job_id}") for state, job in jobs.items()}
    assert ledger.jobs.orphaned() == []
    clock.advance(ledger.leases.ttl_seconds + 1)
    assert {job.state for job in ledger.jobs.orphaned()} == {S.UPLOADING, S.CREATING}
    uploading = leases[S.UPLOADING]
    assert uploading is not None
    ledger.leases.renew(uploading)
    assert [job.state for job in ledger.jobs.orphaned()] == [S.CREATING]
    ledger.leases.release(uploading)
    assert len(ledger.jobs.orphaned()) == 2


def test_a_real_time_job_whose_process_died_is_an_orphan_too(ledger: Ledger) -> None:
    insert(ledger, state=S.RUNNING)
    job = insert(ledger, state=S.RUNNING, is_realtime=True)
    assert ledger.jobs.orphaned() == [job]


def test_a_row_that_never_had_a_lease_is_an_orphan(ledger: Ledger) -> None:
    job = insert(ledger)
    ledger.leases.acquire("job:another")
    assert ledger.jobs.orphaned() == [job]


# -- the window -----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", S)
def test_the_window_is_the_sum_over_the_rows_the_remote_may_hold(
    ledger: Ledger, state: JobState
) -> None:
    insert(ledger, state=state, tokens_estimated=70)
    insert(ledger, state=state, tokens_estimated=30)
    counted = state in IN_WINDOW
    assert ledger.job_totals.window(SCOPE_ID, MODEL) == ((100, 2) if counted else (0, 0))


def test_each_scope_and_model_has_a_window_of_its_own(ledger: Ledger) -> None:
    insert(ledger, tokens_estimated=90)
    assert not fits(ledger, make_job(), limit_tokens=100, limit_jobs=9)
    assert fits(ledger, make_job(scope_id="other"), limit_tokens=100, limit_jobs=9)
    assert fits(ledger, make_job(model="gemini-embedding-2"), limit_tokens=100, limit_jobs=9)


def test_jobs_of_all_models_count_against_the_limit_of_a_key(ledger: Ledger) -> None:
    insert(ledger)
    assert not fits(ledger, make_job(model="gemini-embedding-2"), limit_tokens=1_000, limit_jobs=1)
    assert fits(ledger, make_job(scope_id="other"), limit_tokens=1_000, limit_jobs=1)


def test_a_real_time_job_is_in_no_window(ledger: Ledger) -> None:
    insert(ledger, state=S.RUNNING, is_realtime=True)
    assert ledger.job_totals.window(SCOPE_ID, MODEL) == (0, 0)


def test_a_job_fits_to_the_last_token_and_no_further(ledger: Ledger) -> None:
    insert(ledger, tokens_estimated=60)
    assert not fits(ledger, make_job(tokens_estimated=41), limit_tokens=100)
    assert fits(ledger, make_job(tokens_estimated=40), limit_tokens=100)
    assert ledger.job_totals.window(SCOPE_ID, MODEL) == (100, 2)


def test_a_refused_job_leaves_no_row_and_no_event(ledger: Ledger) -> None:
    job = make_job(tokens_estimated=101)
    assert not fits(ledger, job, limit_tokens=100)
    assert ledger.jobs.list() == []
    assert told(ledger, job) == []


def test_a_planner_that_was_taken_over_inserts_nothing(ledger: Ledger, clock: Clock) -> None:
    old = ledger.leases.acquire("plan")
    assert old is not None
    clock.advance(ledger.leases.ttl_seconds + 1)
    assert ledger.leases.acquire("plan")
    with pytest.raises(Conflict, match="plan"):
        ledger.jobs.insert_if_fits(
            make_job(), under=old, limit_tokens=10**9, limit_jobs=9, guard=allowing
        )
    assert ledger.jobs.list() == []


def test_jobs_are_limited_in_number_too(ledger: Ledger) -> None:
    inserted = [fits(ledger, make_job(), limit_jobs=2) for _ in range(3)]
    assert inserted == [True, True, False]


def test_a_finished_job_makes_room(ledger: Ledger) -> None:
    job = insert(ledger, tokens_estimated=100)
    assert not fits(ledger, make_job(), limit_tokens=100)
    ledger.jobs.move(job.job_id, S.RELEASED, of=[S.UPLOADING])
    assert fits(ledger, make_job(), limit_tokens=100)


@pytest.mark.parametrize(
    ("limit_tokens", "limit_jobs", "fitting"), [(2_000, 10**6, 20), (10**9, 7, 7)]
)
def test_processes_that_insert_at_once_never_exceed_the_window(
    ledger_url: str, ledger: Ledger, limit_tokens: int, limit_jobs: int, fitting: int
) -> None:
    lease = ledger.leases.acquire("plan")
    assert lease is not None
    fitted = run_together(insert_jobs, ledger_url, lease.fence, limit_tokens, limit_jobs)
    ids = [job_id for of_one in fitted for job_id in of_one]  # type: ignore[attr-defined]
    assert len(ids) == fitting
    assert {job.job_id for job in ledger.jobs.list()} == set(ids)
    assert ledger.job_totals.window(SCOPE_ID, MODEL) == (100 * fitting, fitting)


def test_tokens_the_remote_accepted_leave_out_what_is_on_its_way(ledger: Ledger) -> None:
    for number, state in enumerate(S):
        insert(ledger, state=state, tokens_estimated=2**number)
    counted = {S.SUBMITTED, S.RUNNING, S.UNCONFIRMED}
    expected = sum(2**number for number, state in enumerate(S) if state in counted)
    assert ledger.job_totals.accepted_tokens(SCOPE_ID, MODEL) == expected


# -- recovered rows and other lists ---------------------------------------------------------------


def test_a_recovered_row_is_inserted_once_and_says_so(ledger: Ledger) -> None:
    job = make_job(state=S.UNCONFIRMED)
    assert not ledger.jobs.exists(job.job_id)
    assert ledger.jobs.insert(job, detail="recovered")
    assert not ledger.jobs.insert(replace(job, state=S.RUNNING), detail="again")
    assert ledger.jobs.exists(job.job_id)
    assert ledger.jobs.list() == [job]
    assert told(ledger, job) == [(None, "unconfirmed", "recovered")]


def test_recent_jobs_come_newest_first(ledger: Ledger) -> None:
    jobs = [insert(ledger, job_id=f"{number:020x}") for number in (2, 1, 3)]
    assert ledger.jobs.count() == 3
    assert ledger.jobs.recent(2) == [jobs[2], jobs[0]]


def test_the_last_verdicts_are_of_jobs_that_were_judged(ledger: Ledger) -> None:
    states = [S.COLLECTED, S.QUARANTINED, S.RUNNING, S.GONE]
    jobs = [
        insert(ledger, state=state, succeeded=1, updated_at=1_000.0 + number)
        for number, state in enumerate(states)
    ]
    insert(ledger, state=S.COLLECTED, succeeded=0, updated_at=5_000.0)  # nothing to judge
    insert(ledger, state=S.QUARANTINED, product_id="other", updated_at=6_000.0)
    verdicts = ledger.jobs.last_verdicts(jobs[0].product_id, 5)
    assert verdicts == [jobs[1], jobs[0]]
    assert ledger.jobs.last_verdicts(jobs[0].product_id, 1) == [jobs[1]]


# -- how far estimates are off --------------------------------------------------------------------


def collected(ledger: Ledger, estimated: int, actual: int | None, **changes: object) -> None:
    insert(
        ledger,
        **{"state": S.COLLECTED, "failed": 0, **changes},
        tokens_estimated=estimated,
        tokens_actual=actual,
    )


def test_without_collected_jobs_there_is_no_ratio(ledger: Ledger) -> None:
    insert(ledger)
    collected(ledger, 100, 100, model="gemini-embedding-2")
    assert ledger.job_totals.token_ratio(MODEL) is None


def test_the_ratio_is_of_sums_and_only_of_jobs_that_worked(ledger: Ledger) -> None:
    collected(ledger, 1_000, 900)
    collected(ledger, 3_000, 3_900)
    collected(ledger, 1_000, 1, failed=2)  # texts without an answer have no count
    insert(ledger, state=S.RUNNING, tokens_estimated=1_000)
    assert ledger.job_totals.token_ratio(MODEL) == pytest.approx(1.2)


def test_the_ratio_is_of_the_last_twenty_jobs(ledger: Ledger) -> None:
    for number in range(25):
        old = number < 5
        collected(ledger, 100, 900 if old else 110, job_id=f"{number:020x}")
    assert ledger.job_totals.token_ratio(MODEL) == pytest.approx(1.1)


@pytest.mark.parametrize("actual", [None, 0])
def test_a_job_whose_tokens_nobody_counted_does_not_lower_the_ratio(
    ledger: Ledger, actual: int | None
) -> None:
    collected(ledger, 1_000, 1_200)
    collected(ledger, 1_000, actual)
    assert ledger.job_totals.token_ratio(MODEL) == pytest.approx(1.2)


def test_a_real_time_job_says_nothing_about_estimates(ledger: Ledger) -> None:
    collected(ledger, 1_000, 1_200)
    collected(ledger, 9_000, 9_000, is_realtime=True)  # nobody counts tokens in real time
    assert ledger.job_totals.token_ratio(MODEL) == pytest.approx(1.2)
