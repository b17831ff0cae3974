"""Routes of documents: upload, list, read, remove."""

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, File, Header, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool

from semantic_assets.pipeline.documents.document_list import (
    document_list,
    document_text,
    remove_document,
)
from semantic_assets.rest.access import DatasetReader, DatasetWriter, Key
from semantic_assets.rest.bodies import MAX_PAGE, Json, Page, UploadResult, page
from semantic_assets.rest.fair_route import ReadingRoute, WritingRoute, asking_of
from semantic_assets.rest.names import DocumentName, RequestKey
from semantic_assets.rest.responses import CHANGES, FINDS, SPENDS, shows
from semantic_assets.rest.serving import Served
from semantic_assets.rest.shapes import DeletedDocument, ListedDocument, ReadDocument
from semantic_assets.rest.uploads import digest_of, upload

_PREFIX = "/v1/projects/{project}/datasets/{dataset}"
router = APIRouter(prefix=_PREFIX, tags=["documents"], route_class=ReadingRoute)
changes = APIRouter(prefix=_PREFIX, tags=["documents"], route_class=WritingRoute)
IdempotencyKey = Annotated[RequestKey | None, Header(alias="Idempotency-Key")]


@changes.post(
    "/documents",
    response_model=UploadResult,
    responses={**shows(UploadResult, 202, 422), **FINDS, **CHANGES, **SPENDS},
)
async def post_documents(
    request: Request,
    serving: Served,
    dataset: DatasetWriter,
    files: Annotated[
        list[UploadFile],
        File(alias="files[]", description="Any supported format.", min_length=1, max_length=1_000),
    ],
    overwrite: Annotated[bool, Query()] = False,
    mode: Annotated[Literal["auto", "async", "sync"], Query()] = "auto",
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Store files as sources of the dataset, in order; one that fails does not stop the others.

    200 `done`: search finds them. 202 `accepted`: the next send chunks and submits them.
    """

    asking = asking_of(request)

    def answer() -> Response:
        asked = f"{request.url.path}?{request.url.query} {digest_of(files)}"
        found = serving.replays.once(
            idempotency_key,
            request.headers.get("authorization", ""),
            asked,
            lambda: upload(
                serving,
                dataset,
                files,
                asking,
                overwrite=overwrite,
                mode=mode,
            ),
        )
        headers = {"Idempotency-Replayed": "true"} if found.is_replayed else None
        return Response(found.body, found.status, headers, media_type="application/json")

    return await run_in_threadpool(answer)


@router.get("/documents", response_model=None, responses={**shows(Page[ListedDocument]), **FINDS})
def get_documents(
    serving: Served,
    dataset: DatasetReader,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 20,
    after: Annotated[DocumentName | None, Query()] = None,
) -> Page[Json]:
    """List the documents as read, by page."""
    rows = document_list(serving.core.reader, dataset, limit=limit + 1, after=after)
    data = [{"object": "document", **asdict(row)} for row in rows]
    return page(data, limit, [row.document_id for row in rows])


@router.get(
    "/documents/{document}", response_model=None, responses={**shows(ReadDocument), **FINDS}
)
def get_document(serving: Served, dataset: DatasetReader, document: DocumentName) -> Json:
    """One document with its text, by its id: offsets of hits index this text."""
    return {"object": "document", **document_text(serving.core.reader, dataset, document)}


@changes.delete(
    "/documents/{document}",
    response_model=None,
    responses={**shows(DeletedDocument), **FINDS, **CHANGES},
)
def delete_document(
    serving: Served, dataset: DatasetWriter, key: Key, document: DocumentName
) -> Json:
    """Remove an uploaded document, by its name or id."""
    name = remove_document(serving.core.store, dataset, document)
    # Search loses it now; nothing is embedded.
    serving.refresh_now(dataset, "async", unshared=key.is_of_one_project)
    return {"object": "document.deleted", "id": document, "name": name, "deleted": True}
