"""Ids are in the ledger's order, whatever the clocks say."""

import time

import pytest

from semantic_assets.ledger.ledger import Ledger


def test_a_later_id_is_higher(ledger: Ledger) -> None:
    ids = [ledger.job_ids.new() for _ in range(50)]
    assert ids == sorted(ids)
    assert len({one[:12] for one in ids}) == 50
    assert {len(one) for one in ids} == {20}


@pytest.mark.parametrize("hours", [-26, -1, 1, 26])
def test_a_clock_that_jumps_does_not_change_the_order(
    ledger: Ledger, hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = time.time
    before = ledger.job_ids.new()
    monkeypatch.setattr(time, "time", lambda: real() + hours * 3_600)
    between = ledger.job_ids.new()
    monkeypatch.setattr(time, "time", real)
    assert before < between < ledger.job_ids.new()


def test_ids_are_above_those_another_ledger_gave(ledger: Ledger) -> None:
    ahead = f"{int((time.time() + 86_400) * 1000):012x}ffffffff"
    ledger.job_ids.raise_above(ahead)
    assert ledger.job_ids.new() > ahead
    ledger.job_ids.raise_above("000000000001aaaaaaaa")
    assert ledger.job_ids.new() > ahead
