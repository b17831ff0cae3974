"""The FastAPI app: its routes and middleware, made anew for each server and each test."""

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse
from fastapi_offline import FastAPIOffline

from semantic_assets.api.semantic_core import SemanticCore
from semantic_assets.pipeline.documents.ingest import clear_incoming
from semantic_assets.rest import (
    problems,
    responses,
    routes_batches,
    routes_documents,
    routes_generations,
    routes_search,
)
from semantic_assets.rest.access import before_the_body
from semantic_assets.rest.api_keys import ApiKeys
from semantic_assets.rest.body_limit import BodyLimit
from semantic_assets.rest.idempotency import Replays
from semantic_assets.rest.metrics import Metrics
from semantic_assets.rest.serving import Limits, Serving

_log = logging.getLogger("semantic_assets.rest")
_PAGE = Path(__file__).parent / "page"
_ASSETS = {"/": ("index.html", "text/html"), "/page.js": ("page.js", "text/javascript")}
_ASSETS["/page.css"] = ("page.css", "text/css")
ROUTERS = tuple(
    module.router
    for module in (routes_documents, routes_batches, routes_generations, routes_search)
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
_PAGE_POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"


def create_app(core: SemanticCore, *, needs_key: bool, limits: Limits | None = None) -> FastAPI:
    """Return the REST API over an open core, which it closes at its end.

    Args:
        needs_key: False only for a server that is bound to loopback.
    """
    # It would log each broken body, byte by byte.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    lake = core.reader.lake
    serving = Serving(
        core=core,
        keys=ApiKeys(lake),
        replays=Replays(lake.path("rest/replays.sqlite3")),
        metrics=Metrics(),
        needs_key=needs_key,
        limits=limits or Limits(),
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        clear_incoming(core.reader)
        yield
        serving.replays.close()
        core.close()

    app = FastAPIOffline(
        title="semantic_assets",
        version=version("semantic-assets"),
        summary="Documents in, batches out, search.",
        lifespan=lifespan,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        # Behind a TLS proxy a redirect would name http://, and a client would send its key there.
        redirect_slashes=False,
    )
    app.state.serving = serving
    problems.install(app)
    responses.install(app)
    for router in ROUTERS:
        app.include_router(router)
    _add_page(app)
    app.add_middleware(BodyLimit, limit=serving.limits.request_bytes)
    app.middleware("http")(before_the_body)
    app.middleware("http")(_observed)
    return app


def _add_page(app: FastAPI) -> None:
    for path, (name, media_type) in _ASSETS.items():

        def asset(name: str = name, media_type: str = media_type) -> FileResponse:
            headers = {"Content-Security-Policy": _PAGE_POLICY, "Cache-Control": "no-cache"}
            return FileResponse(_PAGE / name, media_type=media_type, headers=headers)

        app.add_api_route(path, asset, include_in_schema=False, response_class=FileResponse)


async def _observed(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Count and log requests by route: paths hold names, and queries may hold texts."""
    began, status = time.monotonic(), int(HTTPStatus.INTERNAL_SERVER_ERROR)
    try:
        response = await call_next(request)
        status = response.status_code
        response.headers.update(_HEADERS)
        return response
    finally:
        route = getattr(request.scope.get("route"), "path", "none")
        seconds = time.monotonic() - began
        request.app.state.serving.metrics.count(request.method, route, status, seconds)
        _log.info("%s %s %s %.0f ms", request.method, route, status, seconds * 1e3)
