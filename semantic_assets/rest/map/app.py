"""The map of a corpus over HTTP: the page, the places of all passages, and the passages asked for."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from semantic_assets.errors import NotFound
from semantic_assets.pipeline.exports.corpus_map import CorpusMap

_HERE = Path(__file__).parent
_FILES = {
    "/": ("index.html", "text/html"),
    "/map.js": ("map.js", "text/javascript"),
    "/map.css": ("map.css", "text/css"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
_BYTES = "application/octet-stream"
_Handler = Callable[[Request], Awaitable[Response]]


def map_app(found: CorpusMap) -> Starlette:
    """Return the application; it answers to names of this machine only, as pages elsewhere cannot."""

    async def about(request: Request) -> Response:
        return JSONResponse(_about(found), headers=_HEADERS)

    async def places(request: Request) -> Response:
        return _bytes(found.places.astype("<f4").tobytes())

    async def groups(request: Request) -> Response:
        number = request.path_params["number"]
        if number >= len(found.groupings):
            return _missing(f"the map has no grouping {number}")
        return _bytes(found.groupings[number].of.tobytes())

    async def passage(request: Request) -> Response:
        try:
            return JSONResponse(found.passage(request.path_params["number"]), headers=_HEADERS)
        except NotFound as error:
            return _missing(str(error))

    async def with_words(request: Request) -> Response:
        words = request.query_params.get("words", "")
        numbers = await run_in_threadpool(found.with_words, words)
        return _bytes(numbers.astype("<u4").tobytes())

    return Starlette(
        routes=[
            *(Route(path, _file(*file)) for path, file in _FILES.items()),
            Route("/about", about),
            Route("/places", places),
            Route("/groups/{number:int}", groups),
            Route("/passages/{number:int}", passage),
            Route("/passages", with_words),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
    )


def _about(found: CorpusMap) -> dict[str, object]:
    return {
        "title": found.title,
        "shown": len(found),
        "passages": found.passages,
        "groupings": [{"title": one.title, "names": one.names} for one in found.groupings],
        "labels": found.labels,
    }


def _file(name: str, media_type: str) -> _Handler:
    async def answer(request: Request) -> Response:
        return FileResponse(_HERE / name, media_type=media_type, headers=_HEADERS)

    return answer


def _bytes(content: bytes) -> Response:
    return Response(content, media_type=_BYTES, headers=_HEADERS)


def _missing(why: str) -> Response:
    return JSONResponse({"detail": why}, status_code=404, headers=_HEADERS)
