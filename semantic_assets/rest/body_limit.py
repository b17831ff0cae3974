"""Limits on the body of a request: its bytes, counted on arrival, and the time it takes to arrive."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from semantic_assets.rest.api_keys import ApiKey
from semantic_assets.rest.problems import Problem, problem
from semantic_assets.rest.serving import serving_of
from semantic_assets.rest.usage import Usage

#: A body that is not a form is held in memory, and read before the key is checked.
_PLAIN_BYTES = 4 << 20
#: A body may begin slowly, and then arrives at the pace of a bad telephone line.
_PATIENCE_SECONDS, _BYTES_A_SECOND = 30.0, 16 << 10
_COUNTED_BYTES = 1 << 20


class _Refused(Exception):
    pass


@dataclass(slots=True)
class _Body:
    """One body as it arrives."""

    receive: Receive
    limit: int
    usage: Usage
    key: ApiKey | None
    began: float = field(default_factory=time.monotonic)
    received: int = 0
    counted: int = 0
    is_whole: bool = False
    refusal: Problem | None = None

    async def next(self) -> Message:
        """Return the next message.

        Raises:
            _Refused: the body is too long, too slow, or more than its key may upload.
        """
        if self.refusal is not None:
            raise _Refused
        if self.is_whole:  # the next is that the caller has gone
            return await self.receive()
        try:
            message = await self._in_time()
            self.received += len(message.get("body", b""))
            self.is_whole = not message.get("more_body", False)
            if self.received > self.limit:
                raise _too_large(self.limit)
            if self.is_whole or self.received - self.counted >= _COUNTED_BYTES:
                await self._count()
        except Problem as refusal:
            self.refusal = refusal
            raise _Refused from refusal
        return message

    async def _in_time(self) -> Message:
        left = self.began + _PATIENCE_SECONDS + self.received / _BYTES_A_SECOND - time.monotonic()
        try:
            async with asyncio.timeout(max(left, 0.001)):
                return await self.receive()
        except TimeoutError:
            raise Problem(
                HTTPStatus.REQUEST_TIMEOUT,
                f"the body arrives too slowly: after {_PATIENCE_SECONDS:.0f} s it must come at "
                f"{_BYTES_A_SECOND >> 10} kB a second",
                _CLOSE,
            ) from None

    async def _count(self) -> None:
        more, self.counted = self.received - self.counted, self.received
        if self.key is not None and self.key.quota.upload_bytes_per_day is not None:
            await run_in_threadpool(self.usage.count_bytes, self.key, more)


class BodyLimit:
    """Refuse bodies that are too long or too slow, before or while they arrive."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app, self._limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        is_form = request.headers.get("content-type", "").lower().startswith("multipart/form-data")
        limit = self._limit if is_form else min(self._limit, _PLAIN_BYTES)
        # Uploads alone count against the bytes of a key: a question is no upload.
        key = getattr(request.state, "key", None) if is_form else None
        usage = serving_of(request).usage
        body = _Body(receive, limit, usage, key)
        body.refusal = await _refusal(body, request.headers.get("content-length", ""))
        if body.refusal is None:
            await self._answer(body, scope, send)
        if body.refusal is not None:
            refused = body.refusal
            answer = problem(refused.status, refused.detail, refused.headers)
            await answer(scope, receive, send)

    async def _answer(self, body: _Body, scope: Scope, send: Send) -> None:
        has_begun = False

        async def noted(message: Message) -> None:
            nonlocal has_begun
            # A form that could not be read to its end is answered with a 400 by the framework.
            if body.refusal is None or has_begun:
                has_begun = True
                await send(message)

        with suppress(_Refused):
            await self._app(scope, body.next, noted)
        if has_begun:
            body.refusal = None


async def _refusal(body: _Body, told: str) -> Problem | None:
    """Return why a body of the told length is not received at all."""
    length = int(told) if told.isdigit() else 0
    if length > body.limit:
        return _too_large(body.limit)
    if body.key is None or not length:
        return None
    try:
        if body.key.quota.upload_bytes_per_day is not None:
            await run_in_threadpool(body.usage.require_room, body.key, length)
    except Problem as refused:
        return refused
    return None


_CLOSE = {"Connection": "close"}


def _too_large(limit: int) -> Problem:
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"a request like this has at most {limit} bytes: send fewer files at once",
        _CLOSE,
    )
