"""A limit on the bytes of a request, counted on arrival: the stated length may be wrong."""

from contextlib import suppress
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from semantic_assets.rest.problems import problem

#: A body that is not a form is held in memory, and read before the key is checked.
_PLAIN_BYTES = 4 << 20


class _TooLarge(Exception):
    pass


class BodyLimit:
    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app, self._limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        is_form = headers.get(b"content-type", b"").lower().startswith(b"multipart/form-data")
        limit = self._limit if is_form else min(self._limit, _PLAIN_BYTES)
        told = headers.get(b"content-length", b"0")
        if told.isdigit() and int(told) > limit:
            await _refuse(limit, scope, receive, send)
            return
        received, has_begun = 0, False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise _TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal has_begun
            # A form that could not be read to its end is answered with a 400 by the framework.
            if received <= limit or has_begun:
                has_begun = True
                await send(message)

        with suppress(_TooLarge):
            await self._app(scope, counted, noted)
        if received > limit and not has_begun:
            await _refuse(limit, scope, receive, send)


async def _refuse(limit: int, scope: Scope, receive: Receive, send: Send) -> None:
    detail = f"a request like this has at most {limit} bytes: send fewer files at once"
    refusal = problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail, {"Connection": "close"})
    await refusal(scope, receive, send)
