"""Routes of text generation: submit, status, results. They concern the lake as a whole."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from semantic_assets.api.generation_job import GenerationJob
from semantic_assets.pipeline.costs.estimate_tasks import TaskQuote
from semantic_assets.pipeline.generation.task_list import TaskListed, list_of_tasks
from semantic_assets.rest.access import LakeAdmin, LakeReader
from semantic_assets.rest.bodies import GenerationBody, Json
from semantic_assets.rest.fair_route import ReadingRoute, WritingRoute
from semantic_assets.rest.idempotency import Answer
from semantic_assets.rest.names import JobName, Name
from semantic_assets.rest.responses import CHANGES, FINDS, NDJSON, SPENDS, shows, streams
from semantic_assets.rest.routes.documents import IdempotencyKey
from semantic_assets.rest.serving import Served
from semantic_assets.rest.shapes import GenerationProgress

router = APIRouter(prefix="/v1", tags=["generations"], route_class=ReadingRoute)
changes = APIRouter(prefix="/v1", tags=["generations"], route_class=WritingRoute)
TaskName = Annotated[Name | None, Query(description="Where it is processed by several.")]


@changes.post(
    "/generations",
    status_code=202,
    responses={
        **shows(TaskQuote),
        **shows(GenerationProgress, 202),
        **SPENDS,
        **FINDS,
        **CHANGES,
    },
)
def post_generations(
    request: Request,
    serving: Served,
    key: LakeAdmin,
    body: GenerationBody,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Process articles, or a dataset, by a task. This spends, unless `dry_run`."""

    def answer() -> Answer:
        what: dict[str, Any] = {"task": body.task, "name": body.name, "dataset": body.dataset}
        articles = [article.model_dump() for article in body.articles or []] or None
        if body.dry_run:
            quote = serving.core.generate(articles, dry_run=True, **what)
            return Answer(200, orjson.dumps(asdict(quote)).decode())
        job = serving.core.generate(
            articles, realtime=body.realtime, max_cost_usd=body.max_cost_usd, **what
        )
        return Answer(202, orjson.dumps(_shown(job)).decode())

    asked = f"{request.url.path} {body.model_dump_json()}"
    found = serving.replays.once(idempotency_key, key.key_id, asked, answer)
    headers = {"Idempotency-Replayed": "true"} if found.is_replayed else None
    return Response(found.body, found.status, headers, media_type="application/json")


@router.get("/generations", response_model=None, responses=shows(list[TaskListed]))
def get_generations(serving: Served, key: LakeReader) -> list[Json]:
    """List the tasks, and the datasets each is used on."""
    return [asdict(one) for one in list_of_tasks(serving.core.reader)]


@router.get(
    "/generations/{name:job}/results",
    response_class=StreamingResponse,
    responses={**streams(NDJSON), **FINDS},
)
def get_generation_results(
    serving: Served, key: LakeReader, name: JobName, task: TaskName = None
) -> StreamingResponse:
    """Return the outcomes, one line of JSON per document that has one."""
    job = serving.core.generation(name, task=task)
    return StreamingResponse(_lines(job), media_type=NDJSON)


@router.get(
    "/generations/{name:job}",
    response_model=None,
    responses={**shows(GenerationProgress), **FINDS},
)
def get_generation(serving: Served, key: LakeReader, name: JobName, task: TaskName = None) -> Json:
    """Return the progress of a job, by its submitted name, `project/dataset` or a batch job's id."""
    return _shown(serving.core.generation(name, task=task))


@changes.post(
    "/follow/{name:job}",
    response_model=None,
    responses={**shows(GenerationProgress), **SPENDS, **FINDS, **CHANGES},
)
def post_follow(serving: Served, key: LakeAdmin, name: JobName, task: TaskName = None) -> Json:
    """Ask for what is out of a job, take in what has ended, send the rest; return its progress."""
    job = serving.core.generation(name, task=task)
    return {"name": job.name, **asdict(job.status())}


def _shown(job: GenerationJob) -> Json:
    return {"name": job.name, **asdict(job.status(asks=False))}


def _lines(job: GenerationJob) -> Iterator[bytes]:
    for row in job.results():
        yield orjson.dumps(row) + b"\n"
