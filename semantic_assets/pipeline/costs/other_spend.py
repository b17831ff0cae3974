"""Spend of other tools on the same key: entered by a person, counted against the day's cap."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from math import isfinite

from semantic_assets.errors import ConfigError, NotFound
from semantic_assets.ledger.spending import OtherSpend
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendEntry(HtmlTable):
    """One entry. Google's day for limits and bills is not ours: `day` is of UTC, as the caps are."""

    id: str
    day: str
    usd: float
    note: str


def add_spend(store: Store, usd: float, *, day: str | None = None, note: str = "") -> SpendEntry:
    """Enter what other tools spent on the key on a day, as 2026-11-29; None: today, by UTC.

    Raises:
        ConfigError: it is no amount, or no day that has begun.
    """
    if not isfinite(usd) or usd <= 0:
        raise ConfigError(f"{usd} is no amount to enter: use US dollars above 0")
    at = datetime.combine(_day(store, day), time(12), UTC).timestamp()
    return _shown(store.ledger.spending.enter(usd, at=at, note=note))


def list_spend(store: Store) -> list[SpendEntry]:
    """Return the entries, the oldest day first."""
    return [_shown(entry) for entry in store.ledger.spending.entered()]


def remove_spend(store: Store, entry_id: str) -> None:
    """Take an entry back.

    Raises:
        NotFound: there is none of that id.
    """
    if not store.ledger.spending.take_back(entry_id):
        raise NotFound(f"there is no entry {entry_id}: `semantic-assets spend list` shows them")


def _day(store: Store, given: str | None) -> date:
    today = datetime.fromtimestamp(store.ledger.now(), UTC).date()
    try:
        day = today if given is None else date.fromisoformat(given)
    except ValueError:
        raise ConfigError(f"{given!r} is no day: write it as {today}") from None
    if day > today:
        raise ConfigError(f"{day} has not begun: today is {today} (UTC)")
    return day


def _shown(entry: OtherSpend) -> SpendEntry:
    day = datetime.fromtimestamp(entry.at, UTC).date()
    return SpendEntry(id=entry.entry_id, day=str(day), usd=entry.usd, note=entry.note)
