"""What the service may do wrong, fault by fault: nothing lost, nothing paid twice, nothing misplaced."""

import json

import httpx2
import pytest

from semantic_assets.lake.manifests import manifest_keys
from semantic_assets.model.batch_job import JobState
from semantic_assets.model.statuses import Outcome
from semantic_assets.pipeline.batch_jobs import resolve
from semantic_assets.pipeline.batch_jobs.claim import claimed
from semantic_assets.pipeline.batch_jobs.results import adopt_landed, write_job_failure
from semantic_assets.pipeline.costs.budgets import possible_bill
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.pending.retry import failures, retry
from semantic_assets.pipeline.reports.sql import connect
from tests.scenarios.checks import TEXTS, assert_all_ready, misplaced, states, statuses
from tests.trial import Trial

S = JobState

HEALING: dict[str, dict[str, object]] = {
    "create-429": {},
    "create-400": {},
    "create-400-location": {},
    "create-400-key": {},
    "create-403-billing": {},
    "create-reset": {},
    "create-500": {},
    "create-503": {},
    "create-307": {},
    "lost-create-response": {},
    "create-unreadable-answer": {},
    "create-500 created": {"created": True},
    "hidden-quota": {"fraction": 0.001},
    "upload-drop-chunk": {},
    "upload-503": {},
    "upload-mime-400": {},
    "upload-lost-final": {},
    "stuck-pending": {},
    "stuck-running": {},
    "ends-expired": {},
    "ends-failed": {},
    "ends-cancelled": {},
    "ends-partially-succeeded": {},
    "unknown-state": {},
    "job-state-spelling": {},
    "list-503": {},
    "list-empty-page": {},
    "list-error-details-objects": {},
    "output-in-response-only": {},
    "output-in-metadata-only": {},
    "result-late": {"seconds": 300.0},
    "shuffled-lines": {},
    "error-lines": {},
    "error-lines code-only": {"shape": "code-only"},
    "error-lines status": {"shape": "status"},
    "error-lines empty-object": {"shape": "empty-object"},
    "error-lines message-only": {"shape": "message-only"},
    "transient-error-lines": {},
    "token-counts-missing": {},
    "truncated-download-with-length": {},
    "truncated-download-close-delimited": {},
    "truncated-download-close-delimited mid-line": {"mid_line": True},
    "realtime-noise": {},
    "realtime-503": {},
    "realtime-429": {},
}


@pytest.mark.sample(12)
@pytest.mark.parametrize("fault", HEALING)
def test_a_passing_fault_heals_by_itself(corpus: Trial, fault: str) -> None:
    name = fault.split(" ")[0]
    corpus.arm(name, **HEALING[fault])
    corpus.advance_until_done()
    assert corpus.fired(name) == 1
    assert_all_ready(corpus)


def test_answers_that_are_missing_are_asked_for_again_and_no_others(corpus: Trial) -> None:
    corpus.arm("missing-keys", fraction=0.05)
    corpus.advance_until_done()
    assert statuses(corpus) == {"READY": TEXTS}
    with connect(corpus.store) as connection:
        [(missing,)] = connection.execute(
            "SELECT count(*) FROM results WHERE outcome = 'missing'"
        ).fetchall()
    assert missing == TEXTS // 20
    assert len(corpus.paid_twice()) == missing  # the service answered and lost them: not ours
    assert corpus.store.ledger.spending.totals().possibly_billed_usd > 0


def test_a_body_that_lacks_more_than_a_handful_is_quarantined_after_hours(corpus: Trial) -> None:
    corpus.arm("missing-keys", fraction=0.5)
    advance(corpus.store, corpus.gemini)
    corpus.pass_time(120.0)
    advance(corpus.store, corpus.gemini)
    [job] = corpus.store.ledger.jobs.list()
    assert job.state == "ended"  # it may be read before it is whole
    corpus.advance_until_done()
    assert len(corpus.remote_jobs()) == 1
    [job] = corpus.store.ledger.jobs.list()
    assert job.state == "quarantined"
    assert "have no line in the result" in str(job.error_message)


def test_a_result_that_cannot_be_collected_is_not_fetched_at_each_pass(corpus: Trial) -> None:
    corpus.arm("missing-keys", fraction=0.5)
    advance(corpus.store, corpus.gemini)
    corpus.pass_time(120.0)
    for _ in range(5):
        advance(corpus.store, corpus.gemini)
    calls = httpx2.get(f"{corpus.url}/emulator/state").json()["calls"]
    assert calls["files.download"] <= 2


