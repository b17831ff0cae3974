"""Routes that read: search, status, and the checks of a monitor."""

from dataclasses import asdict, fields
from http import HTTPStatus

import orjson
from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from semantic_assets.model.keys import Scope
from semantic_assets.model.search_options import SearchArguments, options_of
from semantic_assets.pipeline.discovery.named_datasets import named_datasets
from semantic_assets.pipeline.reports.pending_counts import pending_counts
from semantic_assets.pipeline.reports.status import Status
from semantic_assets.pipeline.search.search import Asked
from semantic_assets.pipeline.search.search_hit import Answer, SearchHit
from semantic_assets.pipeline.search.searched import Versions, searched_of
from semantic_assets.rest.access import Key, LakeReader, readable
from semantic_assets.rest.api_keys import READ, ApiKey
from semantic_assets.rest.bodies import Json, SearchBody
from semantic_assets.rest.fair_route import ReadingRoute
from semantic_assets.rest.metrics import CONTENT_TYPE
from semantic_assets.rest.problems import Problem, problem
from semantic_assets.rest.responses import FINDS, SPENDS, problems, shows, streams
from semantic_assets.rest.serving import Served, Serving
from semantic_assets.rest.shapes import Datasets, Health, Hits

router = APIRouter(route_class=ReadingRoute)
monitoring = APIRouter(tags=["monitoring"])
_FIELDS = [one.name for one in fields(SearchHit)]
_OPTIONS = set(SearchArguments.__annotations__)


@router.post(
    "/v1/search",
    tags=["search"],
    response_model=None,
    responses={**shows(Hits), **FINDS, **SPENDS},
)
def post_search(serving: Served, key: Key, body: SearchBody) -> Response:
    """Return the passages that answer a question best; none where nothing is close."""
    scope, answer = searched_scope(serving, key, body.datasets), Answer()
    if body.datasets or any(one in scope for one in _versions(serving)):
        asked = Asked(
            questions=(body.query,),
            scope=scope,
            options=options_of(**body.model_dump(include=_OPTIONS)),
            space_id=body.space,
        )
        (answer,) = serving.core.gathering.ask(asked)
    shown = [_shown(hit) for hit in answer]
    content = orjson.dumps({"object": "list", "data": shown, "has_more": answer.has_more})
    return Response(content, media_type="application/json")


def _shown(hit: SearchHit) -> Json:
    return {"object": "hit", **{name: getattr(hit, name) for name in _FIELDS}}


def searched_scope(serving: Serving, key: ApiKey, names: list[str]) -> Scope:
    """Return what a request names, or all that its key may read.

    Raises:
        Problem: something named is of another project.
        UnknownName: something named is not there.
        DatasetRemoved: a dataset named was removed.
    """
    named = Scope.parse(names)
    if not named:
        return Scope(projects=(key.project,) if key.is_of_one_project else ())
    if not all(key.may(READ, project) for project in named.projects):
        raise Problem(HTTPStatus.FORBIDDEN, "this key is for another project")
    datasets = readable(serving, key, [*map(str, named.datasets)]) if named.datasets else ()
    _require_projects(serving, key, named.projects)
    return Scope(datasets, named.projects)


def _require_projects(serving: Serving, key: ApiKey, projects: tuple[str, ...]) -> None:
    """Check that projects are there; a key hears of no names that it may not read."""
    reader = serving.core.reader
    serving_ones = {one.project for one in searched_of(reader).versions(reader)} if projects else ()
    unknown = [project for project in projects if project not in serving_ones]
    named_datasets(reader, unknown, may_see=lambda one: key.may(READ, one.project))


def _versions(serving: Serving) -> Versions:
    store = serving.core.payer
    return searched_of(store).versions(store)


@router.get("/v1/datasets", tags=["search"], response_model=None, responses=shows(Datasets))
def get_datasets(serving: Served, key: Key) -> Json:
    """List the datasets the key may read, with the work left in each."""
    rows = [
        row
        for row in pending_counts(serving.core.reader)
        if key.may("read", row.project_id) and row.dataset_id
    ]
    shown = (
        "documents_to_chunk",
        "chunks_to_embed",
        "vectors_to_index",
        "answers_to_come",
        "pending_count",
    )
    data = [
        {
            "object": "dataset",
            "id": f"{row.project_id}/{row.dataset_id}",
            **{name: getattr(row, name) for name in shown},
        }
        for row in rows
    ]
    return {"object": "list", "data": data}


@router.get("/v1/status", tags=["search"], response_model=None, responses=shows(Status))
def get_status(serving: Served, key: LakeReader) -> Json:
    """Return the queue, the jobs, the expected finish and the cost so far."""
    return asdict(serving.core.status())


@monitoring.get("/healthz", response_model=None, responses=shows(Health))
async def healthz() -> Json:
    """Answer while the process runs."""
    # Not in a thread: uploads may occupy all of them.
    return {"status": "ok"}


@monitoring.get("/readyz", responses={**shows(Health), **problems(503)})
def readyz(serving: Served) -> Response:
    """Check that the lake and its ledger can be read."""
    try:
        serving.core.reader.ledger.sources.datasets()
    except Exception as error:  # whatever it is, this server cannot serve
        return problem(
            HTTPStatus.SERVICE_UNAVAILABLE, f"the ledger cannot be read: {type(error).__name__}"
        )
    return Response('{"status": "ready"}', media_type="application/json")


@monitoring.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses=streams("text/plain"),
)
def metrics(serving: Served, key: LakeReader) -> Response:
    """Return counts, seconds and gauges for Prometheus."""
    return Response(serving.metrics.text(serving.core.status()), media_type=CONTENT_TYPE)
