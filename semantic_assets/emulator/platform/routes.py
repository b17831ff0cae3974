"""The routes of the Agent Platform, of Cloud Storage below `/storage`, and of a metadata server."""

from collections.abc import Awaitable, Callable
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from semantic_assets.emulator import clock
from semantic_assets.emulator.http import realtime
from semantic_assets.emulator.http.calls import Endpoint, Handler, error_response
from semantic_assets.emulator.http.errors import GoogleError
from semantic_assets.emulator.http.serving import serve
from semantic_assets.emulator.platform import (
    object_calls,
    object_faults,
    outputs,
    prediction_jobs,
    realtime_calls,
    tokens,
)
from semantic_assets.emulator.platform.objects import Buckets
from semantic_assets.emulator.state import State

_VERSIONS = ("v1", "v1beta1")
_JOBS = "/projects/{project}/locations/{location}/batchPredictionJobs"
_MODELS = "/projects/{project}/locations/{location}/publishers/google/models/{model}"
_JOB_ROUTES: tuple[tuple[str, str, str, Handler], ...] = (
    ("POST", "", "create", prediction_jobs.create),
    ("GET", "", "list", prediction_jobs.list_page),
    ("POST", "/{job_id}:cancel", "cancel", prediction_jobs.cancel),
    ("GET", "/{job_id}", "get", prediction_jobs.get),
    ("DELETE", "/{job_id}", "delete", prediction_jobs.delete),
)
_MODEL_METHODS: dict[str, Handler] = {
    "embedContent": realtime_calls.embed_content,
    "batchEmbedContents": realtime_calls.batch_embed_contents,
    "countTokens": realtime.count_tokens,
    "generateContent": realtime.generate_content,
}
_OBJECT_METHODS = ["GET", "HEAD", "PUT", "POST", "DELETE"]


def routes(state: State) -> list[Route]:
    """Return all routes over an open state directory."""
    found = [route for version in _VERSIONS for route in _api_routes(state, version)]
    objects = _objects(state)
    for path in ("/storage/{bucket}", "/storage/{bucket}/{key:path}"):
        found.append(Route(path, objects, methods=_OBJECT_METHODS))
    for path in ("/", "/computeMetadata/v1/{path:path}"):
        found.append(Route(path, tokens.metadata, methods=["GET"]))
    found.append(Route("/token", _token(state), methods=["POST"]))
    return found


def _api_routes(state: State, version: str) -> list[Route]:
    found = []
    for verb, path, name, handler in _JOB_ROUTES:
        endpoint = _endpoint(f"batchPredictionJobs.{name}", handler)
        found.append(
            Route(f"/{version}{_JOBS}{path}", serve(state, version, endpoint), methods=[verb])
        )
    for method, handler in _MODEL_METHODS.items():
        endpoint = _endpoint(f"models.{method}", handler)
        path = f"/{version}{_MODELS}:{method}"
        found.append(Route(path, serve(state, version, endpoint), methods=["POST"]))
    return found


def _endpoint(name: str, handler: Handler) -> Endpoint:
    return Endpoint(name=name, handler=handler, needs_key=False, needs_token=True)


def _token(state: State) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        state.count_call("token")
        refusal = await run_in_threadpool(object_faults.no_token, state)
        return tokens.granted(request) if refusal is None else refusal

    return answer


def _objects(state: State) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            body = await request.body()
        except ClientDisconnect:
            return Response(status_code=499)
        return await run_in_threadpool(_answer_object, state, request, body)

    return answer


def _uri(request: Request) -> str:
    bucket, key = request.path_params["bucket"], unquote(request.path_params.get("key", ""))
    return f"gs://{bucket}/{key}"


def _answer_object(state: State, request: Request, body: bytes) -> Response:
    state.count_call(f"objects.{object_faults.kind_of(request)[0]}")
    try:
        tokens.require_token(request.headers.get("authorization"))
        if (refusal := object_faults.refusal(state, request)) is not None:
            return refusal
        with state.reading() as db:
            now = clock.now(db)
        outputs.deliver(state, now)
        hidden, buckets = object_faults.hidden(state, request), Buckets(state)
        if (cut := object_faults.cut(state, buckets, request)) is not None:
            return cut
        answer = object_calls.answer(buckets, request, body, hidden=hidden)
        if request.method == "DELETE" and "uploadId" not in request.query_params:
            prediction_jobs.lose_object(state, _uri(request), now)
        return answer
    except GoogleError as error:
        return error_response(error, None)
