"""Routes of documents: upload, list, read, remove."""

from dataclasses import asdict
from typing import Annotated, Literal, cast

from fastapi import APIRouter, File, Header, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from pydantic import AliasChoices, BeforeValidator
from starlette.datastructures import UploadFile as StarletteFile

from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.documents.document_list import (
    document_list,
    document_text,
    remove_document,
)
from semantic_assets.rest.access import DatasetReader, DatasetWriter, DefaultWriter, Key
from semantic_assets.rest.bodies import MAX_PAGE, Json, Page, UploadResult, page
from semantic_assets.rest.fair_route import ReadingRoute, WritingRoute, asking_of
from semantic_assets.rest.names import DocumentName, RequestKey, in_small_letters
from semantic_assets.rest.responses import CHANGES, FINDS, SPENDS, shows
from semantic_assets.rest.serving import Served, Serving
from semantic_assets.rest.shapes import DeletedDocument, ListedDocument, ReadDocument
from semantic_assets.rest.uploads import digest_of, upload

_PREFIX = "/v1/projects/{project}/datasets/{dataset}"
router = APIRouter(prefix=_PREFIX, tags=["documents"], route_class=ReadingRoute)
changes = APIRouter(prefix=_PREFIX, tags=["documents"], route_class=WritingRoute)
#: Forms of browsers and of OpenAI's clients call them `files[]`, those of others `files`.
_FILES = ("files[]", "files")
Files = Annotated[
    list[UploadFile],
    File(
        validation_alias=AliasChoices(*_FILES),
        description="Any supported format. The field may be called `files` too.",
        min_length=1,
        max_length=1_000,
    ),
]
UploadMode = Annotated[Literal["auto", "async", "sync"], BeforeValidator(in_small_letters), Query()]
in_default = APIRouter(prefix="/v1", tags=["documents"], route_class=WritingRoute)
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
    files: Files,
    overwrite: Annotated[bool, Query()] = False,
    mode: UploadMode = "auto",
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Store files as sources of the dataset, in order; one that fails does not stop the others.

    200 `done`: search finds them. 202 `accepted`: the next send chunks and submits them.
    """
    return await _stored(request, serving, dataset, files, overwrite, mode, idempotency_key)


@in_default.post(
    "/documents",
    response_model=UploadResult,
    responses={**shows(UploadResult, 202, 422), **CHANGES, **SPENDS},
)
async def post_default_documents(
    request: Request,
    serving: Served,
    dataset: DefaultWriter,
    files: Files,
    overwrite: Annotated[bool, Query()] = False,
    mode: UploadMode = "auto",
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Store files as sources of `default/documents`, as the route of a dataset does."""
    return await _stored(request, serving, dataset, files, overwrite, mode, idempotency_key)


async def _stored(
    request: Request,
    serving: Serving,
    dataset: DatasetKey,
    files: list[UploadFile],
    overwrite: bool,
    mode: str,
    idempotency_key: str | None,
) -> Response:
    asking, files = asking_of(request), await _all_files(request, files)

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


async def _all_files(request: Request, files: list[UploadFile]) -> list[UploadFile]:
    """Return the files of a form, also of one that has fields of both names."""
    form = await request.form()
    if not all(name in form for name in _FILES):
        return files
    parts = [part for name, part in form.multi_items() if name in _FILES]
    return [cast("UploadFile", part) for part in parts if isinstance(part, StarletteFile)]


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
