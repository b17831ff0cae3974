"""Routes of the queue: quote, flush, batches, collect. They concern the lake as a whole."""

from dataclasses import asdict
from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from semantic_assets.model.batch_job import BatchJob
from semantic_assets.pipeline.batch_jobs.deadlines import cancel
from semantic_assets.pipeline.batch_jobs.job_status import job_status, json_lines
from semantic_assets.pipeline.costs.estimate import Estimate
from semantic_assets.pipeline.costs.estimate_sources import estimate_of_project, estimate_sources
from semantic_assets.pipeline.flows.collect_ended import CollectReport
from semantic_assets.pipeline.flows.flush import FlushReport
from semantic_assets.rest.access import Key, LakeAdmin, LakeReader, readable
from semantic_assets.rest.bodies import (
    MAX_PAGE,
    Batch,
    EstimateBody,
    FlushBody,
    Json,
    Page,
    batch,
    page,
)
from semantic_assets.rest.fair_route import ReadingRoute, WritingRoute
from semantic_assets.rest.idempotency import Answer
from semantic_assets.rest.names import BatchName
from semantic_assets.rest.responses import CHANGES, FINDS, NDJSON, SPENDS, shows, streams
from semantic_assets.rest.routes.documents import IdempotencyKey
from semantic_assets.rest.serving import Served, Serving

router = APIRouter(prefix="/v1", tags=["batches"], route_class=ReadingRoute)
changes = APIRouter(prefix="/v1", tags=["batches"], route_class=WritingRoute)


@router.post("/estimate", response_model=None, responses={**shows(Estimate), **FINDS})
def post_estimate(serving: Served, key: Key, body: EstimateBody) -> Json:
    """Quote the pending work; nothing is sent but, if `exact`, a sample of texts to be counted."""
    datasets, core = readable(serving, key, body.datasets), serving.core
    counter = core.gemini if body.exact else None
    if key.is_of_one_project:
        return asdict(
            estimate_of_project(
                core.reader, key.project, datasets=datasets, limit=body.limit, counter=counter
            )
        )
    return asdict(
        estimate_sources(core.reader, datasets=datasets, limit=body.limit, counter=counter)
    )


@changes.post(
    "/batches",
    status_code=202,
    responses={**shows(FlushReport, 202), **SPENDS, **CHANGES},
)
def post_batches(
    request: Request,
    serving: Served,
    key: LakeAdmin,
    body: FlushBody,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Chunk new documents and send what fits the window. This spends."""

    def answer() -> Answer:
        report = serving.core.batch_manager.flush_queue(
            body.min_batch_size, max_cost_usd=body.max_cost_usd
        )
        return Answer(202, orjson.dumps(asdict(report)).decode())

    asked = f"{request.url.path} {body.model_dump_json()}"
    found = serving.replays.once(idempotency_key, key.key_id, asked, answer)
    headers = {"Idempotency-Replayed": "true"} if found.is_replayed else None
    return Response(found.body, found.status, headers, media_type="application/json")


@router.get("/batches", responses=FINDS)
def get_batches(
    serving: Served,
    key: LakeReader,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 20,
    after: Annotated[BatchName | None, Query()] = None,
) -> Page[Batch]:
    """List the batch jobs, newest first."""
    jobs = serving.core.reader.ledger.jobs
    if after is not None:
        after = jobs.find(after).job_id
    found = jobs.recent(limit + 1, before=after)
    return page([_batch(serving, job) for job in found], limit, [job.job_id for job in found])


@router.get(
    "/batches/{batch_id:batch}/results",
    response_class=StreamingResponse,
    responses={**streams(NDJSON), **FINDS, **CHANGES},
)
def get_results(serving: Served, key: LakeReader, batch_id: BatchName) -> StreamingResponse:
    """Stream what a collected job brought: a line of JSON for each chunk's vector, or each answer."""
    manager = serving.core.batch_manager
    if manager.is_generation(batch_id):
        answers = manager.retrieve_answers(batch_id)
        return StreamingResponse((orjson.dumps(row) + b"\n" for row in answers), media_type=NDJSON)
    lines = json_lines(manager.retrieve_results(batch_id))
    return StreamingResponse(lines, media_type=NDJSON)


@changes.post("/batches/{batch_id:batch}/cancel", responses={**FINDS, **CHANGES})
def post_cancel(serving: Served, key: LakeAdmin, batch_id: BatchName) -> Batch:
    """Ask Google to stop a job; what it has finished is still collected."""
    cancel(serving.core.store, serving.core.gemini, batch_id)
    return _batch(serving, serving.core.store.ledger.jobs.find(batch_id))


@router.get("/batches/{batch_id:batch}", responses=FINDS)
def get_batch(serving: Served, key: LakeReader, batch_id: BatchName) -> Batch:
    """One batch job, by our id or Google's `batches/...`."""
    return _batch(serving, serving.core.reader.ledger.jobs.find(batch_id))


@changes.post("/collect", response_model=None, responses={**shows(CollectReport), **CHANGES})
@changes.post("/sync", include_in_schema=False)
def post_collect(serving: Served, key: LakeAdmin) -> Json:
    """Collect the jobs that have ended, and index their answers. Submits nothing."""
    return asdict(serving.core.batch_manager.check_and_sync())


def _batch(serving: Serving, job: BatchJob) -> Batch:
    return batch(job_status(serving.core.reader, job.job_id))
