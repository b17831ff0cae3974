"""What other tools spend on the key counts against the day's cap until it is taken back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from semantic_assets.errors import ConfigError, NotFound, SpendRefused
from semantic_assets.pipeline.costs.budgets import require_budget
from semantic_assets.pipeline.costs.other_spend import add_spend, list_spend, remove_spend
from semantic_assets.pipeline.reports.bill import bill
from semantic_assets.store import Store
from tests.trial import Trial


def _capped(store: Store, usd: float) -> Store:
    """The same lake with Google's backend, whose key others share, and a cap."""
    settings = replace(store.settings, backend="gemini", max_cost_usd_per_day=usd)
    return replace(store, settings=settings)


def _day(store: Store, *, ago: int) -> str:
    today = datetime.fromtimestamp(store.ledger.now(), UTC).date()
    return str(today - timedelta(days=ago))


def test_what_was_entered_for_today_counts_until_it_is_taken_back(store: Store) -> None:
    capped = _capped(store, 2.0)
    entry = add_spend(store, 1.25, note="a notebook")
    assert list_spend(store) == [entry]
    assert bill(capped).other_usd == 1.25
    assert bill(store).other_usd == 0  # they shared no emulator
    require_budget(capped, "gemini", 0.58)  # an estimate, which may be 29 % short
    with pytest.raises(SpendRefused, match=r"\$1.2500 of \$2.00 for today"):
        require_budget(capped, "gemini", 0.59)
    remove_spend(store, entry.id)
    require_budget(capped, "gemini", 0.59)
    assert list_spend(store) == []
    assert bill(capped).other_usd == 0


def test_another_day_is_in_the_bill_and_not_in_todays_cap(store: Store) -> None:
    add_spend(store, 5.0, day=_day(store, ago=1))
    add_spend(store, 3.0, day=_day(store, ago=0))
    require_budget(_capped(store, 4.0), "gemini", 0.77)
    with pytest.raises(SpendRefused):
        require_budget(_capped(store, 4.0), "gemini", 0.78)
    assert bill(_capped(store, 4.0)).other_usd == 8.0
    assert [entry.usd for entry in list_spend(store)] == [5.0, 3.0]


def test_nothing_is_sent_while_other_tools_have_used_the_day_up(trial: Trial) -> None:
    trial.write("acme/notes/a.txt", "The pilot boards at the fairway buoy.")
    trial.store.close()  # the ledger is made
    capped = trial.reopened(
        backend="gemini",
        gemini_url=trial.url,
        api_key="AIza-of-a-test-and-of-nobody",
        unprobed=True,
        max_cost_usd_per_day=1.0,
    )
    with capped.store:
        entry = add_spend(capped.store, 1.0, note="another tool")
        assert "for today is spent or committed" in capped.refresh().summary
        assert not trial.remote_jobs()
        remove_spend(capped.store, entry.id)
        capped.refresh()
    assert len(trial.remote_jobs()) == 1


def test_caps_of_a_run_a_dataset_and_a_job_are_not_of_other_tools(store: Store) -> None:
    add_spend(store, 5.0)
    assert store.ledger.spending.totals(of=lambda job_id: True).spent_usd == 0


@pytest.mark.parametrize("usd", [0.0, -1.0, float("nan"), float("inf")])
def test_what_is_no_amount_is_refused(store: Store, usd: float) -> None:
    with pytest.raises(ConfigError, match="use US dollars above 0"):
        add_spend(store, usd)
    assert list_spend(store) == []


def test_what_is_no_day_that_has_begun_is_refused(store: Store) -> None:
    with pytest.raises(ConfigError, match=f"'29.11.2026' is no day: .* {_day(store, ago=0)}"):
        add_spend(store, 1.0, day="29.11.2026")
    with pytest.raises(ConfigError, match="has not begun"):
        add_spend(store, 1.0, day=_day(store, ago=-1))


def test_an_entry_that_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(NotFound, match="no entry abcd: `semantic-assets spend list`"):
        remove_spend(store, "abcd")
