"""A probe names each assumption about the service, on which version it holds, and is booked."""

import shutil
from pathlib import Path

import pytest

from semantic_assets.batching.generation_requests import SCHEMA_FIELDS
from semantic_assets.batching.requests import embedding_lines
from semantic_assets.errors import ConfigError, SpendRefused
from semantic_assets.model.batch_job import display_name
from semantic_assets.pipeline.costs.other_spend import add_spend
from semantic_assets.pipeline.costs.paid_jobs import PROBE, paid_job
from semantic_assets.pipeline.maintenance.cleanup import cleanup
from semantic_assets.pipeline.maintenance.findings import Finding
from semantic_assets.pipeline.maintenance.probe import probe
from semantic_assets.pipeline.maintenance.probe_generation import (
    probe_generation,
    quote_probe,
    tasks_to_probe,
)
from semantic_assets.text.fingerprint import text_hash
from tests.pipeline.tasks import write_task
from tests.trial import Trial

METHODS = {
    *("batches.list", "batches.get", "batches.cancel", "batches.delete"),
    *("files.list", "files.upload", "files.delete"),
    *("models.countTokens", "models.batchEmbedContents", "models.asyncBatchEmbedContent"),
}


def run(trial: Trial) -> dict[str, Finding]:
    findings = probe(trial.store, trial.gemini, sleep=lambda _: trial.pass_time())
    return {finding.name: finding for finding in findings}


def run_generate(trial: Trial, *names: str) -> list[Finding]:
    tasks = tasks_to_probe(trial.store, names)
    return probe_generation(
        trial.store, trial.gemini, tasks, sleep=lambda _: trial.pass_time(seconds=61)
    )


def left_over(trial: Trial) -> int:
    """Jobs and files of ours that are still at the service."""
    return len(trial.gemini.batches.list_jobs(max_pages=3).jobs) + len(
        trial.gemini.batches.list_files()
    )


def spent(trial: Trial) -> float:
    return trial.store.ledger.spending.totals(of="probe".__eq__).spent_usd


def test_a_probe_names_each_assumption_and_is_kept(trial: Trial) -> None:
    found = run(trial)
    assert all(finding.holds for finding in found.values())
    assert "listing_shows_the_display_name" in found
    assert trial.store.ledger.scopes.has_passed_probe(trial.gemini.scope_id)
    assert left_over(trial) == 0


def test_a_failed_probe_says_which_assumption_and_does_not_count(trial: Trial) -> None:
    trial.arm("name-missing-from-list", seconds=9_000.0)
    found = run(trial)
    assert found["listing_shows_the_display_name"].holds is False
    assert "real_time_vectors_agree" not in found
    assert not trial.store.ledger.scopes.has_passed_probe(trial.gemini.scope_id)


def test_a_probe_says_of_each_method_on_which_version_it_works(trial: Trial) -> None:
    found = run(trial)
    assert found.keys() >= METHODS
    assert {found[method].detail for method in METHODS} == {"v1beta: works; v1: works"}


def test_a_version_that_is_refused_is_named_with_the_one_that_works(trial: Trial) -> None:
    trial.arm("version-refused", times=None, version="v1")
    found = run(trial)
    assert all(found[method].holds for method in METHODS)
    assert all("v1beta: works; v1: " in found[method].detail for method in METHODS)
    assert all("Method not found" in found[method].detail for method in METHODS)
    assert trial.store.ledger.scopes.has_passed_probe(trial.gemini.scope_id)
    assert left_over(trial) == 0
    wrong = trial.reopened(gemini_api_version="v1")
    with wrong.store:
        found = run(wrong)
    assert not any(found[method].holds for method in METHODS)
    cure = "SEMANTIC_ASSETS_GEMINI_API_VERSION=v1beta is the version it works on"
    assert all(cure in found[method].detail for method in METHODS)
    assert left_over(trial) == 0


@pytest.mark.parametrize("method", ["batches.get", "files.delete", "models.asyncBatchEmbedContent"])
def test_one_method_may_work_on_one_version_only(trial: Trial, method: str) -> None:
    trial.arm("version-refused", times=None, version="v1", method=method)
    found = run(trial)
    partly = {name for name in METHODS if "Method not found" in found[name].detail}
    assert partly == {method}
    assert left_over(trial) == 0


def test_a_service_that_answers_nothing_is_not_asked_for_more(trial: Trial) -> None:
    trial.arm("any-503", times=None)
    found = run(trial)
    assert found.keys() == {"key_is_accepted", "batches.list", "files.list"}
    assert not any(finding.holds for finding in found.values())


def test_what_a_probe_costs_is_booked(trial: Trial) -> None:
    run(trial)
    totals = trial.store.ledger.spending.totals(of="probe".__eq__)
    assert totals.batch_usd > 0
    assert totals.realtime_usd > 0
    assert totals.possibly_billed_usd > 0  # jobs that were cancelled at once
    assert spent(trial) < 0.01


