"""What is paid for on behalf of a caller counts against that caller's cap of the day, and no other's."""

from dataclasses import replace

import pytest

from semantic_assets.errors import SpendRefused
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.costs.callers import Caller, on_behalf_of
from semantic_assets.pipeline.costs.questions import embed_questions
from semantic_assets.pipeline.flows.refresh_now import refresh_now
from tests.trial import Trial

_ACME = DatasetKey("acme", "notes")
_POOR, _RICH = Caller("poor", 1e-9), Caller("rich", 1.0)


@pytest.fixture
def real(trial: Trial) -> Trial:
    """The real backend with consent, whose URL is the emulator's."""
    settings = replace(
        trial.settings,
        backend="gemini",
        gemini_url=trial.url,
        api_key="AIza-of-a-test-and-of-nobody",
        emulator_url=None,
        max_cost_usd_per_day=1.0,
    )
    store = replace(trial.store, settings=settings)
    return replace(trial, settings=settings, store=store, gemini=Gemini(endpoint_of(settings)))


def ask(trial: Trial, question: str, caller: Caller | None) -> None:
    with on_behalf_of(caller):
        embed_questions(trial.store, trial.gemini, trial.settings.space, [question])


def ask_often(trial: Trial, caller: Caller | None) -> None:
    for number in range(10):
        ask(trial, f"What is pump {number}?", caller)


def spent(trial: Trial, caller: Caller) -> float:
    return trial.store.ledger.spending.totals_of_caller(caller.name, since=0.0).spent_usd


def test_a_caller_over_its_cap_is_refused_while_others_ask(real: Trial) -> None:
    with pytest.raises(SpendRefused, match="--usd-per-day"):
        ask(real, "What is a pump?", _POOR)
    assert real.bill()["realtime_texts"] == 0
    ask(real, "What is a pump?", _RICH)
    ask(real, "What is a pump?", None)
    assert real.bill()["realtime_texts"] == 2


def test_questions_of_a_caller_add_up_until_its_cap_is_reached(real: Trial) -> None:
    ask(real, "What is a pump?", _RICH)
    once = spent(real, _RICH)
    assert once > 0
    limited = Caller("rich", once * 3)
    with pytest.raises(SpendRefused, match="of this key is spent"):
        ask_often(real, limited)
    assert once < spent(real, _RICH) <= once * 3


def test_the_questions_of_callers_count_against_the_cap_of_all_questions(real: Trial) -> None:
    ask(real, "What is a pump?", _RICH)
    cap = real.store.ledger.spending.totals().realtime_usd * 2
    settings = replace(real.settings, max_question_cost_usd_per_day=cap)
    capped = replace(real, store=replace(real.store, settings=settings))
    with pytest.raises(SpendRefused, match="MAX_QUESTION_COST_USD_PER_DAY"):
        ask_often(capped, None)


def test_real_time_work_is_counted_to_who_asked_and_over_the_cap_it_goes_by_batch(
    trial: Trial,
) -> None:
    trial.write("acme/notes/one.txt", "The ferry leaves at nine.")
    with on_behalf_of(_POOR):
        refused = refresh_now(trial.store, trial.gemini, _ACME, mode="sync")
    assert (refused.texts, refused.is_searchable) == (0, False)
    assert trial.bill()["realtime_texts"] == 0
    with on_behalf_of(_RICH):
        done = refresh_now(trial.store, trial.gemini, _ACME, mode="sync")
    assert (done.texts, done.is_searchable) == (1, True)
    assert spent(trial, _RICH) == pytest.approx(done.usd)
    assert spent(trial, _POOR) == 0
