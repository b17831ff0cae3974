"""The routes of the API and of the emulator itself. Thin: a path, a name, a handler."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from semantic_assets.emulator.http import (
    batches,
    bill,
    control,
    files,
    realtime,
    result_files,
    uploads,
)
from semantic_assets.emulator.http.calls import Endpoint, error_response
from semantic_assets.emulator.http.errors import GoogleError
from semantic_assets.emulator.http.local_only import LocalOnly
from semantic_assets.emulator.http.serving import serve, serve_chunk
from semantic_assets.emulator.platform import routes as platform_routes
from semantic_assets.emulator.state import State

# The SDK uses v1 unless told otherwise (seen on the wire).
_VERSIONS = ("v1", "v1beta", "v1alpha")

_ROUTES = (
    ("GET", "/files", Endpoint(name="files.list", handler=files.list_page)),
    (
        "GET",
        "/files/{file_id}:download",
        Endpoint(name="files.download", handler=result_files.download),
    ),
    ("GET", "/files/{file_id}", Endpoint(name="files.get", handler=result_files.get)),
    ("DELETE", "/files/{file_id}", Endpoint(name="files.delete", handler=files.delete)),
    ("GET", "/batches", Endpoint(name="batches.list", handler=batches.list_page)),
    ("POST", "/batches/{job_id}:cancel", Endpoint(name="batches.cancel", handler=batches.cancel)),
    ("GET", "/batches/{job_id}", Endpoint(name="batches.get", handler=batches.get)),
    ("DELETE", "/batches/{job_id}", Endpoint(name="batches.delete", handler=batches.delete)),
)
_MODEL_METHODS = {
    "asyncBatchEmbedContent": batches.create_embeddings,
    "batchGenerateContent": batches.create_generation,
    "batchEmbedContents": realtime.batch_embed_contents,
    "embedContent": realtime.embed_content,
    "countTokens": realtime.count_tokens,
    "generateContent": realtime.generate_content,
}
_UPLOAD_START = Endpoint(
    name="files.upload.start", handler=uploads.start, error_headers=uploads.ERROR_HEADERS
)
_UPLOAD_CHUNK = Endpoint(
    name="files.upload.chunk",
    handler=uploads.send,
    needs_key=False,
    error_headers=uploads.ERROR_HEADERS,
)
_CONTROL_ROUTES = (
    ("GET", "/emulator/clock", control.read_clock),
    ("POST", "/emulator/clock", control.set_clock),
    ("GET", "/emulator/state", control.read_state),
    ("GET", "/emulator/jobs/{job_id}/texts", control.read_texts),
    ("GET", "/emulator/bill", bill.read_bill),
    ("GET", "/emulator/faults", control.read_faults),
    ("POST", "/emulator/faults", control.arm_fault),
    ("DELETE", "/emulator/faults", control.disarm_fault),
    ("DELETE", "/emulator/faults/{name}", control.disarm_fault),
)


def build_app(state: State) -> Starlette:
    """Return the ASGI application over an open state directory."""
    routes = [route for version in _VERSIONS for route in _api_routes(state, version)]
    routes += platform_routes.routes(state)
    routes += [
        _route(state, "", verb, path, Endpoint(name=None, handler=handler, needs_key=False))
        for verb, path, handler in _CONTROL_ROUTES
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(LocalOnly)],
        exception_handlers={HTTPException: _no_such_method},
    )


def _api_routes(state: State, version: str) -> list[Route]:
    routes = [
        _route(state, version, verb, f"/{version}{path}", endpoint)
        for verb, path, endpoint in _ROUTES
    ]
    for method, handler in _MODEL_METHODS.items():
        endpoint = Endpoint(name=f"models.{method}", handler=handler)
        path = f"/{version}/models/{{model}}:{method}"
        routes.append(_route(state, version, "POST", path, endpoint))
    # The SDK downloads from /files, the REST guide from /download.
    download = Endpoint(name="files.download", handler=result_files.download)
    path = f"/download/{version}/files/{{file_id}}:download"
    routes.append(_route(state, version, "GET", path, download))
    routes.append(Route(f"/upload/{version}/files", _upload(state, version), methods=["POST"]))
    return routes


def _route(state: State, version: str, verb: str, path: str, endpoint: Endpoint) -> Route:
    return Route(path, serve(state, version, endpoint), methods=[verb])


def _upload(state: State, version: str) -> Callable[[Request], Awaitable[Response]]:
    start = serve(state, version, _UPLOAD_START)
    send = serve_chunk(state, version, _UPLOAD_CHUNK)

    async def upload(request: Request) -> Response:
        return await (send if "upload_id" in request.query_params else start)(request)

    return upload


def _no_such_method(_: Request, error: Exception) -> Response:
    code = error.status_code if isinstance(error, HTTPException) else 500
    return error_response(GoogleError(code, "Requested entity was not found."), None)
