"""A paid results file that is missing or altered is not used, and not paid for again by itself."""

from pathlib import Path

import pytest

from semantic_assets.errors import BrokenFile, Conflict
from semantic_assets.lake import layout
from semantic_assets.model.batch_job import BatchJob, JobKind, JobState
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.batch_jobs import resolve
from semantic_assets.pipeline.batch_jobs.restore import restore
from semantic_assets.pipeline.embeddings.assemble import assemble
from semantic_assets.pipeline.pending.broken_files import damage
from semantic_assets.pipeline.search.search import search
from tests.harms import HARMS
from tests.pipeline.tasks import write_news, write_task
from tests.trial import Trial

DATASET = DatasetKey("acme", "birds")
SHARD = ShardKey(DATASET, 0)
TWO_DAYS = 49 * 3_600.0


@pytest.fixture
def landed(trial: Trial) -> Trial:
    """Two jobs of one dataset, collected, assembled and searched.

    The emulator keeps no answers of a job that was deleted; Google may. Here deleting fails.
    """
    trial.arm("any-503", times=None, method="batches.delete")
    return land(trial)


def land(trial: Trial) -> Trial:
    trial.write("acme/birds/owl.txt", "The owl hunts at night. " * 30)
    trial.refresh()
    trial.write("acme/birds/heron.txt", "The heron stands in water. " * 30)
    trial.refresh()
    assert len(trial.store.ledger.jobs.list(states=[JobState.COLLECTED])) == 2
    return trial


def first_job(trial: Trial) -> BatchJob:
    return trial.store.ledger.jobs.list()[0]


def results_of(trial: Trial, job: BatchJob) -> Path:
    return trial.store.lake.path(layout.results(job.product_id, job.job_id))


def rows_served(trial: Trial) -> int:
    serving = trial.store.ledger.index_versions.serving(DATASET)
    assert serving is not None
    return serving.rows


def lose_derived(trial: Trial) -> None:
    """So that the results are read again."""
    for path in trial.store.lake.path("embeddings").rglob("*.parquet"):
        path.unlink()


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("with_keys", [True, False])
def test_a_broken_paid_file_is_not_used_and_not_paid_again(
    landed: Trial, harm: str, with_keys: bool
) -> None:
    job, rows, sent = first_job(landed), rows_served(landed), landed.sent()
    HARMS[harm](results_of(landed, job))
    if not with_keys:
        landed.store.lake.path(layout.key_index(job.product_id)).unlink()
    lose_derived(landed)
    landed.write("acme/birds/wren.txt", "The wren is small. " * 30)
    report = landed.refresh(wait_minutes=5)
    found = landed.store.ledger.jobs.find(job.job_id)
    assert found.state == JobState.DAMAGED
    assert f"resolve {job.job_id} --restore" in str(found.error_message)
    assert f"job {job.job_id} is damaged" in report.summary or "manifest" in report.summary
    assert rows_served(landed) >= rows
    again = {key: count for key, count in landed.sent().items() if count > sent.get(key, 0)}
    assert not set(again) & set(sent)
    assert landed.paid_twice() == []
    # The healthy job goes on: its vectors are there.
    assert assemble(landed.store, SHARD).ready >= 1
    assert search(landed.store, landed.gemini, "The heron stands in water.", k=1)


@pytest.mark.parametrize("harm", HARMS)
def test_what_google_still_has_of_a_damaged_answer_is_fetched_and_nothing_is_paid(
    landed: Trial, harm: str
) -> None:
    job, spent = first_job(landed), landed.store.ledger.spending.totals()
    HARMS[harm](results_of(landed, job))
    lose_derived(landed)
    landed.refresh(wait_minutes=1)
    assert restore(landed.store, landed.gemini, job.job_id).state == JobState.COLLECTED
    report = landed.refresh()
    assert not report.is_waiting
    assert assemble(landed.store, SHARD).is_settled
    assert landed.store.ledger.spending.totals() == spent
    assert landed.paid_twice() == []


