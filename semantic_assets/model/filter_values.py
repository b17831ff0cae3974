"""Values of filters: what a number and a date look like, and which days a date stands for."""

import re

from semantic_assets.errors import ConfigError

#: With a leading zero or more than 15 digits it is the name of something, and stays text.
NUMBER = r"[+-]?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?"
#: A year, a month or a day, of which a time may follow; Org mode has brackets around it.
DATE = (
    r"[<\[]?(?P<year>\d{4})(?:[-/.](?P<month>0[1-9]|1[0-2])"
    r"(?:[-/.](?P<day>0[1-9]|[12]\d|3[01])(?:[T ].*)?)?)?[>\]]?"
)
_NUMBER, _DATE = re.compile(NUMBER), re.compile(DATE)


def is_number(value: str) -> bool:
    """Say whether a value is a number, and not the name of something made of digits."""
    return _NUMBER.fullmatch(value) is not None


def number_of(value: str, what: str) -> float:
    """Return a value as a number.

    Raises:
        ConfigError: it is none; `what` says which condition it is of.
    """
    if not is_number(value):
        raise ConfigError(f"{what}: {value!r} is not a number, and the field has only numbers")
    return float(value)


def days_of(value: str, what: str) -> tuple[int, int]:
    """Return the first and the last day a value stands for, as numbers of the form 20240531.

    Raises:
        ConfigError: it is no date; `what` says which condition it is of.
    """
    found = _DATE.fullmatch(value)
    if found is None or len(value) > len("2024-05-31"):
        raise ConfigError(f"{what}: {value!r} is not a date: write 2024, 2024-05 or 2024-05-31")
    year, month, day = (None if part is None else int(part) for part in found.groups())
    first = (year or 0) * 10_000 + (month or 1) * 100 + (day or 1)
    last = (year or 0) * 10_000 + (month or 12) * 100 + (day or 31)
    return first, last
