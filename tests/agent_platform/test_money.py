"""What the Agent Platform costs is Google's: every cap and bill counts it, and no emulator's."""

from dataclasses import replace

import pytest

from semantic_assets.batching.packing import JobLimits
from semantic_assets.errors import SpendRefused
from semantic_assets.pipeline.batch_jobs.submit import submit_pending
from semantic_assets.pipeline.costs.questions import embed_questions
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.reports.bill import bill
from tests.agent_platform.test_whole_flow import write_notes
from tests.trial import Trial


def capped(trial: Trial, usd: float) -> Trial:
    settings = replace(trial.settings, max_cost_usd_per_day=usd)
    return replace(trial, settings=settings, store=replace(trial.store, settings=settings))


def ask(trial: Trial, question: str) -> None:
    embed_questions(trial.store, trial.gemini, trial.settings.space, [question])


def test_questions_and_canaries_are_in_the_bill_and_under_the_cap(platform: Trial) -> None:
    write_notes(platform)
    platform.refresh()
    before = bill(platform.store)
    assert not before.is_free
    assert before.canary_usd > 0
    ask(platform, "When is the buoy painted?")
    spent = bill(platform.store)
    assert spent.canary_usd > before.canary_usd
    with pytest.raises(SpendRefused, match="for today is spent"):
        ask(capped(platform, spent.batch_usd + spent.canary_usd), "When is the mast painted?")


def test_what_other_tools_spent_counts_here_too(platform: Trial) -> None:
    platform.store.ledger.spending.enter(9.99, at=platform.clock(), note="a notebook")
    with pytest.raises(SpendRefused, match="for today is spent"):
        ask(capped(platform, 9.99), "When is the buoy painted?")


def test_a_refusal_for_the_quota_pauses_and_uploads_nothing_again(platform: Trial) -> None:
    """Also while another job is out: there is no window whose room that job's end would make."""
    write_notes(platform, 2)
    platform.prepare()
    advance(platform.store, platform.gemini)
    write_notes(platform)
    platform.arm("create-429", times=None)
    platform.prepare()
    for _ in range(5):
        advance(platform.store, platform.gemini)
    assert platform.fired("create-429") == 1
    platform.disarm()
    platform.advance_until_done(rounds=20)
    assert set(platform.sent().values()) == {1}
    assert platform.gemini.batches.list_files() == []  # nor is the input left that was refused


def test_texts_that_are_too_large_together_go_in_smaller_jobs(
    platform: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The size is reckoned when a job is formed, and known when it is written."""
    write_notes(platform, 8)
    platform.prepare()
    monkeypatch.setattr("semantic_assets.gemini.agent_platform.AGENT_PLATFORM_BYTES", 1_300)
    (refused,) = submit_pending(platform.store, platform.gemini).refused
    assert "over 1,300 bytes" in refused[1]
    platform.advance_until_done(rounds=30)
    assert set(platform.sent().values()) == {1}
    assert len(platform.sent()) == 8


def test_a_job_takes_what_its_bytes_allow_and_leaves_no_small_one_behind(
    platform: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left of the texts a plan lists goes with those it has not listed."""
    for name in ("one", "two", "three"):
        for number in range(5):
            text = f"Note {number} of {name} is on the harbour office and its lamps."
            platform.write(f"acme/{name}/{number}.txt", text)
    platform.prepare()
    limits = JobLimits(requests=8, bytes=1_500, has_window=False)
    monkeypatch.setattr(type(platform.gemini.batches), "limits", limits)
    platform.advance_until_done(rounds=20)
    assert [job.requests for job in platform.store.ledger.jobs.list()] == [7, 7, 1]
    assert set(platform.sent().values()) == {1}
    assert len(platform.sent()) == 15
