"""A deadline for each call as a whole: a body that trickles restarts the time-out of each read."""

import time
from collections.abc import Iterator
from typing import Any

import httpx2

#: Times the time-out of one read. A body of ten bytes every five seconds hung a poll for good.
_WHOLE_CALL = 3.0


def deadline_transport() -> httpx2.BaseTransport:
    """Return a transport whose answers must be whole within three times their read time-out."""
    return _DeadlineTransport()


class _DeadlineTransport(httpx2.HTTPTransport):
    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        seconds = (request.extensions.get("timeout") or {}).get("read")
        answer = super().handle_request(request)
        if seconds:
            answer.stream = _Bounded(answer.stream, time.monotonic() + seconds * _WHOLE_CALL)
        return answer


class _Bounded(httpx2.SyncByteStream):
    def __init__(self, stream: Any, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def __iter__(self) -> Iterator[bytes]:
        for part in self._stream:
            if time.monotonic() > self._deadline:
                raise httpx2.ReadTimeout("the answer was not whole in time")
            yield part

    def close(self) -> None:
        self._stream.close()