def test_a_job_deleted_by_somebody_is_sent_again_and_booked_as_possibly_billed(
    corpus: Trial,
) -> None:
    corpus.arm("deleted-by-somebody", after_seconds=20.0)
    corpus.advance_until_done()
    assert statuses(corpus) == {"READY": TEXTS}
    assert states(corpus) == [S.GONE, S.COLLECTED]
    assert corpus.store.ledger.spending.totals().possibly_billed_usd > 0


def test_a_lost_answer_is_adopted_by_name_and_not_sent_again(corpus: Trial) -> None:
    corpus.arm("lost-create-response")
    advance(corpus.store, corpus.gemini)
    [job] = corpus.store.ledger.jobs.list()
    assert job.state in (S.UNCONFIRMED, S.SUBMITTED, S.RUNNING)
    corpus.advance_until_done()
    assert len(corpus.store.ledger.jobs.list()) == 1
    assert len(corpus.remote_jobs()) == 1


def test_a_name_missing_from_listings_for_a_while_is_waited_for(corpus: Trial) -> None:
    corpus.arm("lost-create-response")
    corpus.arm("name-missing-from-list", seconds=1_500.0)
    corpus.advance_until_done()
    assert len(corpus.remote_jobs()) == 1
    assert_all_ready(corpus)


def test_a_create_call_that_never_arrived_is_given_up_after_three_listings_in_an_hour(
    corpus: Trial,
) -> None:
    corpus.arm("create-timeout-not-created", seconds=0.1)
    began = corpus.clock()
    corpus.advance_until_done()
    first, second = corpus.store.ledger.jobs.list()
    assert (first.state, second.state) == (S.ABANDONED, S.COLLECTED)
    assert second.created_at - began >= 3_600
    assert_all_ready(corpus)


UNTRUSTED: dict[str, dict[str, object]] = {
    "swapped-keys": {"fraction": 0.5},
    "duplicated-keys": {},
    "unknown-key": {},
    "wrong-dimensions": {},
    "nan-values": {},
    "null-values": {},
    "zero-vectors": {},
    "corrupted-line": {},
    "token-counts-scrambled": {},
    "realtime-swapped": {},
}


@pytest.mark.sample(4)
@pytest.mark.parametrize("fault", UNTRUSTED)
def test_an_answer_that_cannot_be_trusted_is_quarantined_and_resolved(
    corpus: Trial, fault: str
) -> None:
    corpus.arm(fault, **UNTRUSTED[fault])
    corpus.advance_until_done(rounds=8)
    [job] = corpus.store.ledger.jobs.list()
    assert job.state == S.QUARANTINED
    assert job.error_message
    assert statuses(corpus) == {"PENDING": TEXTS}
    assert not list((corpus.settings.root / "results").rglob("*.parquet"))
    resolve.resubmit(corpus.store, corpus.gemini, job.job_id)
    corpus.advance_until_done()
    assert statuses(corpus) == {"READY": TEXTS}
    assert misplaced(corpus) == 0
    totals = corpus.store.ledger.spending.totals()
    assert totals.possibly_billed_usd > 0


def test_swapped_result_files_of_two_jobs_are_not_used(trial: Trial) -> None:
    for n in range(12):
        trial.write(f"acme/texts/{n}.txt", f"Document number {n} " + "of the harbour " * 30)
    trial.prepare()
    trial.arm("swapped-result-files", times=2)
    small = trial.reopened(enqueued_tokens=3_000)
    with small.store:
        small.advance_until_done(rounds=6)
        assert S.QUARANTINED in states(small)
        assert misplaced(small) == 0


def test_two_quarantined_answers_in_a_row_stop_the_space(corpus: Trial) -> None:
    corpus.arm("nan-values", times=None)
    corpus.advance_until_done(rounds=6)
    [first] = corpus.store.ledger.jobs.list()
    resolve.resubmit(corpus.store, corpus.gemini, first.job_id)
    corpus.advance_until_done(rounds=6)
    corpus.write("acme/texts/more.txt", "A text that came later.")
    corpus.prepare()
    # One verdict was resolved, so one quarantined answer alone does not stop the new text.
    corpus.advance_until_done(rounds=6)
    assert states(corpus).count(S.QUARANTINED) == 2
    corpus.write("acme/texts/last.txt", "The last text of all.")
    corpus.prepare()
    report = advance(corpus.store, corpus.gemini)
    assert report.submitted_jobs == 0
    assert report.blocked_by is not None
    assert report.blocked_by.needs_person
    assert "resolve" in report.blocked_by.reason


