"""Whatever is refused, late or foreign in the bucket, answers are paid once, and a person is told."""

import pytest

from semantic_assets.model.batch_job import JobState
from semantic_assets.pipeline.flows.advance import advance
from tests.agent_platform.test_exactly_once import HOUR, ready
from tests.agent_platform.test_whole_flow import write_notes
from tests.trial import Trial


def sent_once(trial: Trial) -> bool:
    return set(trial.sent().values()) == {1} and trial.paid_twice() == []


@pytest.mark.parametrize(
    "shape", ["run-beside", "foreign-beside", "incremental", "incremental-only"]
)
def test_what_lies_beside_the_answers_is_not_taken_for_them(platform: Trial, shape: str) -> None:
    write_notes(platform)
    platform.arm("output-with-others", shape=shape)
    platform.prepare()
    platform.advance_until_done(rounds=30)
    assert platform.fired("output-with-others") == 1
    assert (sent_once(platform), ready(platform)) == (True, 12)


@pytest.mark.parametrize("shape", ["run-within", "foreign-within"])
def test_a_folder_that_others_wrote_into_is_quarantined(platform: Trial, shape: str) -> None:
    write_notes(platform)
    platform.arm("output-with-others", shape=shape)
    platform.prepare()
    platform.advance_until_done(rounds=8)
    (job,) = platform.store.ledger.jobs.list()
    assert job.state == JobState.QUARANTINED
    assert "not asked for, or answered twice" in str(job.error_message)


def test_answers_in_many_files_and_a_file_of_counts_land_whole(platform: Trial) -> None:
    write_notes(platform)
    platform.arm("output-in-many-files", rows=5)
    platform.prepare()
    platform.advance_until_done(rounds=10)
    assert (sent_once(platform), ready(platform)) == (True, 12)


def test_a_listing_that_lags_is_asked_again(platform: Trial) -> None:
    write_notes(platform)
    platform.arm("output-in-many-files", rows=5)
    platform.arm("storage-list-lags", times=None, for_seconds=2 * HOUR, count=1)
    platform.prepare()
    platform.advance_until_done(rounds=30)
    assert platform.fired("storage-list-lags") > 0
    assert (sent_once(platform), ready(platform)) == (True, 12)


@pytest.mark.parametrize("shape", ["all-failed", "none", "too-many"])
def test_rows_are_believed_where_the_job_contradicts_them(platform: Trial, shape: str) -> None:
    write_notes(platform)
    platform.arm("stats-disagree", shape=shape)
    platform.prepare()
    platform.advance_until_done(rounds=10)
    (job,) = platform.store.ledger.jobs.list()
    assert (job.state, job.succeeded, job.failed) == (JobState.COLLECTED, 12, 0)
    assert (sent_once(platform), job.trouble) == (True, None)


@pytest.mark.parametrize(
    ("refusal", "call", "contains"),
    [
        ("storage-403", "write", "input.jsonl"),
        ("storage-403", "list", "output"),
        ("storage-403", "read", "00001-of"),
        ("storage-403", "delete", "00001-of"),
        ("storage-401", "read", "00000-of"),
    ],
)
def test_permission_that_is_lost_half_way_costs_nothing_and_is_told(
    platform: Trial, refusal: str, call: str, contains: str
) -> None:
    write_notes(platform)
    platform.arm("output-in-many-files", rows=5)
    platform.arm(refusal, times=None, call=call, contains=contains)
    platform.prepare()
    told: list[str] = []
    for _ in range(3):
        report = advance(platform.store, platform.gemini)
        told += [*report.trouble, *report.refused]
        told += [report.blocked_by.reason] if report.blocked_by else []
        platform.pass_time()
    assert platform.fired(refusal) > 0
    assert call == "delete" or any("gs://bucket/staging" in line for line in told), told
    platform.disarm()
    platform.advance_until_done(rounds=30)
    assert (sent_once(platform), ready(platform)) == (True, 12)


@pytest.mark.parametrize("fault", ["token-503", "token-revoked"])
def test_without_a_token_nothing_is_sent_and_nothing_lost(platform: Trial, fault: str) -> None:
    write_notes(platform)
    platform.arm(fault, times=None)
    platform.prepare()
    report = advance(platform.store, platform.gemini)
    assert platform.fired(fault) > 0
    assert any("no access token" in line for line in [*report.refused, *report.trouble]), report
    platform.disarm()
    platform.advance_until_done(rounds=30)
    assert (sent_once(platform), ready(platform)) == (True, 12)


@pytest.mark.parametrize("method", ["create", "get", "list"])
def test_a_token_that_is_refused_half_way_costs_nothing(platform: Trial, method: str) -> None:
    write_notes(platform)
    platform.arm("token-refused", times=2, method=f"batchPredictionJobs.{method}")
    platform.prepare()
    platform.advance_until_done(rounds=30)
    assert platform.fired("token-refused") > 0
    assert (sent_once(platform), ready(platform)) == (True, 12)


@pytest.mark.parametrize("place", ["input", "output"])
def test_a_bucket_that_the_service_may_not_use_is_told_and_texts_are_not_blamed(
    platform: Trial, place: str
) -> None:
    write_notes(platform)
    platform.arm("bucket-refused-to-service", times=None, place=place)
    platform.prepare()
    platform.advance_until_done(rounds=12)
    made = platform.fired("bucket-refused-to-service")
    platform.disarm()
    platform.advance_until_done(rounds=60)
    assert (ready(platform), platform.paid_twice()) == (12, [])
    assert made <= 3
