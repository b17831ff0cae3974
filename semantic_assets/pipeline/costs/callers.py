"""Callers with a cap of their own, as keys of the REST API are: on whose behalf work is paid for."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who asks for work, and the dollars it may cost a day (UTC)."""

    name: str
    usd_per_day: float


_caller: ContextVar[Caller | None] = ContextVar("caller", default=None)


@contextmanager
def on_behalf_of(caller: Caller | None) -> Iterator[None]:
    """Count what the block pays for to a caller; None: to nobody in particular."""
    token = _caller.set(caller)
    try:
        yield
    finally:
        _caller.reset(token)


def current_caller() -> Caller | None:
    """Return the caller on whose behalf this runs, if that one has a cap."""
    return _caller.get()