def test_accepting_a_quarantined_answer_uses_it(corpus: Trial) -> None:
    corpus.arm("realtime-swapped")
    corpus.advance_until_done(rounds=6)
    [job] = corpus.store.ledger.jobs.list()
    assert job.state == S.QUARANTINED
    resolve.accept(corpus.store, corpus.gemini, job.job_id)
    corpus.advance_until_done()
    assert_all_ready(corpus)


def test_failing_a_quarantined_answer_fails_its_texts_until_a_retry(corpus: Trial) -> None:
    corpus.arm("nan-values")
    corpus.advance_until_done(rounds=6)
    resolve.fail(corpus.store, corpus.gemini, corpus.store.ledger.jobs.list()[0].job_id)
    corpus.advance_until_done()
    assert statuses(corpus) == {"FAILED": TEXTS}
    assert len(failures(corpus.store)) == TEXTS
    assert retry(corpus.store) == TEXTS
    corpus.advance_until_done()
    assert statuses(corpus) == {"READY": TEXTS}


def test_a_text_that_always_fails_ends_failed_with_its_reason_and_alone(corpus: Trial) -> None:
    corpus.write("acme/texts/bad.txt", "This one is poisoned by the marker.")
    corpus.prepare()
    corpus.arm("invalid-texts", times=None, contains="poisoned")
    corpus.advance_until_done()
    assert statuses(corpus) == {"READY": TEXTS, "FAILED": 1}
    [failure] = failures(corpus.store)
    assert failure.error_code == "3"
    assert corpus.paid_twice() == []


def test_a_text_that_fails_its_whole_job_is_found_by_halving(corpus: Trial) -> None:
    corpus.write("acme/texts/bad.txt", "This one is poisoned by the marker.")
    corpus.prepare()
    corpus.arm("whole-job-fails-if", times=None, contains="poisoned")
    corpus.advance_until_done(rounds=300)
    assert statuses(corpus) == {"READY": TEXTS, "FAILED": 1}
    assert corpus.paid_twice() == []


def test_a_text_whose_own_row_fails_ends_failed_after_max_attempts(corpus: Trial) -> None:
    corpus.arm("error-lines", times=None, fraction=0.05)  # two rows, then one of these
    corpus.advance_until_done()
    assert statuses(corpus) == {"READY": TEXTS - 1, "FAILED": 1}
    assert [failure.attempts for failure in failures(corpus.store)] == [3]
    assert len(corpus.store.ledger.jobs.list()) == 3


def test_a_service_that_fails_every_row_for_ever_is_given_up_after_twenty_jobs(
    corpus: Trial,
) -> None:
    corpus.arm("error-lines", times=None, fraction=1.0, code=13)
    corpus.advance_until_done()
    assert statuses(corpus) == {"FAILED": TEXTS}
    assert {failure.attempts for failure in failures(corpus.store)} == {20}
    assert len(corpus.store.ledger.jobs.list()) == 20


def test_a_job_that_never_ends_is_cancelled_at_36_and_abandoned_at_50_hours(corpus: Trial) -> None:
    corpus.arm("stuck-running", seconds=400 * 3_600.0)
    advance(corpus.store, corpus.gemini)
    corpus.pass_time(37 * 3_600)
    advance(corpus.store, corpus.gemini)
    assert corpus.store.ledger.jobs.list()[0].cancel_requested_at is not None
    corpus.advance_until_done()
    assert statuses(corpus) == {"READY": TEXTS}
    assert corpus.paid_twice() == []


def test_a_process_that_slept_over_the_deadline_collects_what_had_succeeded(corpus: Trial) -> None:
    advance(corpus.store, corpus.gemini)
    corpus.pass_time(60 * 3_600.0)
    report = advance(corpus.store, corpus.gemini)
    assert [found.outcomes.succeeded for found in report.collected if found.outcomes] == [TEXTS]
    assert len(corpus.remote_jobs()) == 1
    assert corpus.store.ledger.spending.totals().possibly_billed_usd == 0


