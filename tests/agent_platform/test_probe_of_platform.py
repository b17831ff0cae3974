"""A probe of the Agent Platform names what is not known of it, leaves nothing, and is booked."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from semantic_assets.batching.requests import embedding_lines
from semantic_assets.emulator.server import serve_in_thread
from semantic_assets.errors import SpendRefused
from semantic_assets.model.batch_job import display_name
from semantic_assets.pipeline.costs.other_spend import add_spend
from semantic_assets.pipeline.costs.paid_jobs import PROBE, paid_job
from semantic_assets.pipeline.maintenance.cleanup import cleanup
from semantic_assets.pipeline.maintenance.doctor import doctor
from semantic_assets.pipeline.maintenance.findings import Finding, Findings
from semantic_assets.pipeline.maintenance.probe import probe
from semantic_assets.pipeline.maintenance.probe_both import AGREEMENT, ask_both_services
from semantic_assets.pipeline.maintenance.probe_generation import probe_generation, tasks_to_probe
from semantic_assets.settings.settings import project_dir
from semantic_assets.text.fingerprint import text_hash
from tests.trial import Trial, on_the_agent_platform

QUESTIONS = {
    *("filter_finds_the_name_at_once", "name_of_the_output_folder", "names_of_the_output_files"),
    *("output_dimensionality_is_honoured", "rows_have_token_counts"),
    *("completion_stats_count_the_rows", "form_of_a_failed_row", "several_contents_in_one_call"),
    *("price_of_a_batch", "limits_of_a_job", AGREEMENT),
}


def run(trial: Trial) -> dict[str, Finding]:
    found = probe(trial.store, trial.gemini, sleep=lambda _: trial.pass_time())
    return {one.name: one for one in found}


def with_both(trial: Trial, url: str) -> Trial:
    return trial.reopened(api_key="AIza-of-a-test-and-of-nobody", gemini_url=url)


def left_over(trial: Trial) -> list[str]:
    """Every object in the bucket, and every job that is listed."""
    jobs = trial.gemini.batches.list_jobs(max_pages=3).jobs
    return [name for name, _ in trial.gemini.batches.list_files()] + [job.name for job in jobs]


def test_a_probe_asks_each_question_and_leaves_nothing(platform: Trial) -> None:
    found = run(platform)
    assert {name for name, one in found.items() if not one.is_needed} == QUESTIONS
    assert [one for one in found.values() if one.is_needed and not one.holds] == []
    assert platform.store.ledger.scopes.has_passed_probe(platform.gemini.scope_id)
    assert left_over(platform) == []
    names = {one.name for one in platform.store.ledger.scopes.findings(platform.gemini.scope_id)}
    assert names == found.keys()


def test_what_it_finds_is_told(platform: Trial) -> None:
    found = run(platform)
    assert found["name_of_the_output_folder"].detail.startswith("output/prediction-model-")
    assert "predictions.jsonl" in found["names_of_the_output_files"].detail
    assert found["output_dimensionality_is_honoured"].detail == "asked for 128, got [128]"
    assert "response.tokenCount" in found["rows_have_token_counts"].detail
    assert "3 succeeded, 0 failed, 3 rows" in found["completion_stats_count_the_rows"].detail
    assert "status" in found["form_of_a_failed_row"].detail
    assert found["several_contents_in_one_call"].holds is False
    assert "one content a call" in found["several_contents_in_one_call"].detail
    for name in ("price_of_a_batch", "limits_of_a_job", AGREEMENT):
        assert found[name].holds is None
    assert "GEMINI_API_KEY" in found[AGREEMENT].detail


def test_a_question_with_another_answer_stops_nothing(platform: Trial) -> None:
    platform.arm("name-missing-from-list", times=2, seconds=30.0)
    found = run(platform)
    assert found["filter_finds_the_name_at_once"].holds is False
    assert found["listing_shows_the_display_name"].holds is False
    assert "real_time_vectors_agree" not in found  # that one is needed
    platform.pass_time(3_600.0)
    cleanup(platform.store, platform.gemini, dry_run=False)
    assert left_over(platform) == []


def test_both_services_are_compared_where_both_are_set_up(platform: Trial) -> None:
    both = with_both(platform, platform.url)
    with both.store:
        found = run(both)[AGREEMENT]
        assert found.holds
        assert "cosines [1.0, 1.0, 1.0]" in found.detail
        kept = {one.name: one for one in both.store.ledger.scopes.findings(both.gemini.scope_id)}
        assert kept[AGREEMENT].holds
        both.gemini.close()


@pytest.fixture
def elsewhere(tmp_path: Path, background: ThreadPoolExecutor) -> Iterator[str]:
    """A Developer API whose vectors are others."""
    running = serve_in_thread(tmp_path / "elsewhere", tier=1, latency_seconds=60, vectors="hashed")
    yield running.base_url
    background.submit(running.stop)


def test_vectors_that_differ_are_said_to_and_stop_nothing(platform: Trial, elsewhere: str) -> None:
    both = with_both(platform, elsewhere)
    with both.store:
        found = run(both)[AGREEMENT]
        assert (found.holds, found.is_needed) == (False, False)
        assert both.store.ledger.scopes.has_passed_probe(both.gemini.scope_id)
        both.gemini.close()


def test_a_service_that_does_not_answer_leaves_the_question_open(platform: Trial) -> None:
    both = with_both(platform, "http://127.0.0.1:9")
    with both.store:
        found = run(both)[AGREEMENT]
        assert (found.holds, found.is_needed) == (None, False)
        assert both.store.ledger.scopes.has_passed_probe(both.gemini.scope_id)
        both.gemini.close()


def test_the_other_service_is_not_asked_over_the_days_cap(platform: Trial) -> None:
    both, findings = with_both(platform, platform.url), Findings()
    vectors = np.eye(2, 128, dtype=np.float32)
    with both.store:
        add_spend(both.store, 10.0)
        ask_both_services(findings, both.store, ["Ice.", "Snow."], vectors)
        assert both.store.ledger.spending.totals(of=PROBE.__eq__).spent_usd == 0
    (found,) = findings.found
    assert found.holds is None
    assert "for today" in found.detail


def test_doctor_tells_what_was_found_of_both(
    platform: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(platform)
    for name, value in on_the_agent_platform(platform.url).items():
        monkeypatch.setenv(name, value)
    (told,) = [one for one in doctor(platform.settings.root) if one.name == AGREEMENT]
    assert told.is_well is None
    assert "two spaces" in told.found


def test_what_it_costs_is_booked_and_capped(platform: Trial) -> None:
    run(platform)
    totals = platform.store.ledger.spending.totals(of=PROBE.__eq__)
    assert totals.batch_usd > 0
    assert totals.realtime_usd > 0
    assert totals.spent_usd < 0.01
    jobs = len(platform.remote_jobs())
    add_spend(platform.store, 10.0)
    with pytest.raises(SpendRefused, match="for today"):
        run(platform)
    assert len(platform.remote_jobs()) == jobs


def test_two_spellings_of_a_schema_do_not_share_an_input(platform: Trial) -> None:
    tasks, inputs = tasks_to_probe(platform.store), set[str]()

    def wait(_: float) -> None:
        inputs.update(name for name, _ in platform.gemini.batches.list_files())
        platform.pass_time()

    found = probe_generation(platform.store, platform.gemini, tasks, sleep=wait)
    assert [one.holds for one in found] == [True, True]
    assert len([name for name in inputs if name.endswith("/input.jsonl")]) == 2
    assert left_over(platform) == []


def test_the_files_of_a_killed_probe_are_deleted_when_its_job_has_ended(platform: Trial) -> None:
    store, gemini = platform.store, platform.gemini
    space, job_id = store.settings.space, store.ledger.job_ids.new()
    name = display_name(store.ledger.ledger_id, job_id)
    lines = [*embedding_lines(space, [(text_hash("Ice."), "Ice.")])]
    with paid_job(store, f"{PROBE}+{job_id}+job", space.model, 3) as job:
        file = gemini.batches.upload(lambda: lines, name=f"{name}.jsonl", check=lambda: None)
        job.created(
            lambda: gemini.batches.create_embedding_job(
                model=space.model, input_file=file, display_name=name
            )
        )
    assert cleanup(store, gemini, dry_run=False).remote_files == ()  # it may still be read
    platform.pass_time(3_600.0)
    assert len(cleanup(store, gemini, dry_run=False).remote_files) == 2  # and the answers
    assert left_over(platform) == []


def test_every_question_is_named_where_the_limits_are_told() -> None:
    page = (project_dir() / "docs" / "limits.md").read_text()
    assert [name for name in sorted(QUESTIONS) if f"`{name}`" not in page] == []