def test_a_probe_over_the_days_cap_sends_nothing(trial: Trial) -> None:
    capped = trial.reopened(
        max_cost_usd_per_day=1.0,
        backend="gemini",
        gemini_url=trial.url,
        api_key="AIza-of-a-test-and-of-nobody",
    )
    with capped.store:
        add_spend(capped.store, 1.0)
        with pytest.raises(SpendRefused, match="for today"):
            run(capped)
        with pytest.raises(SpendRefused, match="for today"):
            run_generate(capped)
    assert not trial.remote_jobs()
    assert spent(trial) == 0
    assert left_over(trial) == 0


def test_without_a_task_a_built_in_schema_is_tried_in_both_spellings(trial: Trial) -> None:
    [quote] = quote_probe(tasks_to_probe(trial.store))
    found = run_generate(trial)
    assert [(finding.name, finding.holds) for finding in found] == [
        ("task built-in: response_schema", True),
        ("task built-in: response_json_schema", True),
    ]
    assert {finding.detail for finding in found} == {"accepted, and answered as asked"}
    assert quote.jobs == len(trial.remote_jobs()) == 2
    totals = trial.store.ledger.spending.totals(of="probe".__eq__)
    assert 0 < totals.batch_usd <= quote.usd_high
    assert totals.possibly_billed_usd == 0
    assert left_over(trial) == 0


def test_the_spelling_in_use_that_is_refused_is_named_with_the_other(trial: Trial) -> None:
    trial.arm("create-400", times=1)
    used, other = run_generate(trial)
    assert (used.holds, other.holds) == (False, True)
    assert used.detail.startswith("refused: 400 INVALID_ARGUMENT")
    assert "SEMANTIC_ASSETS_BATCH_SCHEMA_FIELD=response_json_schema is accepted" in used.detail
    assert trial.store.ledger.spending.totals().possibly_billed_usd == 0
    assert left_over(trial) == 0


def test_a_task_is_tried_by_its_name_before_it_is_in_use(trial: Trial) -> None:
    write_task(trial, datasets=())
    found = run_generate(trial, "summary")
    assert [finding.name.partition(":")[0] for finding in found] == ["task summary"] * 2
    assert all(finding.holds for finding in found)
    with pytest.raises(ConfigError, match="no task 'none'"):
        tasks_to_probe(trial.store, ["none"])


def test_every_task_of_the_samples_media_too_is_tried_without_a_document(trial: Trial) -> None:
    shutil.copytree(Path(__file__).resolve().parents[3] / "data" / "tasks", trial.settings.tasks)
    names = sorted(path.stem for path in trial.settings.tasks.glob("*.toml"))
    found = run_generate(trial, *names)
    assert len(found) == 2 * len(names)
    assert [finding for finding in found if not finding.holds] == []
    assert left_over(trial) == 0


def test_a_job_that_fails_and_an_answer_that_does_not_fit_are_told(trial: Trial) -> None:
    trial.arm("ends-failed", times=1)
    failed, _ = run_generate(trial)
    assert "the job ended BATCH_STATE_FAILED" in failed.detail
    assert trial.store.ledger.spending.totals().possibly_billed_usd > 0
    trial.arm("broken-answers", times=1, fraction=1.0, shape="wrong-type")
    broken, _ = run_generate(trial)
    assert broken.holds is False
    assert "accepted" not in broken.detail.partition(".")[0]


@pytest.mark.parametrize("field", SCHEMA_FIELDS)
def test_the_spelling_of_the_settings_is_the_one_in_the_files(trial: Trial, field: str) -> None:
    write_task(trial)
    trial.write("acme/news/1.txt", "The mill was sold. Nobody had expected it.")
    other = trial.reopened(batch_schema_field=field)
    with other.store:
        other.refresh(wait_minutes=0)
    folder = trial.settings.root.parent / "emulator"
    uploaded = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert [name for name in SCHEMA_FIELDS if f'"{name}"'.encode() in uploaded] == [field]


def test_a_job_that_a_killed_probe_left_stops_nothing_and_is_cleaned_up(trial: Trial) -> None:
    space, job_id = trial.store.settings.space, trial.store.ledger.job_ids.new()
    lines = [*embedding_lines(space, [(text_hash("Ice."), "Ice.")])]
    file = trial.gemini.batches.upload(lambda: lines, name="probe.jsonl", check=lambda: None)
    with paid_job(trial.store, f"{PROBE}+{job_id}+job", space.model, 3) as job:
        name = display_name(trial.store.ledger.ledger_id, job_id)
        job.created(
            lambda: trial.gemini.batches.create_embedding_job(
                model=space.model, input_file=file, display_name=name
            )
        )
    trial.write("acme/news/a.txt", "The canal is frozen.")
    assert not trial.refresh().is_waiting
    trial.pass_time()
    assert len(cleanup(trial.store, trial.gemini, dry_run=False).remote_jobs) == 1
    assert list(trial.gemini.batches.list_jobs(max_pages=3).jobs) == []