def test_a_process_that_slept_and_is_told_that_nothing_is_there_gives_nothing_up(
    corpus: Trial,
) -> None:
    """One 404 at an age over the deadline is no more evidence than one before it."""
    advance(corpus.store, corpus.gemini)
    corpus.pass_time(60 * 3_600.0)
    missing = {"method": "batches.get", "code": 404, "message": "Requested entity was not found."}
    corpus.arm("any-error", times=None, **missing)
    corpus.arm("list-503", times=None)
    advance(corpus.store, corpus.gemini)
    corpus.disarm()
    corpus.advance_until_done()
    assert statuses(corpus) == {"READY": TEXTS}
    assert corpus.paid_twice() == []


def test_an_unanswered_create_call_is_not_given_up_by_its_age_alone(corpus: Trial) -> None:
    """No listing can be had: what it created has SUCCEEDED long ago, and is found after the outage."""
    corpus.arm("lost-create-response")
    advance(corpus.store, corpus.gemini)
    corpus.arm("list-503", times=None)
    for _ in range(5):
        corpus.pass_time(30 * 3_600.0)
        advance(corpus.store, corpus.gemini)
    [job] = corpus.store.ledger.jobs.list()
    assert job.state == "unconfirmed"
    corpus.disarm()
    corpus.advance_until_done()
    assert statuses(corpus) == {"READY": TEXTS}
    assert corpus.paid_twice() == []


def test_a_job_that_was_too_old_is_not_taken_back_while_it_runs(corpus: Trial) -> None:
    corpus.arm("stuck-running", seconds=400 * 3_600.0)
    advance(corpus.store, corpus.gemini)
    [old] = corpus.store.ledger.jobs.list()
    for hours in (51, 1, 1, 1):
        corpus.pass_time(hours * 3_600.0)
        again = corpus.reopened()  # as cron does: a process for each pass
        with again.store:
            advance(again.store, again.gemini)
    told = [event.to_state for event in corpus.store.ledger.jobs.events(old.job_id)]
    assert told.count("abandoned") == 1


def test_what_a_person_gave_up_is_not_taken_back_by_the_next_pass(corpus: Trial) -> None:
    corpus.arm("stuck-running", seconds=3_600.0)
    advance(corpus.store, corpus.gemini)
    [job] = corpus.store.ledger.jobs.list()
    resolve.give_up(corpus.store, corpus.gemini, job.job_id)
    for _ in range(3):
        corpus.pass_time(60.0)
        advance(corpus.store, corpus.gemini)
    assert corpus.store.ledger.jobs.find(job.job_id).state == "abandoned"


def test_a_revoked_key_loses_nothing(corpus: Trial) -> None:
    advance(corpus.store, corpus.gemini)
    corpus.arm("key-revoked", times=6)
    corpus.advance_until_done()
    assert_all_ready(corpus)


def test_jobs_of_another_ledger_on_the_same_key_stop_submission(corpus: Trial) -> None:
    other = corpus.reopened(root=corpus.settings.root.with_name("other"))
    with other.store:
        other.write("acme/texts/other.txt", "A text of the other ledger.")
        other.prepare()
        advance(other.store, other.gemini)
    report = advance(corpus.store, corpus.gemini)
    assert report.submitted_jobs == 0
    assert report.blocked_by is not None
    assert f"--beside {other.store.ledger.ledger_id}" in report.blocked_by.reason
    corpus.store.ledger.register_beside(other.store.ledger.ledger_id)
    fresh = corpus.reopened()
    with fresh.store:
        assert advance(fresh.store, fresh.gemini).submitted_jobs == 1


def test_the_states_of_a_job_are_told_in_its_events(corpus: Trial) -> None:
    corpus.advance_until_done()
    [job] = corpus.store.ledger.jobs.list()
    told = [event.to_state for event in corpus.store.ledger.jobs.events(job.job_id)]
    assert told[:3] == ["uploading", "creating", "submitted"]
    assert told[-2:] == ["ended", "collected"]
    assert json.dumps(told)


def test_a_process_that_dies_before_the_last_move_leaves_word_of_a_possible_bill(
    corpus: Trial,
) -> None:
    advance(corpus.store, corpus.gemini)
    [job] = corpus.store.ledger.jobs.list()
    with claimed(corpus.store, job, job.state) as held:
        assert held is not None
        write_job_failure(
            corpus.store,
            *held,
            keys=manifest_keys(corpus.store.lake, job.job_id) or [],
            outcome=Outcome.EXPIRED,
            message="given up",
            together=False,
            possibly_billed=possible_bill(job),
        )
    assert adopt_landed(corpus.store) == 1
    assert corpus.store.ledger.spending.totals().possibly_billed_usd == possible_bill(job).usd
