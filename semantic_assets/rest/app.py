"""The FastAPI app: its routes and middleware, made anew for each server and each test."""

import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from semantic_assets.api.semantic_core import SemanticCore
from semantic_assets.mcp.endpoint import Endpoint
from semantic_assets.pipeline.documents.ingest import clear_incoming
from semantic_assets.rest import problems, responses
from semantic_assets.rest.access import Access
from semantic_assets.rest.api_keys import ApiKeys
from semantic_assets.rest.body_limit import BodyLimit
from semantic_assets.rest.idempotency import Replays
from semantic_assets.rest.metrics import Metrics
from semantic_assets.rest.routes import (
    agents,
    batches,
    corpus,
    documents,
    facets,
    generations,
    keys,
    search,
)
from semantic_assets.rest.routes.page_files import add_page
from semantic_assets.rest.serving import Limits, Serving
from semantic_assets.rest.turns import ReadingTurns, Turns
from semantic_assets.rest.usage import Usage
from semantic_assets.sandbox.pool import MAX_CHILDREN

_log = logging.getLogger("semantic_assets.rest")
#: A search computes for most of its time; an upload waits for disks and for others' rounds.
_READING, _WRITING = 32, 24
#: More than both: monitors and streams need no turn.
_THREADS = 80
ROUTERS = (
    *(documents.changes, documents.in_default, documents.router, batches.changes, batches.router),
    *(generations.changes, generations.router, keys.changes, keys.router),
    *(search.router, facets.router, corpus.router, search.monitoring),
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}


def create_app(
    core: SemanticCore,
    *,
    needs_key: bool,
    limits: Limits | None = None,
    workers: int = 1,
    metrics: Path | None = None,
    only_agents: bool = False,
) -> FastAPI:
    """Return the REST API over an open core, which it closes at its end.

    Args:
        needs_key: False only for a server that is bound to loopback.
        workers: processes like this one, among which the places of requests are divided.
        metrics: the folder of the metrics of all workers.
        only_agents: answer MCP and monitors, and nothing that writes.
    """
    # It would log each broken body, byte by byte.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    serving = _serving(core, needs_key, limits or Limits(), workers, metrics)
    endpoint = Endpoint(core, agents.visitor_of)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        clear_incoming(core.reader)
        current_default_thread_limiter().total_tokens = _THREADS
        async with endpoint.open():
            yield
        serving.replays.close()
        serving.usage.close()
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
    for router in [search.monitoring] if only_agents else ROUTERS:
        app.include_router(router)
    app.router.routes.append(agents.agents_route(endpoint))
    if not only_agents:
        add_page(app)
    app.add_middleware(BodyLimit, limit=serving.limits.request_bytes)
    app.add_middleware(Access)
    app.add_middleware(_Observed)
    return app


def _serving(
    core: SemanticCore, needs_key: bool, limits: Limits, workers: int, metrics: Path | None
) -> Serving:
    lake = core.reader.lake
    return Serving(
        core=core,
        keys=ApiKeys(lake),
        replays=Replays(lake.path("rest/replays.sqlite3")),
        metrics=Metrics(metrics),
        usage=Usage.of(lake),
        needs_key=needs_key,
        limits=limits,
        # Without keys everybody is the one person at this machine.
        reading=Turns(-(-_READING // workers), is_shared=needs_key),
        writing=Turns(-(-_WRITING // workers), is_shared=needs_key),
        parsing=ReadingTurns(-(-MAX_CHILDREN // workers), is_shared=needs_key),
    )


class _Observed:
    """Count and log requests by route: paths hold names, and queries may hold texts."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.monotonic(), int(HTTPStatus.INTERNAL_SERVER_ERROR)

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            seconds = time.monotonic() - began
            scope["app"].state.serving.metrics.count(scope["method"], route, status, seconds)
            _log.info("%s %s %s %.0f ms", scope["method"], route, status, seconds * 1e3)
