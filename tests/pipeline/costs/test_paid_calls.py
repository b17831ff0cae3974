"""A real-time call is possibly billed before it is made and settled after it has answered."""

from dataclasses import replace

import pytest

from semantic_assets.errors import (
    IncompleteAnswer,
    SemanticAssetsError,
    SpendRefused,
)
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.model.catalog import realtime_usd
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.batch_jobs.realtime import embed_now
from semantic_assets.pipeline.costs.paid_calls import embed_sample
from semantic_assets.pipeline.costs.questions import embed_questions
from semantic_assets.pipeline.pending.pending import pending_texts
from tests.trial import Trial

_KEY = "AIza-of-a-test-and-of-nobody"


@pytest.fixture
def real(trial: Trial) -> Trial:
    """The real backend, whose URL is the emulator's."""
    settings = replace(
        trial.settings, backend="gemini", gemini_url=trial.url, api_key=_KEY, emulator_url=None
    )
    store = replace(trial.store, settings=settings)
    return replace(trial, settings=settings, store=store, gemini=Gemini(endpoint_of(settings)))


def pending(trial: Trial, shard: ShardKey) -> dict[str, int]:
    return pending_texts(trial.store, trial.settings.space, [shard])


def test_questions_are_booked_and_need_no_consent_below_their_own_cap(real: Trial) -> None:
    space = real.settings.space
    for number in range(3):
        found = embed_questions(real.store, real.gemini, space, [f"What is pump {number}?"])
        assert found.shape == (1, 128)
    totals = real.store.ledger.spending.totals()
    assert totals.realtime_usd > 0
    assert totals.possibly_billed_usd == 0
    assert real.bill()["realtime_texts"] == 3


def test_over_their_cap_questions_are_refused_before_they_are_sent(real: Trial) -> None:
    settings = replace(real.settings, max_question_cost_usd_per_day=1e-12)
    store = replace(real.store, settings=settings)
    with pytest.raises(SpendRefused, match="MAX_QUESTION_COST_USD_PER_DAY"):
        embed_questions(store, real.gemini, real.settings.space, ["What is a pump?"])
    assert real.bill()["realtime_texts"] == 0


def test_a_call_without_an_answer_stays_possibly_billed(real: Trial) -> None:
    real.arm("realtime-503", times=1)
    with pytest.raises(SemanticAssetsError):
        embed_sample(real.store, real.gemini, real.settings.space, ["A text."], of="job1")
    assert real.store.ledger.spending.totals().possibly_billed_usd > 0
    assert real.store.ledger.spending.totals(of="job1".__eq__).possibly_billed_usd > 0


def test_a_call_that_is_refused_costs_nothing(real: Trial) -> None:
    real.arm("realtime-429", times=1)
    with pytest.raises(SemanticAssetsError):
        embed_questions(real.store, real.gemini, real.settings.space, ["What is a pump?"])
    assert real.store.ledger.spending.totals().spent_usd == 0


def test_a_call_answered_in_part_is_made_once_more_and_both_are_booked(real: Trial) -> None:
    ask = (real.store, real.gemini, real.settings.space, ["What is a pump?", "And a valve?"])
    embed_questions(*ask)
    once = real.store.ledger.spending.totals().realtime_usd
    real.arm("realtime-fewer", times=1)
    assert embed_questions(*ask).shape == (2, 128)
    assert real.store.ledger.spending.totals().realtime_usd == pytest.approx(3 * once)
    assert real.store.ledger.spending.totals().possibly_billed_usd == 0
    assert real.bill()["realtime_texts"] == 6


def test_a_call_answered_in_part_twice_is_an_error_and_both_are_booked(real: Trial) -> None:
    real.arm("realtime-fewer", times=2)
    with pytest.raises(IncompleteAnswer):
        embed_sample(real.store, real.gemini, real.settings.space, ["A text.", "Two."], of="job1")
    totals = real.store.ledger.spending.totals(of="job1".__eq__)
    assert totals.realtime_tokens > 0
    assert totals.possibly_billed_usd == 0
    assert real.bill()["realtime_texts"] == 4


@pytest.mark.parametrize(("times", "calls"), [(1, 2), (2, 2)])
def test_a_real_time_job_asks_once_more_and_books_each_call(
    trial: Trial, times: int, calls: int
) -> None:
    trial.write("acme/now/dataset.toml", 'mode = "sync"')
    for number in range(6):
        trial.write(f"acme/now/{number}.txt", f"Text {number} of a manual of pumps and valves.")
    trial.arm("realtime-fewer", times=times)
    trial.refresh()
    assert trial.fired("realtime-fewer") == times
    job = next(job for job in trial.store.ledger.jobs.recent(9) if job.is_realtime)
    totals = trial.store.ledger.spending.totals(of=job.job_id.__eq__)
    booked = totals.realtime_usd + totals.possibly_billed_usd
    assert booked == pytest.approx(calls * realtime_usd(job.model, job.tokens_estimated), rel=0.2)
    assert trial.store.ledger.index_versions.serving(DatasetKey("acme", "now")).rows == 6


def test_the_second_call_of_a_real_time_job_is_within_the_caps(real: Trial) -> None:
    settings = replace(real.settings, max_cost_usd_per_day=1.0, unprobed=True)
    trial = replace(real, settings=settings, store=replace(real.store, settings=settings))
    trial.write("acme/now/one.txt", "A text of a manual of pumps and valves. " * 40)
    trial.write("acme/now/two.txt", "Another text of a manual of pumps and valves. " * 40)
    trial.prepare()
    [shard] = trial.store.ledger.sources.shards()
    once = realtime_usd(settings.model, sum(pending(trial, shard.key).values()))
    tight = replace(settings, max_cost_usd_per_day=1.5 * once)
    trial.arm("realtime-fewer", times=1)
    with pytest.raises(SpendRefused, match="for today is spent or committed"):
        embed_now(replace(trial.store, settings=tight), trial.gemini, shard.key)
    assert trial.bill()["realtime_texts"] == 2
    assert trial.store.ledger.spending.totals().possibly_billed_usd == pytest.approx(once, rel=0.1)
