"""Turns: how much is worked on at once, in all and for each caller; nobody gets all places.

What waits goes on in the order in which it came, so that many waiting requests of one caller do not
pass those of another. Requests wait without a thread.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from http import HTTPStatus

from semantic_assets.rest.problems import Problem
from semantic_assets.sandbox.patience import CallerGone

#: Of all places, the part that one caller may hold.
_SHARE = 0.75
#: Requests of one caller that send their bodies, work or wait.
_MAX_INSIDE = 256
_LOOK_SECONDS = 0.5


def _share_of(places: int, is_shared: bool) -> int:
    """Return the places of one caller; who is alone on this server gets all."""
    return max(1, int(places * _SHARE)) if is_shared else places


@dataclass(slots=True)
class _Share:
    places: asyncio.Semaphore
    inside: int = 0


class Turns:
    """The places for requests of one kind; to be used in one event loop."""

    def __init__(self, places: int, *, is_shared: bool) -> None:
        self._each = _share_of(places, is_shared)
        self._all = asyncio.Semaphore(places)
        self._shares: dict[str, _Share] = {}

    @contextmanager
    def inside(self, caller: str) -> Iterator[None]:
        """Count a request from before its body until it is answered.

        Raises:
            Problem: this caller has too many requests here.
        """
        share = self._shares.setdefault(caller, _Share(asyncio.Semaphore(self._each)))
        if share.inside >= _MAX_INSIDE:
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"{_MAX_INSIDE} requests of this key are being answered: ask again when some are",
                {"Retry-After": "5"},
            )
        share.inside += 1
        try:
            yield
        finally:
            share.inside -= 1
            if not share.inside:
                del self._shares[caller]

    @asynccontextmanager
    async def turn(self, caller: str) -> AsyncIterator[None]:
        """Wait for a place and hold it; to be used inside `inside`."""
        async with self._shares[caller].places, self._all:
            yield


class ReadingTurns:
    """The places for reading files in child processes, for the threads of uploads."""

    def __init__(self, places: int, *, is_shared: bool) -> None:
        self._each = _share_of(places, is_shared)
        self._all = threading.Semaphore(places)
        self._shares: dict[str, threading.Semaphore] = {}

    @contextmanager
    def turn(self, caller: str, has_gone: Callable[[], bool]) -> Iterator[None]:
        """Wait for a place and hold it.

        Raises:
            CallerGone: the caller waits no more.
        """
        with ExitStack() as held:
            share = self._shares.setdefault(caller, threading.Semaphore(self._each))
            for places in (share, self._all):
                while not places.acquire(timeout=_LOOK_SECONDS):
                    if has_gone():
                        raise CallerGone
                held.callback(places.release)
            yield
