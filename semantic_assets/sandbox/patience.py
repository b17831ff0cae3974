"""The patience of who waits for a reading: it ends when that one has gone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_has_gone: ContextVar[Callable[[], bool] | None] = ContextVar("has gone", default=None)


class CallerGone(Exception):
    """The one who asked for the work does not wait for it any more."""


@contextmanager
def reading_for(has_gone: Callable[[], bool]) -> Iterator[None]:
    """End the readings of the block, with CallerGone, when the one they are for has gone."""
    token = _has_gone.set(has_gone)
    try:
        yield
    finally:
        _has_gone.reset(token)


def is_watched() -> bool:
    """Return whether somebody may go while this reads."""
    return _has_gone.get() is not None


def require_wanted() -> None:
    """Raise CallerGone if the one this reads for has gone."""
    has_gone = _has_gone.get()
    if has_gone is not None and has_gone():
        raise CallerGone
