"""One API call: from the HTTP request to a handler in a worker thread, and back.

The event loop only moves bytes; every handler is a plain function of a `Call`. Not here: what
any of them does.
"""

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from semantic_assets.emulator import clock, wire
from semantic_assets.emulator.errors import GoogleError, missing_key
from semantic_assets.emulator.settings import Settings, read_settings
from semantic_assets.emulator.state import State

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Call:
    """What a handler sees of a request."""

    state: State
    settings: Settings
    #: seconds since 1970 by the stored clock when the request came in
    now: float
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

    def message(self) -> Mapping[str, Any]:
        """The body as JSON."""
        return wire.decode_message(self.body)


@dataclass(frozen=True, kw_only=True)
class Stream:
    """A reply produced piece by piece in a worker thread."""

    media_type: str
    pieces: Iterator[bytes]


@dataclass(frozen=True, kw_only=True)
class WithHeaders:
    """A JSON reply with headers of its own."""

    message: Mapping[str, Any]
    headers: Mapping[str, str]


Reply = Mapping[str, Any] | Stream | WithHeaders
Handler = Callable[[Call], Reply]


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A method of the API: its name in the call counts, and who answers it."""

    #: None: not counted
    name: str | None
    handler: Handler
    #: upload chunks are authorised by the id in their URL (GEMINI_BATCH 3)
    needs_key: bool = True
    #: sent with every error; an upload reply without its status is posted again by the SDK
    error_headers: Mapping[str, str] | None = None


def serve(
    state: State, version: str, endpoint: Endpoint
) -> Callable[[Request], Awaitable[Response]]:
    """The ASGI-side function of an endpoint."""

    async def answer(request: Request) -> Response:
        try:
            body = await request.body()
        except ClientDisconnect:
            return Response(status_code=499)
        return await run_in_threadpool(_answer, state, version, endpoint, request, body)

    return answer


def _answer(
    state: State, version: str, endpoint: Endpoint, request: Request, body: bytes
) -> Response:
    if endpoint.name is not None:
        state.count_call(endpoint.name)
    try:
        return _encode(endpoint.handler(_call(state, version, endpoint, request, body)))
    except GoogleError as error:
        return error_response(error, endpoint.error_headers)
    except Exception:
        _log.exception("The emulator failed at %s", endpoint.name)
        internal = GoogleError(500, "An internal error has occurred.")
        return error_response(internal, endpoint.error_headers)


def _call(state: State, version: str, endpoint: Endpoint, request: Request, body: bytes) -> Call:
    api_key = request.headers.get("x-goog-api-key", "")
    if endpoint.needs_key and not api_key:
        raise missing_key()
    with state.reading() as db:
        settings, now = read_settings(db), clock.now(db)
    return Call(
        state=state,
        settings=settings,
        now=now,
        owner=state.owner_of(api_key) if endpoint.needs_key else "",
        version=version,
        base_url=f"{request.url.scheme}://{request.url.netloc}",
        path=request.path_params,
        query=request.query_params,
        headers=request.headers,
        body=body,
    )


def _encode(reply: Reply) -> Response:
    # Starlette iterates a plain iterator in its thread pool, so a slow stream blocks nobody.
    if isinstance(reply, Stream):
        return StreamingResponse(reply.pieces, media_type=reply.media_type)
    if isinstance(reply, WithHeaders):
        return _json(200, reply.message, reply.headers)
    return _json(200, reply, None)


def error_response(error: GoogleError, headers: Mapping[str, str] | None) -> Response:
    """Google's error envelope."""
    return _json(error.code, error.envelope(), headers)


def _json(code: int, message: Mapping[str, Any], headers: Mapping[str, str] | None) -> Response:
    return Response(
        wire.encode(message),
        status_code=code,
        headers=dict(headers or {}),
        media_type="application/json; charset=UTF-8",
    )
