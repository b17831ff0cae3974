"""A job of which nobody knows whether it was created is given up by listings, never by its age alone."""

from semantic_assets.model.batch_job import JobState
from semantic_assets.pipeline.flows.advance import advance
from tests.trial import Trial

AN_HOUR = 3_600.0


def _unconfirmed(trial: Trial) -> str:
    """Send a job whose create call is not answered, where no listing has shown a name yet."""
    trial.write("acme/docs/a.txt", "The gate is shut in a storm.")
    trial.prepare()
    trial.arm("create-timeout-not-created", seconds=0.1)
    advance(trial.store, trial.gemini)
    [job] = trial.store.ledger.jobs.list()
    assert job.state == JobState.UNCONFIRMED
    return job.job_id


def _pass(trial: Trial, *, hours: float, times: int = 1) -> None:
    for _ in range(times):
        trial.pass_time(hours * AN_HOUR)
        advance(trial.store, trial.gemini)


def _state(trial: Trial, job_id: str) -> str:
    return trial.store.ledger.jobs.find(job_id).state


def test_listings_that_show_no_name_are_no_proof_before_the_service_ends_all_jobs(
    trial: Trial,
) -> None:
    job_id = _unconfirmed(trial)
    _pass(trial, hours=0.5, times=8)
    assert _state(trial, job_id) == "unconfirmed"
    _pass(trial, hours=50)
    trial.advance_until_done()
    assert _state(trial, job_id) == "abandoned"
    assert trial.store.ledger.spending.totals().possibly_billed_usd > 0
    assert set(trial.sent().values()) == {1}


def test_no_age_gives_it_up_without_a_listing(trial: Trial) -> None:
    job_id = _unconfirmed(trial)
    trial.arm("list-503", times=None)
    _pass(trial, hours=60, times=6)
    assert _state(trial, job_id) == "unconfirmed"
    trial.disarm()
    _pass(trial, hours=0.1)
    assert _state(trial, job_id) == "unconfirmed"  # one listing is no proof
    trial.advance_until_done()
    assert _state(trial, job_id) == "abandoned"
