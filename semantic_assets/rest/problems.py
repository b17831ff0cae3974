"""Errors as problem details (RFC 9457) with the remedy; never with a stack or a secret."""

import logging
import math
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from semantic_assets.errors import (
    ConfigError,
    Conflict,
    NotFound,
    PermanentError,
    RateLimited,
    ScopePaused,
    SemanticAssetsError,
    SetupError,
    SourceMissing,
    SpendRefused,
    TransientError,
)

_log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
#: Where Google does not say when to ask again.
_RETRY_SECONDS = 60
#: What went wrong behind this server is told to its log alone: the words of Google, of a bucket or of
#: Postgres name keys, projects and places that are no caller's business.
_UPSTREAM: tuple[tuple[type[SemanticAssetsError], str], ...] = (
    (SetupError, "this server is not set up for this: tell its operator"),
    (RateLimited, "the embedding service is at its quota: ask again later"),
    (ScopePaused, "the embedding service refuses this server at present: tell its operator"),
    (SourceMissing, "the documents of this server are not there at present: tell its operator"),
    (TransientError, "a service behind this server does not answer: ask again later"),
    (
        PermanentError,
        "a service behind this server answered what cannot be used: tell its operator",
    ),
)
#: A refusal names what the lake has spent.
_SPENDING: tuple[tuple[type[SemanticAssetsError], str], ...] = (
    (SpendRefused, "a spending cap of this server has no room for this: tell its operator"),
)
#: The first class that matches decides.
_STATUS: tuple[tuple[type[SemanticAssetsError], HTTPStatus], ...] = (
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (SpendRefused, HTTPStatus.PAYMENT_REQUIRED),
    (SetupError, HTTPStatus.SERVICE_UNAVAILABLE),
    (ConfigError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (RateLimited, HTTPStatus.TOO_MANY_REQUESTS),
    (ScopePaused, HTTPStatus.SERVICE_UNAVAILABLE),
    (SourceMissing, HTTPStatus.SERVICE_UNAVAILABLE),
    (TransientError, HTTPStatus.SERVICE_UNAVAILABLE),
)


class Problem(Exception):
    """A refusal by the REST interface itself."""

    def __init__(
        self, status: HTTPStatus, detail: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


def problem(
    status: int, detail: str, headers: dict[str, str] | None = None, **more: object
) -> JSONResponse:
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": int(status), "detail": detail, **more}
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)


def told(error: SemanticAssetsError, where: str, *, is_of_one_project: bool = False) -> str:
    """Return what a caller is told of an error: its own words, or a fixed sentence for trouble upstream.

    Args:
        is_of_one_project: what others have spent is not told either.
    """
    for kind, sentence in (*_UPSTREAM, *(_SPENDING if is_of_one_project else ())):
        if isinstance(error, kind):
            _log.warning("%s: %s: %s", where, type(error).__name__, error)
            return sentence
    return str(error)


def _route(request: Request) -> str:
    route = getattr(request.scope.get("route"), "path", "none")  # the path itself holds names
    return f"{request.method} {route}"


def _again(error: SemanticAssetsError) -> dict[str, str] | None:
    if not isinstance(error, RateLimited):
        return None
    return {"Retry-After": str(math.ceil(error.retry_seconds or _RETRY_SECONDS))}


def _allowed(request: Request) -> list[str]:
    """Return the methods of a path, of which the framework names those of one route alone."""
    return [
        method
        for method in _METHODS
        for scope in [{**request.scope, "method": method}]
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
    ]


def install(app: FastAPI) -> None:
    """Install the handlers that answer every error with a problem."""

    @app.exception_handler(Problem)
    async def refused(_: Request, error: Problem) -> JSONResponse:
        return problem(error.status, error.detail, error.headers)

    @app.exception_handler(SemanticAssetsError)
    async def ours(request: Request, error: SemanticAssetsError) -> JSONResponse:
        status = next((s for kind, s in _STATUS if isinstance(error, kind)), HTTPStatus.BAD_GATEWAY)
        is_of_one_project = getattr(request.state, "is_of_one_project", False)
        sentence = told(error, _route(request), is_of_one_project=is_of_one_project)
        return problem(status, sentence, _again(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        # Say where and why, not what was sent, which may be a text.
        errors = [{"at": list(e["loc"]), "reason": e["msg"]} for e in error.errors()]
        detail = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=errors)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        headers = dict(error.headers) if error.headers else None
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers = {"Allow": ", ".join(_allowed(request))}
        return problem(error.status_code, str(error.detail), headers)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        _log.error("%s failed", _route(request), exc_info=error)
        return problem(
            HTTPStatus.INTERNAL_SERVER_ERROR, "an error of the server; its log says which"
        )
