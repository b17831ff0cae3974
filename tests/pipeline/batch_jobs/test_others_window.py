"""The window of enqueued tokens is the key's: what others have out fills it too."""

import re
from dataclasses import replace

import pytest

from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.store import open_store
from tests.factories import MODEL
from tests.trial import Trial

WINDOW = 1_200


def other_lake(trial: Trial, name: str) -> Trial:
    """A lake of its own with texts of its own, which uses the same key."""
    sources = trial.settings.sources.with_name(f"sources-{name}")
    settings = replace(
        trial.settings,
        root=trial.settings.root.with_name(name),
        sources=sources,
        enqueued_tokens=WINDOW,
    )
    store = open_store(settings, clock=trial.clock)
    return Trial(settings, store, Gemini(endpoint_of(settings)), trial.url, trial.clock)


def fill(trial: Trial, word: str) -> None:
    for number in range(60):
        trial.write(f"acme/{word}/{number}.txt", f"The {word} of part {number} is read. " * 4)
    trial.prepare()


@pytest.fixture
def two(trial: Trial) -> tuple[Trial, Trial]:
    one, other = other_lake(trial, "one"), other_lake(trial, "other")
    one.store.ledger.register_beside(other.store.ledger.ledger_id)
    other.store.ledger.register_beside(one.store.ledger.ledger_id)
    fill(one, "gauge")
    fill(other, "valve")
    return one, other


def test_a_ledger_beside_another_shares_its_window(two: tuple[Trial, Trial]) -> None:
    one, other = two
    first = advance(one.store, one.gemini)
    assert first.submitted_texts > 0
    second = advance(other.store, other.gemini)
    assert second.submitted_texts < first.submitted_texts / 4
    assert second.blocked_by is not None
    assert re.search("window", second.blocked_by.reason)


def test_it_sends_once_the_others_jobs_have_ended(two: tuple[Trial, Trial]) -> None:
    one, other = two
    first = advance(one.store, one.gemini)
    advance(other.store, other.gemini)
    one.pass_time(300.0)
    advance(one.store, one.gemini)  # collects, and sends the rest, which is less
    one.advance_until_done()
    other.advance_until_done()
    assert len(other.sent()) == 120
    assert other.paid_twice() == []
    assert first.submitted_texts


def test_a_process_that_lives_long_sees_what_others_send_later(two: tuple[Trial, Trial]) -> None:
    one, other = two
    totals, scope = other.store.ledger.job_totals, other.gemini.scope_id
    large = one.reopened(enqueued_tokens=100_000)
    with large.store:
        assert advance(other.store, other.gemini).submitted_texts > 0
        assert totals.enqueued(scope, MODEL) == totals.window(scope, MODEL)
        assert advance(large.store, large.gemini).submitted_texts > 0
    advance(other.store, other.gemini)  # it polls
    assert totals.enqueued(scope, MODEL) > totals.window(scope, MODEL)
