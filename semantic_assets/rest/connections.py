"""Connections of the served API: their number, and their time for a header and to take an answer."""

import asyncio
import time
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 20.0
#: Nothing of an answer was taken for so long.
ANSWER_SECONDS = 60.0
MAX_CONNECTIONS = 1_000


class BoundedConnection(H11Protocol):
    """A connection that is closed when its header is late or nobody takes its answer.

    It is also closed to make room for another. h11 bounds a header to 16 kB; httptools does not.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._late: asyncio.TimerHandle | None = None
        self._untaken: asyncio.TimerHandle | None = None
        self._since = time.monotonic()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        has_room = len(self.connections) < MAX_CONNECTIONS or self._make_room()
        super().connection_made(transport)
        if has_room:
            self._expect_header()
        else:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.is_without_request:
            self._expect_header()
        else:
            self._cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel()
        if self._untaken is not None:
            self._untaken.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._untaken = self.loop.call_later(ANSWER_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._untaken is not None:
            self._untaken.cancel()
            self._untaken = None

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._since = time.monotonic()

    @property
    def is_without_request(self) -> bool:
        """Whether no request has come that is not answered: at most a part of its header."""
        return self.conn.their_state is h11.IDLE

    def _expect_header(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(HEADER_SECONDS, self.transport.abort)

    def _cancel(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _make_room(self) -> bool:
        """Close the connection that has been longest without a request, if there is one."""
        idle = (
            one
            for one in self.connections
            if isinstance(one, BoundedConnection) and one.is_without_request
        )
        oldest = min(idle, key=lambda one: one._since, default=None)
        if oldest is not None:
            self.connections.discard(oldest)
            oldest.transport.abort()
        return oldest is not None
