"""A run's cap is asked where a job is formed, whichever interface starts the run."""

from dataclasses import replace
from typing import Any

import pytest

from semantic_assets.errors import SpendRefused
from semantic_assets.gemini.client import Gemini
from semantic_assets.ledger.money.spend_totals import UNCHARGED
from semantic_assets.pipeline.batch_jobs.realtime import answer_now
from semantic_assets.pipeline.batch_jobs.submit import submit_pending
from semantic_assets.pipeline.costs.budgets import UPPER, job_guard, job_usd, run_budget
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.flows.flush import flush
from tests.trial import Trial

_HARDLY_ANYTHING = 1e-12


def write_texts(trial: Trial, count: int, *, first: int = 0) -> None:
    for number in range(first, first + count):
        trial.write(f"acme/manuals/{number}.txt", f"Text {number} of the manuals.")


def test_advance_alone_keeps_to_the_cap_of_a_run(trial: Trial) -> None:
    capped = trial.reopened(max_cost_usd_per_run=_HARDLY_ANYTHING)
    with capped.store:
        write_texts(capped, 3)
        capped.prepare()
        report = advance(capped.store, capped.gemini)
    assert trial.remote_jobs() == []
    assert report.blocked_by is not None
    assert "this run's" in report.blocked_by.reason
    assert report.blocked_by.needs_person


def test_what_others_add_while_a_run_waits_is_not_sent_over_its_cap(trial: Trial) -> None:
    write_texts(trial, 2)
    trial.prepare()
    cap = 2 * trial.quote()
    with run_budget(trial.store, cap):
        assert advance(trial.store, trial.gemini).submitted_texts == 2
        write_texts(trial, 200, first=2)
        trial.prepare()
        report = advance(trial.store, trial.gemini)
    assert report.submitted_texts == 0
    assert report.blocked_by is not None
    assert flush(trial.store, trial.gemini).texts == 200  # a run of its own


def test_a_run_inside_a_run_counts_against_the_outer_cap(trial: Trial) -> None:
    with run_budget(trial.store, 1.0) as outer, run_budget(trial.store, 99.0) as inner:
        assert inner is outer


@pytest.mark.parametrize("mode", ["async", "sync"])
def test_a_datasets_own_cap_of_a_run_holds_whatever_sends_for_it(trial: Trial, mode: str) -> None:
    capped = f'mode = "{mode}"\n[budget]\nmax_cost_usd_per_run = {_HARDLY_ANYTHING}'
    trial.write("acme/capped/dataset.toml", capped)
    trial.write("acme/capped/a.txt", "A text of the capped dataset.")
    write_texts(trial, 3)
    trial.prepare()
    if mode == "sync":
        [shard] = [
            s for s in trial.store.ledger.sources.shards() if s.key.dataset.dataset == "capped"
        ]
        with pytest.raises(SpendRefused, match=r"acme/capped: .*max_cost_usd_per_run"):
            answer_now(trial.store, trial.gemini, trial.settings.space, shard.key)
    report = advance(trial.store, trial.gemini)
    assert report.submitted_texts == 3  # of the other dataset
    assert report.blocked_by is not None
    assert "acme/capped" in report.blocked_by.reason


def test_a_datasets_cap_of_a_run_counts_all_jobs_of_the_run(trial: Trial) -> None:
    write_texts(trial, 4)
    trial.prepare()
    cap = 1.5 * trial.quote()
    trial.write("acme/manuals/dataset.toml", f"[budget]\nmax_cost_usd_per_run = {cap:.12f}")
    with run_budget(trial.store):
        assert advance(trial.store, trial.gemini).submitted_texts == 4
        write_texts(trial, 4, first=4)
        trial.prepare()
        assert advance(trial.store, trial.gemini).submitted_texts == 0
    assert advance(trial.store, trial.gemini).submitted_texts == 4  # the next run


def test_a_real_time_job_that_has_not_ended_is_committed_for_others(trial: Trial) -> None:
    seen: list[float] = []

    class Looking(Gemini):
        def embed_documents(self, *arguments: Any) -> Any:
            seen.append(trial.store.ledger.spending.totals().committed_usd)
            return super().embed_documents(*arguments)

    trial.write("acme/now/dataset.toml", 'mode = "sync"')
    trial.write("acme/now/a.txt", "One text.")
    replace(trial, gemini=Looking(trial.gemini.endpoint)).refresh()
    assert seen
    assert seen[0] > 0
    assert trial.store.ledger.spending.totals().committed_usd == 0


def test_of_jobs_that_ask_at_the_same_moment_only_those_within_the_day_are_inserted(
    trial: Trial,
) -> None:
    capped = replace(trial.settings, max_cost_usd_per_day=0.5)
    store = replace(trial.store, settings=capped)
    guard = job_guard(store, trial.settings.space, None, 0.3)
    guard(store.ledger.spending)
    store.ledger.spending.book(f"{UNCHARGED}j1", "estimated", model="m", tokens=1, usd=0.3)
    with pytest.raises(SpendRefused, match="for today is spent or committed"):
        guard(store.ledger.spending)


def test_the_jobs_of_one_submission_are_of_one_run(trial: Trial) -> None:
    write_texts(trial, 40)
    trial.prepare()
    one_and_a_half = 1.5 * UPPER * job_usd(trial.settings.model, 8, 8 * 7)
    capped = trial.reopened(enqueued_tokens=400, max_cost_usd_per_run=one_and_a_half)
    with capped.store:
        submit_pending(capped.store, capped.gemini)
    assert len(trial.remote_jobs()) == 1


def test_a_cap_takes_an_estimate_for_as_much_as_google_may_count(trial: Trial) -> None:
    write_texts(trial, 3)
    trial.prepare()
    usd = job_usd(trial.settings.model, 3, 3 * 6)
    with run_budget(trial.store, usd * UPPER * 0.99):
        assert advance(trial.store, trial.gemini).submitted_texts == 0
    with run_budget(trial.store, usd * UPPER * 1.01):
        assert advance(trial.store, trial.gemini).submitted_texts == 3
