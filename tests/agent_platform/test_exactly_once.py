"""Whatever the Agent Platform does with a job, its texts are paid for once and none is lost."""

import pytest

from semantic_assets.model.batch_job import JobState
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.maintenance.cleanup import cleanup, staged_files
from tests.agent_platform.test_whole_flow import write_notes
from tests.trial import Trial

HOUR = 3_600.0


def ready(trial: Trial) -> int:
    """The number of texts that have a vector."""
    return len(trial.store.ledger.jobs.list(states=[JobState.COLLECTED])) and sum(
        job.succeeded or 0 for job in trial.store.ledger.jobs.list(states=[JobState.COLLECTED])
    )


@pytest.mark.parametrize(
    "fault", ["lost-create-response", "create-unreadable-answer", "create-reset"]
)
def test_a_create_call_without_an_answer_makes_one_job(platform: Trial, fault: str) -> None:
    write_notes(platform, 2)
    platform.refresh()  # listings have shown our names: what they lack may be given up
    write_notes(platform)
    platform.arm(fault)
    platform.prepare()
    platform.advance_until_done(rounds=30)
    assert platform.fired(fault) == 1
    assert platform.paid_twice() == []
    assert set(platform.sent().values()) == {1}
    assert ready(platform) == 12


def test_a_job_that_is_queued_for_70_hours_is_waited_for(platform: Trial) -> None:
    write_notes(platform)
    platform.arm("stuck-pending", seconds=70 * HOUR)
    platform.prepare()
    advance(platform.store, platform.gemini)
    for _ in range(3):
        platform.pass_time(23 * HOUR)
        advance(platform.store, platform.gemini)
    (job,) = platform.store.ledger.jobs.list()
    assert (job.state, job.cancel_requested_at) == (JobState.SUBMITTED, None)


@pytest.mark.parametrize(
    ("fault", "parameters"),
    [
        ("output-folder-late", {"seconds": 3 * HOUR}),
        ("output-folder-half-written", {"seconds": 3 * HOUR}),
        ("shuffled-lines", {}),
    ],
)
def test_answers_that_come_late_or_in_another_order_land_whole(
    platform: Trial, fault: str, parameters: dict[str, float]
) -> None:
    write_notes(platform)
    platform.arm(fault, **parameters)
    platform.prepare()
    platform.advance_until_done(rounds=30)
    assert platform.fired(fault) == 1
    assert set(platform.sent().values()) == {1}
    assert ready(platform) == 12


def test_a_folder_that_is_cut_off_within_a_line_is_read_again_and_nothing_is_sent_twice(
    platform: Trial,
) -> None:
    write_notes(platform, 25)
    platform.arm("output-folder-half-written", seconds=2 * HOUR)
    platform.prepare()
    advance(platform.store, platform.gemini)
    platform.pass_time()
    advance(platform.store, platform.gemini)
    (job,) = platform.store.ledger.jobs.list()
    assert job.state == JobState.ENDED  # neither collected nor quarantined
    platform.advance_until_done(rounds=30)
    assert set(platform.sent().values()) == {1}
    assert ready(platform) == 25


def test_answers_below_another_prefix_are_not_taken(platform: Trial) -> None:
    write_notes(platform)
    platform.arm("output-wrong-prefix")
    platform.prepare()
    platform.advance_until_done(rounds=8)
    (job,) = platform.store.ledger.jobs.list()
    assert job.state == JobState.QUARANTINED
    assert "not below gs://bucket/staging/sa-" in str(job.error_message)


@pytest.mark.parametrize(
    ("fault", "parameters", "states"),
    [
        ("duplicated-keys", {"count": 1}, {JobState.QUARANTINED}),
        ("unknown-key", {"count": 1}, {JobState.QUARANTINED}),
        ("missing-keys", {"fraction": 0.1}, {JobState.COLLECTED}),
        ("error-lines", {"fraction": 0.1, "code": 13}, {JobState.COLLECTED}),
    ],
)
def test_rows_that_are_doubled_foreign_missing_or_failed_are_told_apart(
    platform: Trial, fault: str, parameters: dict[str, float], states: set[JobState]
) -> None:
    write_notes(platform)
    platform.arm(fault, **parameters)
    platform.prepare()
    platform.advance_until_done(rounds=40)
    assert {job.state for job in platform.store.ledger.jobs.list()} == states
    # A text whose line is missing may have been billed; one that is sent again says so.
    assert platform.paid_twice() == [] or fault == "missing-keys"


@pytest.mark.cures("of jobs that are over: `semantic-assets cleanup`")
def test_inputs_and_answers_are_gone_once_they_are_durable(platform: Trial) -> None:
    write_notes(platform)
    platform.prepare()
    advance(platform.store, platform.gemini)
    names = [name for name, _ in platform.gemini.batches.list_files()]
    (job,) = platform.store.ledger.jobs.list()
    assert names == [f"gs://bucket/staging/{job.display_name}/input.jsonl"]
    assert staged_files(platform.store, platform.gemini) == "1 file of jobs that are out"
    platform.pass_time()
    platform.arm("storage-403", times=None, call="delete", contains="input")
    platform.advance_until_done()
    told = staged_files(platform.store, platform.gemini)
    assert (
        told == "0 files of jobs that are out, 1 of jobs that are over: `semantic-assets cleanup`"
    )
    platform.disarm()
    assert cleanup(platform.store, platform.gemini, dry_run=False).count == 1
    assert platform.gemini.batches.list_files() == []
    assert platform.gemini.batches.list_jobs(max_pages=3).jobs == ()
