"""Numbers as people read them: megabytes, few digits, and dollars only where they are charged."""

import math
from collections.abc import Mapping

from semantic_assets.store import Store

_DIGITS, _SHARES, _MEGABYTE = 4, 10_000, 1e6


def rounded(value: float) -> float:
    """Return a number with four significant digits."""
    return float(f"{value:.{_DIGITS}g}")


def share(part: int, whole: int) -> float:
    """Return a share, rounded down: it is 1 only of the whole."""
    return math.floor(_SHARES * part / max(1, whole)) / _SHARES


def megabytes(size: int) -> float:
    return rounded(size / _MEGABYTE)


def is_charged(store: Store) -> bool:
    """Tell whether what is sent costs money: the emulator's answers are free."""
    return store.settings.backend != "emulator"


def dollars(store: Store, **amounts: float) -> Mapping[str, float]:
    """Return amounts by their names; nothing where nothing is charged."""
    if not is_charged(store):
        return {}
    return {name: rounded(amount) for name, amount in amounts.items()}
