"""Routes whose handlers wait for their caller's turn, and whose work ends when the caller has gone."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from semantic_assets.rest.api_keys import ApiKey
from semantic_assets.rest.serving import Serving, serving_of
from semantic_assets.rest.turns import Turns
from semantic_assets.sandbox.patience import CallerGone

_LOOK_SECONDS = 0.5
#: Nobody reads it; the number is that of nginx.
_CALLER_GONE = 499
_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


@dataclass(frozen=True, slots=True)
class Asking:
    """Who waits for an answer, and whether that one has gone."""

    key: ApiKey
    gone: threading.Event

    @property
    def caller(self) -> str:
        return self.key.key_id

    def has_gone(self) -> bool:
        return self.gone.is_set()


def asking_of(request: Request) -> Asking:
    found = request.state.asking
    assert isinstance(found, Asking)
    return found


class ReadingRoute(APIRoute):
    """A route that reads."""

    def get_route_handler(self) -> _Handler:
        handler = super().get_route_handler()

        async def in_turn(request: Request) -> Response:
            serving = serving_of(request)
            key = getattr(request.state, "key", None)
            if key is None:  # it is refused at once
                return await handler(request)
            asking = request.state.asking = Asking(key, threading.Event())
            turns = self._turns(serving)
            try:
                async with AsyncExitStack() as held:
                    held.enter_context(turns.inside(asking.caller))
                    await _receive_body(request)
                    held.push_async_callback(request.close)  # its files, if the handler does not
                    async with asyncio.timeout(None) as waiting:
                        await held.enter_async_context(_watched(request, asking, waiting))
                        await held.enter_async_context(turns.turn(asking.caller))
                    return await handler(request)
            except (CallerGone, TimeoutError):
                if not asking.has_gone():
                    raise
                return Response(status_code=_CALLER_GONE)

        return in_turn

    def _turns(self, serving: Serving) -> Turns:
        return serving.reading


class WritingRoute(ReadingRoute):
    """A route that stores, parses, sends or deletes."""

    def _turns(self, serving: Serving) -> Turns:
        return serving.writing


async def _receive_body(request: Request) -> None:
    """Receive the whole body, which the request keeps: a slow one must not hold a place."""
    is_form = request.headers.get("content-type", "").lower().startswith("multipart/")
    try:
        await (request.form() if is_form else request.body())
    except HTTPException:
        raise
    except Exception:  # the handler meets it again, and answers it
        return


@asynccontextmanager
async def _watched(
    request: Request, asking: Asking, waiting: asyncio.Timeout
) -> AsyncIterator[None]:
    """Look in the background whether the caller has gone; its waiting for a turn then ends."""

    loop, watching = asyncio.get_running_loop(), set[asyncio.Task[None]]()

    async def watch() -> None:
        while not await request.is_disconnected():
            await asyncio.sleep(_LOOK_SECONDS)
        asking.gone.set()
        with suppress(RuntimeError):  # it waits no more: it works
            waiting.reschedule(loop.time())

    # Most are answered before the first look, and cost no task.
    first = loop.call_later(_LOOK_SECONDS, lambda: watching.add(loop.create_task(watch())))
    try:
        yield
    finally:
        first.cancel()
        for task in watching:
            task.cancel()
