"""A real-time call is possibly billed before it is made and settled after it has answered."""

from dataclasses import replace

import pytest

from semantic_assets.errors import CorruptResult, SemanticAssetsError, SpendRefused
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.pipeline.costs.paid_calls import embed_questions, embed_sample
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


def test_an_answer_with_too_few_vectors_was_paid_for(real: Trial) -> None:
    real.arm("realtime-fewer")
    with pytest.raises(CorruptResult, match="asked for 2 vectors"):
        embed_sample(real.store, real.gemini, real.settings.space, ["A text.", "B"], of="job1")
    totals = real.store.ledger.spending.totals()
    assert totals.realtime_usd > 0
    assert totals.possibly_billed_usd == 0


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
