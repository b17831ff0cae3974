"""The way of an HTTP request to a handler in a worker thread, and back.

The event loop only moves bytes; every handler is a plain function of a `Call`. Armed faults may
fire here, before and after it.
"""

import logging
from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from semantic_assets.emulator import clock
from semantic_assets.emulator.faults import armed as faults
from semantic_assets.emulator.faults import request_faults
from semantic_assets.emulator.http.calls import Call, Endpoint, encode, error_response
from semantic_assets.emulator.http.connections import Closed
from semantic_assets.emulator.http.errors import GoogleError, missing_key
from semantic_assets.emulator.platform.tokens import require_token
from semantic_assets.emulator.settings import read_settings
from semantic_assets.emulator.state import State

_log = logging.getLogger(__name__)


def serve(
    state: State, version: str, endpoint: Endpoint
) -> Callable[[Request], Awaitable[Response]]:
    """Return the ASGI-side function of an endpoint."""

    async def answer(request: Request) -> Response:
        try:
            body = await request.body()
        except ClientDisconnect:
            return Response(status_code=499)
        return await run_in_threadpool(_answer, state, version, endpoint, request, body)

    return answer


def serve_chunk(
    state: State, version: str, endpoint: Endpoint
) -> Callable[[Request], Awaitable[Response]]:
    """Return the same for upload chunks, whose connection may be closed while they are read."""
    whole = serve(state, version, endpoint)

    async def answer(request: Request) -> Response:
        if not await run_in_threadpool(_drops, state, endpoint):
            return await whole(request)
        half = int(request.headers.get("content-length", "0")) // 2
        received = 0
        async for piece in request.stream():
            received += len(piece)
            if received >= half:
                break
        return Closed()

    return answer


def _drops(state: State, endpoint: Endpoint) -> bool:
    with state.reading() as db:
        is_dropped = request_faults.drops_chunk(db)
    if is_dropped and endpoint.name is not None:
        state.count_call(endpoint.name)
    return is_dropped


def _answer(
    state: State, version: str, endpoint: Endpoint, request: Request, body: bytes
) -> Response:
    if endpoint.name is not None:
        state.count_call(endpoint.name)
    try:
        call = _call(state, version, endpoint, request, body)
        if call.faults and endpoint.name is not None:
            return request_faults.answer(call, endpoint)
        return encode(endpoint.handler(call))
    except GoogleError as error:
        return error_response(error, endpoint.error_headers)
    except Exception:
        _log.exception("The emulator failed at %s", endpoint.name)
        internal = GoogleError(500, "An internal error has occurred.")
        return error_response(internal, endpoint.error_headers)


def _call(state: State, version: str, endpoint: Endpoint, request: Request, body: bytes) -> Call:
    owner = _owner(request, endpoint)
    with state.reading() as db:
        settings, now, armed = read_settings(db), clock.now(db), faults.armed(db)
    return Call(
        state=state,
        settings=settings,
        now=now,
        faults=armed,
        endpoint=endpoint.name or "",
        owner=state.owner_of(owner) if owner else "",
        version=version,
        base_url=f"{request.url.scheme}://{request.url.netloc}",
        path=request.path_params,
        query=request.query_params,
        headers=request.headers,
        body=body,
    )


def _owner(request: Request, endpoint: Endpoint) -> str:
    """Return what owns what the call makes: its key, or its project and location."""
    if endpoint.needs_token:
        require_token(request.headers.get("authorization"))
        path = request.path_params
        return f"projects/{path['project']}/locations/{path['location']}"
    api_key = request.headers.get("x-goog-api-key", "")
    if endpoint.needs_key and not api_key:
        raise missing_key()
    return api_key if endpoint.needs_key else ""
