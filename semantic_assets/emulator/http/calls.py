"""One API call as a handler sees it, and the replies a handler may give.

Not here: how a call comes in (`serving.py`), and what any handler does.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response, StreamingResponse

from semantic_assets.emulator.faults.armed import Armed
from semantic_assets.emulator.http import wire
from semantic_assets.emulator.http.errors import GoogleError
from semantic_assets.emulator.settings import Settings
from semantic_assets.emulator.state import State


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request as a handler sees it."""

    state: State
    settings: Settings
    #: seconds since 1970 by the stored clock when the request came in
    now: float
    #: the faults that may fire
    faults: Armed
    #: the name of the method; "" on the emulator's own surface
    endpoint: str
    #: keyed hash of the API key; "" where none is needed
    owner: str
    #: v1, v1beta or v1alpha
    version: str
    #: scheme and authority the client used
    base_url: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_of_platform(self) -> bool:
        """Whether it is a call of the Agent Platform."""
        return "location" in self.path

    def message(self) -> Mapping[str, Any]:
        """Decode the body as a JSON message."""
        return wire.decode_message(self.body)


@dataclass(frozen=True, kw_only=True)
class Stream:
    """A reply produced piece by piece in a worker thread."""

    media_type: str
    pieces: Iterable[bytes]


@dataclass(frozen=True, kw_only=True)
class WithHeaders:
    """A JSON reply with headers of its own."""

    #: None: no body at all
    message: Mapping[str, Any] | None
    headers: Mapping[str, str]


Reply = Mapping[str, Any] | Stream | WithHeaders
Handler = Callable[[Call], Reply]


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A method of the API: its name in the call counts, and its handler."""

    #: None: not counted, and no fault fires at it
    name: str | None
    handler: Handler
    #: upload chunks are authorised by the id in their URL
    needs_key: bool = True
    #: of the Agent Platform: a token in place of the key, and its project owns what is made
    needs_token: bool = False
    #: sent with every error; an upload reply without its status is posted again by the SDK
    error_headers: Mapping[str, str] | None = None


def encode(reply: Reply) -> Response:
    """Return a reply as an HTTP response."""
    # Starlette iterates a plain iterator in its thread pool, so a slow stream blocks nobody.
    if isinstance(reply, Stream):
        return StreamingResponse(reply.pieces, media_type=reply.media_type)
    if isinstance(reply, WithHeaders):
        if reply.message is None:
            return Response(headers=dict(reply.headers), media_type="text/plain; charset=utf-8")
        return _json(200, reply.message, reply.headers)
    return _json(200, reply, None)


def error_response(error: GoogleError, headers: Mapping[str, str] | None) -> Response:
    """Return an error in Google's envelope."""
    return _json(error.code, error.envelope(), headers)


def _json(code: int, message: Mapping[str, Any], headers: Mapping[str, str] | None) -> Response:
    return Response(
        wire.encode(message),
        status_code=code,
        headers=dict(headers or {}),
        media_type="application/json; charset=UTF-8",
    )
