"""Failing answers: a connection closed early, late, or in the middle of a download.

ASGI has no way to say so, so these take uvicorn's transport of their connection.
"""

import asyncio
import socket
import struct
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

# So much may wait for a client that reads slowly.
_LARGEST_BUFFER = 4 * 1024 * 1024


class Closed(Response):
    """No answer: the connection is closed, after a while and perhaps by a reset."""

    def __init__(self, *, after_seconds: float = 0.0, is_reset: bool = False) -> None:
        super().__init__()
        self._after_seconds = after_seconds
        self._is_reset = is_reset

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = _transport(scope)
        await _wait(self._after_seconds, receive)
        if self._is_reset and (connection := transport.get_extra_info("socket")):
            # Lingering for no time at all makes the kernel send RST for FIN.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        await _gone(receive)


class Late(Response):
    """An answer that comes late, unless the client is gone by then."""

    def __init__(self, answer: Response, *, seconds: float) -> None:
        super().__init__()
        self._answer = answer
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if await _wait(self._seconds, receive):
            await self._answer(scope, receive, send)


class Trickled(Response):
    """An answer whose body comes in small pieces, far apart, while its client is there."""

    def __init__(self, answer: Response, *, size: int, seconds: float) -> None:
        super().__init__()
        self._answer = answer
        self._size = max(1, size)
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = _transport(scope)

        async def trickle(message: Any) -> None:
            body = message.get("body", b"")
            for start in range(0, len(body), self._size):
                await asyncio.sleep(self._seconds)
                if transport.is_closing():
                    return
                piece = body[start : start + self._size]
                await send({**message, "body": piece, "more_body": True})
            if not body or not message.get("more_body"):
                await send({**message, **({"body": b""} if body else {})})

        await self._answer(scope, receive, trickle)


class CutDownload(Response):
    """A download that ends early: short of its Content-Length, or, without one, as if complete."""

    def __init__(
        self, pieces: Iterable[bytes], *, fraction: float, has_length: bool, mid_line: bool
    ) -> None:
        super().__init__(media_type="application/jsonl")
        self._pieces = pieces
        self._fraction = fraction
        self._has_length = has_length
        self._mid_line = mid_line

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = _transport(scope)
        total = await run_in_threadpool(lambda: sum(map(len, self._pieces)))
        framing = f"content-length: {total}" if self._has_length else "connection: close"
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {self.media_type}\r\n{framing}\r\n\r\n"
        transport.write(head.encode())
        await self._write(transport, int(total * self._fraction))
        transport.close()
        await _gone(receive)

    async def _write(self, transport: asyncio.Transport, size: int) -> None:
        async for piece in iterate_in_threadpool(self._pieces):
            if size < len(piece):
                end = size if self._mid_line else piece.rfind(b"\n", 0, size) + 1
                if not transport.is_closing():
                    transport.write(piece[:end])
                break
            transport.write(piece)
            size -= len(piece)
            while transport.get_write_buffer_size() > _LARGEST_BUFFER:
                await asyncio.sleep(0.005)
            if transport.is_closing():
                break


def _transport(scope: Scope) -> asyncio.Transport:
    """Return the transport of a request: `server.py` shows its connections to the application."""
    for connection in scope["app"].state.connections:
        if connection.client == scope["client"]:
            transport: asyncio.Transport = connection.transport
            return transport
    raise RuntimeError("The connection is gone, or the application runs without its server.")


async def _wait(seconds: float, receive: Receive) -> bool:
    """Wait so long, and return whether the client has waited as well."""
    with suppress(TimeoutError):
        await asyncio.wait_for(_gone(receive), seconds)
        return False
    return True


async def _gone(receive: Receive) -> None:
    message: Any = {}
    while message.get("type") != "http.disconnect":
        message = await receive()
