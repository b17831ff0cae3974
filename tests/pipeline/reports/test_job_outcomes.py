"""How a job ended is in every view of it: status, SQL, its own report, its results."""

import pytest

from semantic_assets.errors import Conflict
from semantic_assets.mcp.answers import DatasetsAnswer, datasets_text
from semantic_assets.pipeline.batch_jobs.job_status import job_results, job_status
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.flows.collect_ended import CollectReport, collect_ended
from semantic_assets.pipeline.reports.dataset_overview import dataset_overviews
from semantic_assets.pipeline.reports.sql import connect
from semantic_assets.pipeline.reports.status import status
from tests.pipeline.tasks import write_news, write_task
from tests.trial import Trial


def _collected(trial: Trial, fault: str) -> CollectReport:
    """Send a text in a job that meets this fault, and collect it."""
    trial.write(f"acme/gates/{fault}.txt", f"The gate of {fault} is shut at night.")
    trial.arm(fault)
    trial.prepare()
    advance(trial.store, trial.gemini)
    trial.pass_time()
    return collect_ended(trial.store, trial.gemini)


def test_jobs_that_failed_expired_and_were_cancelled_are_not_completed(trial: Trial) -> None:
    for fault in ("ends-failed", "ends-expired", "ends-cancelled"):
        report = _collected(trial, fault)
        assert (report.failed_jobs, report.vectors_landed) == (1, 0)
    assert report.given_up == 1  # the text of the first was in all three
    with connect(trial.store) as connection:
        rows = connection.execute(
            "SELECT stage, outcome, state, error_message IS NULL FROM batch_jobs ORDER BY id"
        ).fetchall()
    assert rows == [
        ("FAILED", outcome, "collected", False) for outcome in ("failed", "expired", "cancelled")
    ]
    found = status(trial.store, scope_id=trial.gemini.scope_id)
    assert found.stages == {"FAILED": 3}
    assert found.jobs_told == "3 FAILED (1 cancelled, 1 expired, 1 failed)"


def test_a_job_that_brought_nothing_has_no_results_and_says_why(trial: Trial) -> None:
    _collected(trial, "ends-failed")
    [job] = trial.store.ledger.jobs.list()
    shown = job_status(trial.store, job.job_id)
    assert (shown.stage, shown.outcome) == ("FAILED", "failed")
    assert "Internal error" in str(shown.error)
    with pytest.raises(Conflict, match="brought nothing: Internal error"):
        job_results(trial.store, job.job_id)


def test_a_refresh_tells_what_failed_now_from_what_failed_before(trial: Trial) -> None:
    trial.write("acme/good/a.txt", "The valve is opened by hand.")
    trial.refresh()
    trial.arm("invalid-texts", times=None, contains="gate")
    trial.write("acme/gates/a.txt", "The gate is shut at night.")
    first = trial.refresh()
    assert (first.failed, first.newly_failed) == (1, 1)
    assert list(map(str, first.wholly_failed)) == ["acme/gates"]
    gates, good = dataset_overviews(trial.store)  # what agents are told
    assert (gates.chunks_failed, gates.chunks_to_embed, good.chunks_failed) == (1, 0, 0)
    assert "FAILED, not in search: 1 chunks" in datasets_text(
        DatasetsAnswer(datasets=[gates], total=1)
    )
    trial.write("acme/gates/b.txt", "The door is shut at night.")
    second = trial.refresh()
    assert (second.failed, second.newly_failed, second.wholly_failed) == (1, 0, [])


def test_a_refresh_in_real_time_tells_what_failed_in_it(trial: Trial) -> None:
    write_task(trial)
    write_news(trial, 2)
    trial.arm("stopped-answers", times=None, fraction=1.0)
    report = trial.refresh(mode="sync")
    assert [one.failed for one in report.outputs] == [2]
    assert (report.failed, report.newly_failed) == (2, 2)
    assert "2 answers FAILED" in report.summary
