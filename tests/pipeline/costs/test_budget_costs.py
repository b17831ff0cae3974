"""A pass of the planner asks the ledger as often with a budget in each dataset as without."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from semantic_assets.ledger.money.spend_totals import ACTUAL
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.costs.budgets import at_most_usd
from semantic_assets.pipeline.flows.advance import advance
from tests.trial import Trial

DATASETS = 12


def made(trial: Trial, toml: str, *, datasets: int = DATASETS) -> None:
    for n in range(datasets):
        trial.write(f"acme/d{n}/text.txt", f"Text {n} of the harbour.")
        if toml:
            trial.write(f"acme/d{n}/dataset.toml", toml)
    trial.prepare()


def statements(trial: Trial, run: Callable[[], object]) -> int:
    seen: list[str] = []

    def note(*arguments: object) -> None:
        seen.append(str(arguments[2]))

    engine = trial.store.ledger.database.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    run()
    sa.event.remove(engine, "before_cursor_execute", note)
    return len(seen)


@pytest.mark.parametrize(
    "toml", ["[budget]\nmax_cost_usd_per_day = 1e-9\n", "min_batch_size = 9\n"]
)
def test_what_waits_for_its_own_settings_costs_no_query_for_each_dataset(
    trial: Trial, toml: str
) -> None:
    made(trial, toml, datasets=2)
    advance(trial.store, trial.gemini)
    few = statements(trial, lambda: advance(trial.store, trial.gemini))
    made(trial, toml)
    assert advance(trial.store, trial.gemini).waiting_texts == DATASETS
    assert statements(trial, lambda: advance(trial.store, trial.gemini)) == few


def test_open_jobs_of_datasets_with_a_budget_cost_no_query_each(trial: Trial) -> None:
    made(trial, "[budget]\nmax_cost_usd_per_day = 1.0\n")
    assert advance(trial.store, trial.gemini).submitted_jobs == DATASETS
    many = statements(trial, lambda: advance(trial.store, trial.gemini))
    assert many < 100


def test_what_is_taken_of_a_budget_is_of_the_datasets_own_jobs(trial: Trial) -> None:
    made(trial, "[budget]\nmax_cost_usd_per_day = 1.0\n", datasets=11)
    advance(trial.store, trial.gemini)
    spending = trial.store.ledger.spending
    jobs = {job.shards: job.job_id for job in trial.store.ledger.jobs.list()}
    for shards, job_id in jobs.items():
        dataset = DatasetKey("acme", shards[0].split(".")[1])
        totals = spending.totals(of=job_id.__eq__)
        assert spending.totals_for(dataset, since=0.0) == totals
        assert spending.totals_by_job(since=0.0)[job_id] == totals
    spending.book("elsewhere", ACTUAL, model="gemini-embedding-001", tokens=1, usd=5.0)
    of_one = spending.totals_for(DatasetKey("acme", "d1"), since=0.0)
    assert at_most_usd(of_one) < 1.0  # not that of d10 either


def test_jobs_formed_in_one_pass_count_against_the_budget(trial: Trial) -> None:
    for n in range(40):
        trial.write(f"acme/one/{n}.txt", f"Text {n} " + "of the harbour " * 20)
    trial.prepare()
    usd = trial.quote()
    trial.write("acme/one/dataset.toml", f"[budget]\nmax_cost_usd_per_day = {usd / 2:.12f}\n")
    small = trial.reopened(enqueued_tokens=1_000)
    with small.store:
        small.prepare()
        report = advance(small.store, small.gemini)
        totals = small.store.ledger.spending.totals()
    assert 0 < totals.committed_usd <= usd / 2
    assert 0 < report.submitted_texts < 40
