"""The objects that the routes of one app share."""

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from semantic_assets.api.semantic_core import SemanticCore
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.flows.refresh_now import BroughtIn, refresh_now
from semantic_assets.rest.api_keys import ApiKeys
from semantic_assets.rest.idempotency import Replays
from semantic_assets.rest.metrics import Metrics
from semantic_assets.rest.turns import ReadingTurns, Turns
from semantic_assets.rest.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of one upload; the framework itself stops at 1,000 files."""

    file_bytes: int = 256 << 20
    request_bytes: int = 1 << 30


@dataclass(slots=True)
class _Round:
    """The rounds of one dataset: they run one after the other, each for all waiting uploads."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    asked: int = 0
    began_at: int = -1
    found: BroughtIn | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    core: SemanticCore
    keys: ApiKeys
    replays: Replays
    metrics: Metrics
    usage: Usage
    needs_key: bool
    limits: Limits
    #: Places of requests that read, of those that store, send or delete, and of reading children.
    reading: Turns
    writing: Turns
    parsing: ReadingTurns
    _rounds: dict[tuple[DatasetKey, str, bool], _Round] = field(
        default_factory=lambda: defaultdict(_Round)
    )
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def refresh_now(self, dataset: DatasetKey, mode: str, *, unshared: bool) -> BroughtIn:
        """Refresh a dataset now; a round that began after this call counts as its own."""
        with self._counting:
            turn = self._rounds[dataset, mode, unshared]
            turn.asked += 1
            mine = turn.asked
        with turn.lock:
            if turn.found is None or turn.began_at < mine:
                with self._counting:
                    turn.began_at = turn.asked
                turn.found = None
                turn.found = refresh_now(
                    self.core.store, self.core.gemini, dataset, mode=mode, unshared=unshared
                )
            return turn.found


def serving_of(request: Request) -> Serving:
    found = request.app.state.serving
    assert isinstance(found, Serving)
    return found


async def _served(request: Request) -> Serving:
    return serving_of(request)


#: A parameter of a route.
Served = Annotated[Serving, Depends(_served)]
