"""The ledger's verbs in any order, with crashes, lost answers and clocks that jump."""

from collections.abc import Callable
from pathlib import Path

import pytest

from semantic_assets.ledger import jobs
from semantic_assets.ledger.job_ids import JobIds
from semantic_assets.ledger.jobs import Jobs
from tests.ledger.random_walk import walks

#: In four walks, which run side by side: 10,000 steps.
STEPS, SEEDS = 2_500, (1, 2, 3, 4)
#: What has to happen within so many steps, or the walk shows nothing.
SEEN = ("plan", "collect", "wake", "reopen", "jump", "retry", "edit", "died", "conflict", "cap")


@pytest.mark.parametrize("seed", SEEDS)
def test_in_any_order_nothing_is_paid_twice_and_the_bill_adds_up(tmp_path: Path, seed: int) -> None:
    done = walks(tmp_path, seed=seed, steps=STEPS)
    assert [verb for verb in SEEN if not done[verb]] == []


def _unsettled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Money is not moved with the row."""
    monkeypatch.setattr(jobs, "settle_move", lambda *_: None)


def _unguarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks the caps where a job is inserted."""
    insert = Jobs.insert_if_fits
    monkeypatch.setattr(
        Jobs,
        "insert_if_fits",
        lambda self, job, **options: insert(
            self, job, **options | {"guard": lambda spending: None}
        ),
    )


def _by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids are in the order of a clock that jumps."""
    monkeypatch.setattr(JobIds, "new", lambda self: f"{int(self.database.clock() * 1_000):012x}0")


@pytest.mark.parametrize("off", [_unsettled, _unguarded, _by_the_clock])
def test_the_walk_sees_a_safeguard_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, off: Callable[[pytest.MonkeyPatch], None]
) -> None:
    off(monkeypatch)
    with pytest.raises(AssertionError):
        walks(tmp_path, seed=1, steps=5_000)
