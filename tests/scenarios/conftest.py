"""A corpus that is cut and not sent."""

import pytest

from tests.scenarios.checks import TEXTS
from tests.trial import Trial


@pytest.fixture
def corpus(trial: Trial) -> Trial:
    """Forty one-chunk documents of different lengths, cut and not sent."""
    words = ["a", "be", "sea", "tide", "wharf", "harbor", "mooring", "anchored", "lighthouse"]
    for n in range(TEXTS):
        text = " ".join(words[(n * k) % 9] for k in range(1, 4 + n * 3))
        trial.write(f"acme/texts/{n:02d}.txt", f"Number {n}. {text}")
    trial.prepare()
    # A scope with a history: its listings have shown our names.
    scope = trial.gemini.endpoint
    trial.store.ledger.scopes.register(scope.scope_id, backend="emulator", base_url="here")
    trial.store.ledger.scopes.names_seen(scope.scope_id)
    return trial
