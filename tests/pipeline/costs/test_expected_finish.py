"""When the work should be done: by jobs of the key in use, or by what Google documents."""

from dataclasses import replace

import pytest

from semantic_assets.pipeline.costs.estimate import estimate
from semantic_assets.pipeline.costs.expected_finish import (
    ExpectedFinish,
    expected_finish,
    job_pace,
)
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.reports.bill import bill
from semantic_assets.pipeline.reports.status import status
from tests.trial import LATENCY_SECONDS, Trial

NOON = 1_772_452_800.0  # 2026-03-02 12:00 UTC
HOUR = 3_600.0


def on_google(trial: Trial) -> Trial:
    """The same lake and ledger with the settings of the real backend."""
    settings = replace(trial.settings, backend="gemini", api_key="AIza-of-nobody-in-a-test")
    return replace(trial, settings=settings, store=replace(trial.store, settings=settings))


def done(trial: Trial) -> Trial:
    trial.write("acme/docs/a.txt", "The gate is shut in a storm.")
    trial.prepare()
    trial.advance_until_done()
    return trial


def test_the_pace_is_that_of_jobs_that_ended(trial: Trial) -> None:
    assert job_pace(trial.store).seconds_high is None  # of an emulator nothing is documented
    pace = job_pace(done(trial).store)
    assert pace.seconds_low is not None
    assert pace.seconds_high is not None
    assert pace.seconds_low < LATENCY_SECONDS < pace.seconds_high
    assert pace.jobs == 1


def test_the_pace_of_an_emulator_says_nothing_of_google(trial: Trial) -> None:
    real = on_google(done(trial))
    pace = job_pace(real.store)
    assert (pace.seconds_low, pace.seconds_high, pace.jobs) == (None, 24 * HOUR, 0)
    assert "24 hours" in pace.basis
    quote = estimate(real.store)
    assert quote.expected_seconds is None
    assert status(real.store, scope_id="none").job_seconds is None


def test_what_waits_for_google_is_expected_by_its_target_for_each_fill(trial: Trial) -> None:
    real, now = on_google(trial), trial.store.ledger.now()
    window = real.settings.window_tokens
    model = real.settings.model
    for fills, tokens in ((1, window / 2), (3, window * 2.5)):
        found = expected_finish(real.store, [], {model: tokens})
        assert found is not None
        assert found.earliest is None
        assert found.latest - now == pytest.approx(fills * 24 * HOUR, abs=60)
    assert expected_finish(real.store, [], {model: 0}) is None


def test_a_job_that_takes_longer_than_all_before_is_not_expected_at_once(trial: Trial) -> None:
    done(trial)
    trial.write("acme/docs/b.txt", "The lock is shut in frost.")
    trial.prepare()
    trial.arm("stuck-running", times=None, seconds=10 * HOUR)
    advance(trial.store, trial.gemini)
    for _ in range(3):
        trial.pass_time(HOUR)
        found = status(trial.store, scope_id=trial.gemini.scope_id)
        assert found.expected_seconds is not None
        assert found.expected_seconds > HOUR / 2
        assert found.finish_told is not None
        assert found.texts_out == 1
    assert bill(trial.store).pending_texts == 0


@pytest.mark.parametrize(
    ("earliest", "latest", "told"),
    [
        (None, NOON + 24 * HOUR, "by 3 Mar 12:00 UTC"),
        (None, NOON + 2 * HOUR, "by 14:00 UTC"),
        (NOON + 2.5 * HOUR, NOON + 6 * HOUR, "14:30 to 18:00 UTC"),
        (NOON + 2.5 * HOUR, NOON + 13 * HOUR, "14:30 to 3 Mar 01:00 UTC"),
        (NOON + 25 * HOUR, NOON + 26 * HOUR, "3 Mar 13:00 to 14:00 UTC"),
        (NOON, NOON, "in 1 s"),
        (NOON - 5, NOON + 20, "in 1 to 20 s"),
        (NOON + 120, NOON + 300, "in 2 to 5 min"),
        (NOON + HOUR, NOON + HOUR, "at 13:00 UTC"),
    ],
)
def test_a_finish_is_told_in_words(earliest: float | None, latest: float, told: str) -> None:
    assert ExpectedFinish(earliest=earliest, latest=latest, basis="").told(NOON) == told