def test_a_file_put_back_from_a_backup_is_used_as_it_was(landed: Trial) -> None:
    job = first_job(landed)
    backup = results_of(landed, job).read_bytes()
    results_of(landed, job).write_bytes(backup[:1_000])
    lose_derived(landed)
    landed.refresh(wait_minutes=1)
    results_of(landed, job).write_bytes(backup)
    landed.pass_time(TWO_DAYS)
    assert restore(landed.store, landed.gemini, job.job_id).state == JobState.COLLECTED
    assert not landed.refresh().is_waiting
    assert results_of(landed, job).read_bytes() == backup


def test_what_google_keeps_no_longer_is_paid_again_only_when_a_person_says_so(
    trial: Trial,
) -> None:
    landed = land(trial)  # and deleted at Google
    job = first_job(landed)
    results_of(landed, job).unlink()
    lose_derived(landed)
    landed.refresh(wait_minutes=1)
    with pytest.raises(Conflict, match="--resubmit` sends its texts again for about"):
        restore(landed.store, landed.gemini, job.job_id)
    sent = landed.sent()
    landed.refresh(wait_minutes=1)
    assert landed.sent() == sent
    assert resolve.resubmit(landed.store, landed.gemini, job.job_id).state == JobState.ABANDONED
    assert not landed.refresh().is_waiting
    assert sum(landed.sent().values()) == sum(sent.values()) + job.requests


def test_a_damaged_answer_that_is_given_up_fails_its_texts(landed: Trial) -> None:
    job = first_job(landed)
    results_of(landed, job).unlink()
    lose_derived(landed)
    landed.refresh(wait_minutes=1)
    resolve.fail(landed.store, landed.gemini, job.job_id)
    landed.refresh()
    assert assemble(landed.store, SHARD).failed == job.requests


@pytest.mark.parametrize("harm", ["cut_off", "flipped", "missing"])
def test_generated_answers_that_broke_are_set_aside_too(trial: Trial, harm: str) -> None:
    write_news(trial)
    write_task(trial)
    trial.refresh()
    (job,) = [job for job in trial.store.ledger.jobs.list() if job.kind == JobKind.GENERATION]
    whole, sent = results_of(trial, job).read_bytes(), trial.prompts()
    HARMS[harm](results_of(trial, job))
    for path in trial.store.lake.path("generations").rglob("*.parquet"):
        path.unlink()
    report = trial.refresh(wait_minutes=1)
    assert f"job {job.job_id} is damaged" in report.summary
    assert trial.prompts() == sent
    results_of(trial, job).write_bytes(whole)
    restore(trial.store, trial.gemini, job.job_id)
    assert not trial.refresh().is_waiting
    assert trial.prompts() == sent


@pytest.mark.parametrize("harm", ["cut_off", "flipped", "missing"])
def test_a_real_time_answer_that_broke_is_set_aside_too(trial: Trial, harm: str) -> None:
    trial.write("acme/birds/owl.txt", "The owl hunts at night. " * 30)
    trial.refresh(mode="sync")
    (job,) = trial.store.ledger.jobs.list()
    HARMS[harm](results_of(trial, job))
    lose_derived(trial)
    spent = trial.bill()
    trial.refresh(mode="sync", wait_minutes=1)
    assert trial.store.ledger.jobs.find(job.job_id).state == JobState.DAMAGED
    assert trial.bill() == spent
    with pytest.raises(Conflict, match="Google keeps no file of it"):
        restore(trial.store, trial.gemini, job.job_id)
    resolve.resubmit(trial.store, trial.gemini, job.job_id)
    assert not trial.refresh(mode="sync").is_waiting
    assert assemble(trial.store, SHARD).is_settled


def test_who_slept_while_a_job_was_taken_over_does_not_set_it_aside(landed: Trial) -> None:
    store, job = landed.store, first_job(landed)
    held = store.ledger.jobs.claim(job.job_id, job.fence + 1)
    assert held is not None
    store.ledger.jobs.claim(job.job_id, held.fence + 1)  # another took its lease meanwhile
    path = layout.results(job.product_id, job.job_id)
    damage(store, held, BrokenFile("broken", path=path, why="it is missing"))
    assert store.ledger.jobs.find(job.job_id).state == JobState.COLLECTED
