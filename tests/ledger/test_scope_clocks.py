"""Pauses and windows outlive a clock that was wrong for no longer than their own time."""

import pytest

from semantic_assets.ledger.ledger import Ledger
from tests.factories import MODEL, SCOPE_ID, Clock

A_DAY = 86_400.0


@pytest.fixture
def scoped(ledger: Ledger) -> Ledger:
    ledger.scopes.register(SCOPE_ID, backend="gemini", base_url="https://")
    return ledger


def test_a_pause_written_a_day_ahead_is_over_when_the_clock_is_right(
    scoped: Ledger, clock: Clock
) -> None:
    clock.advance(A_DAY)
    scoped.scopes.pause(SCOPE_ID, "the key is refused")
    scoped.scopes.pause_model(SCOPE_ID, MODEL, "429")
    assert scoped.scopes.paused(SCOPE_ID) is not None
    clock.advance(-A_DAY)
    assert scoped.scopes.paused(SCOPE_ID, MODEL) is None
    assert scoped.scopes.pauses(SCOPE_ID) == []


def test_a_window_shrunk_a_day_ahead_is_as_configured(scoped: Ledger, clock: Clock) -> None:
    clock.advance(A_DAY)
    scoped.scopes.shrink_window(SCOPE_ID, MODEL, to_tokens=100, configured=1_000)
    assert scoped.scopes.window(SCOPE_ID, MODEL, 1_000) == 100
    clock.advance(-A_DAY)
    assert scoped.scopes.window(SCOPE_ID, MODEL, 1_000) == 1_000
