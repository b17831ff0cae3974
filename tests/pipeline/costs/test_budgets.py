"""What a dataset.toml says to the engine: model, mode, budget, smallest job."""

import pytest

from semantic_assets.errors import ConfigError, SpendRefused
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.flows.advance import advance
from tests.trial import Trial


def write_texts(trial: Trial, dataset: str, count: int, *, first: int = 0) -> None:
    for number in range(first, first + count):
        trial.write(f"acme/{dataset}/{number}.txt", f"Text {number} of {dataset}.")


def ready(trial: Trial, dataset: str) -> int:
    generation = trial.store.ledger.index_versions.serving(DatasetKey("acme", dataset))
    return generation.rows if generation else 0


def test_sync_embeds_at_once_and_forms_no_batch(trial: Trial) -> None:
    trial.write("acme/now/dataset.toml", 'mode = "sync"')
    write_texts(trial, "now", 5)
    report = trial.refresh()
    assert [done.texts for done in report.in_realtime] == [5]
    assert not trial.remote_jobs()
    assert ready(trial, "now") == 5
    assert report.summary.startswith("5 texts embedded at once")


def test_auto_goes_by_batch_from_its_threshold_on(trial: Trial) -> None:
    trial.write("acme/few/dataset.toml", 'mode = "auto"\nauto_below_tokens = 60')
    write_texts(trial, "few", 3)
    trial.refresh()
    assert not trial.remote_jobs()
    write_texts(trial, "few", 30, first=3)
    trial.refresh()
    assert len(trial.remote_jobs()) == 1
    assert ready(trial, "few") == 33


def test_the_mode_of_a_call_wins_over_the_datasets(trial: Trial) -> None:
    trial.write("acme/now/dataset.toml", 'mode = "sync"')
    write_texts(trial, "now", 2)
    write_texts(trial, "later", 2)
    report = trial.refresh(mode="async")
    assert (report.in_realtime, len(trial.remote_jobs())) == ([], 1)
    with pytest.raises(ConfigError, match="there is no mode 'soon': use async, sync, auto"):
        trial.refresh(mode="soon")


def test_at_once_that_fails_goes_by_batch_and_nothing_is_lost(trial: Trial) -> None:
    trial.write("acme/now/dataset.toml", 'mode = "sync"')
    write_texts(trial, "now", 5)
    trial.arm("realtime-503", times=1)
    trial.refresh()
    assert ready(trial, "now") == 5
    assert not trial.paid_twice()


def test_texts_gather_until_there_are_enough_and_hold_up_nobody_else(trial: Trial) -> None:
    trial.write("acme/slow/dataset.toml", "min_batch_size = 4")
    write_texts(trial, "slow", 3)
    write_texts(trial, "quick", 2)
    report = trial.refresh()
    assert report.is_waiting
    assert "acme/slow 3 of 4" in report.summary
    assert (ready(trial, "slow"), ready(trial, "quick")) == (0, 2)
    write_texts(trial, "slow", 1, first=3)
    trial.refresh()
    assert ready(trial, "slow") == 4


def test_a_datasets_own_budget_holds_up_that_dataset_only(trial: Trial) -> None:
    trial.write("acme/dear/dataset.toml", "[budget]\nmax_cost_usd_per_day = 0.0")
    write_texts(trial, "dear", 3)
    write_texts(trial, "free", 2)
    report = trial.refresh()
    assert "acme/dear: $0.0000 of its $0.00 for today" in report.summary
    assert (ready(trial, "dear"), ready(trial, "free")) == (0, 2)
    trial.write("acme/dear/dataset.toml", "[budget]\nmax_cost_usd_per_day = 1.0")
    trial.refresh()
    assert ready(trial, "dear") == 3


def test_what_a_dataset_spent_today_counts_against_its_budget(trial: Trial) -> None:
    trial.write("acme/dear/dataset.toml", "[budget]\nmax_cost_usd_per_day = 0.000006")
    write_texts(trial, "dear", 3)
    trial.refresh()
    assert ready(trial, "dear") == 3
    write_texts(trial, "dear", 3, first=3)
    assert "for today is spent or committed" in trial.refresh().summary


def test_a_datasets_cap_of_a_run_refuses_before_anything_is_sent(trial: Trial) -> None:
    trial.write("acme/dear/dataset.toml", "[budget]\nmax_cost_usd_per_run = 0.0")
    write_texts(trial, "dear", 3)
    with pytest.raises(SpendRefused, match="3 texts, over its cap"):
        trial.refresh()
    assert not trial.remote_jobs()


def test_each_dataset_is_embedded_by_its_own_model_and_size(trial: Trial) -> None:
    trial.write(
        "acme/wide/dataset.toml", '[embedding]\nmodel = "gemini-embedding-2"\ndimensions = 256'
    )
    write_texts(trial, "wide", 2)
    write_texts(trial, "plain", 2)
    trial.refresh()
    wide = trial.store.serving_space(DatasetKey("acme", "wide"))
    assert (wide.model, wide.dimensions) == ("gemini-embedding-2", 256)
    assert (ready(trial, "wide"), ready(trial, "plain")) == (2, 2)
    assert advance(trial.store, trial.gemini).is_done
