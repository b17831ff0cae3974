"""The responses that routes declare besides their own: problems, with their headers, in one place."""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel, Field

from semantic_assets.rest.problems import MEDIA_TYPE

Responses = dict[int | str, dict[str, Any]]
_Operation = dict[str, Any]


class _Place(BaseModel):
    """Where a request is wrong, and why."""

    at: list[str | int]
    reason: str


class _Problem(BaseModel):
    """An error (RFC 9457); `detail` says what to do."""

    type: Literal["about:blank"]
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    #: Of a request that does not fit this document.
    errors: list[_Place] = []


_MEANING = {
    400: "The body cannot be read.",
    401: "There is no key, or it is not known here.",
    402: "A cap of spending does not allow this.",
    403: "The key may not do this; or, without keys, the request is not of this machine.",
    404: "There is no such thing.",
    408: "The body took too long to arrive.",
    409: "The state of things does not allow this.",
    413: "The request is too large.",
    422: "The request does not fit this document, or cannot be meant.",
    429: "The key, or the embedding service, is at its limit.",
    502: "A service behind this server answered what cannot be used.",
    503: "This server, or a service behind it, cannot answer at present.",
}
_SAME_DATASET = {"project": "$request.path.project", "dataset": "$request.path.dataset"}
_TEXT, _SECONDS = {"type": "string"}, {"type": "integer", "minimum": 0}
_HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"required": True, "schema": _TEXT}},
    408: {"Retry-After": {"schema": _SECONDS}},
    429: {"Retry-After": {"required": True, "schema": _SECONDS}},
    503: {"Retry-After": {"schema": _SECONDS}},
}
#: Where the answers of an operation lead, by its id and status.
_LINKS: dict[tuple[str, str], tuple[tuple[str, dict[str, str]], ...]] = {
    ("post_documents", "200"): (
        ("get_document", {**_SAME_DATASET, "document": "$response.body#/results/0/document_id"}),
        ("delete_document", {**_SAME_DATASET, "document": "$response.body#/results/0/document_id"}),
    ),
    ("get_documents", "200"): (
        ("get_documents", {**_SAME_DATASET, "after": "$response.body#/last_id"}),
        ("get_document", {**_SAME_DATASET, "document": "$response.body#/data/0/document_id"}),
    ),
    ("delete_document", "200"): (
        ("get_document", {**_SAME_DATASET, "document": "$request.path.document"}),
    ),
    ("post_batches", "202"): (
        ("get_batch", {"batch_id": "$response.body#/job_ids/0"}),
        ("post_cancel", {"batch_id": "$response.body#/job_ids/0"}),
    ),
    ("get_batches", "200"): (
        ("get_batches", {"after": "$response.body#/last_id"}),
        ("get_batch", {"batch_id": "$response.body#/data/0/id"}),
        ("get_results", {"batch_id": "$response.body#/data/0/id"}),
    ),
    ("post_generations", "202"): (
        ("get_generation", {"name": "$response.body#/name"}),
        ("get_generation_results", {"name": "$response.body#/name"}),
    ),
}
_REPLAYED = {"Idempotency-Replayed": {"schema": {"type": "string", "const": "true"}}}


def _is_any(_: _Operation) -> bool:
    return True


def _needs_key(operation: _Operation) -> bool:
    return "security" in operation


def _has_input(operation: _Operation) -> bool:
    return "parameters" in operation or "requestBody" in operation


def _has_body(operation: _Operation) -> bool:
    return "requestBody" in operation


def _is_replayed(operation: _Operation) -> bool:
    return any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", ()))


#: What routes may answer by what they need and take.
_BY_KIND: tuple[tuple[Callable[[_Operation], bool], tuple[int, ...]], ...] = (
    (_is_any, (403, 413)),
    (_needs_key, (401, 408, 429, 502, 503)),
    (_has_input, (422,)),
    (_has_body, (400,)),
    (_is_replayed, (409,)),
)


def _declared(meaning: str, headers: dict[str, Any] | None = None) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": meaning, "content": content} | ({"headers": headers} if headers else {})


def problems(*statuses: int) -> Responses:
    """Return the declarations of problems with these statuses, for the `responses` of a route."""
    return {status: _declared(_MEANING[status], _HEADERS.get(status)) for status in statuses}


#: A line of JSON for each row.
NDJSON = "application/x-ndjson"
#: What is named may not be there.
FINDS = problems(404)
#: The state of a job, a dataset or another writer may be against it.
CHANGES = problems(409)
#: Spending may be refused.
SPENDS = problems(402)


def shows(model: Any, *statuses: int) -> Responses:
    """Return the declaration of answers that have the fields of a model or dataclass."""
    return {status: {"model": model} for status in statuses or (HTTPStatus.OK,)}


def streams(media_type: str) -> Responses:
    """Return the declaration of an answer that is text of another kind than JSON."""
    return {HTTPStatus.OK: {"content": {media_type: {"schema": _TEXT}}}}


def install(app: FastAPI) -> None:
    """Have the OpenAPI document of the app say all that its routes may answer."""
    made = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(made())
        return made()

    app.openapi = document  # type: ignore[method-assign]


def _complete(document: dict[str, Any]) -> None:
    for operation in _operations(document):
        _add_problems(operation)
        _add_links(operation)
        if _is_replayed(operation):
            _add_replays(operation)
    schemas = document["components"]["schemas"]
    schemas["Problem"] = _schema()
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)


def _operations(document: dict[str, Any]) -> Iterator[_Operation]:
    for methods in document["paths"].values():
        yield from methods.values()


def _add_problems(operation: _Operation) -> None:
    responses = operation["responses"]
    for applies, statuses in _BY_KIND:
        if applies(operation):
            _merge(responses, problems(*statuses))
    responses["default"] = _declared("An error of the server.")
    operation["responses"] = dict(sorted(responses.items()))


def _add_links(operation: _Operation) -> None:
    """Add the links to what may be asked next."""
    for (name, status), links in _LINKS.items():
        if operation["operationId"] == name:
            operation["responses"][status]["links"] = {
                target: {"operationId": target, "parameters": parameters}
                for target, parameters in links
            }


def _add_replays(operation: _Operation) -> None:
    """Declare the header of a stored answer: those are JSON, and problems are not stored."""
    for response in operation["responses"].values():
        if "application/json" in response["content"]:
            response["headers"] = _REPLAYED


def _merge(responses: dict[str, Any], more: Responses) -> None:
    """Add what is not declared; the framework's own shape of a 422 is replaced."""
    for status, declared in more.items():
        before = responses.get(str(status), {}).get("content", {})
        kept = {kind: one for kind, one in before.items() if "HTTPValidationError" not in str(one)}
        responses[str(status)] = {**declared, "content": kept | declared["content"]}


def _schema() -> dict[str, Any]:
    schema = _Problem.model_json_schema()
    schema["properties"]["errors"]["items"] = schema.pop("$defs")["_Place"]
    return {**schema, "title": "Problem"}
