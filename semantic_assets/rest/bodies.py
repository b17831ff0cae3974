"""The models of request and response bodies."""

from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from semantic_assets.model.batch_job import JobOutcome, JobState
from semantic_assets.model.search_filter import OPERATORS, Operator
from semantic_assets.model.search_options import Group, Mode
from semantic_assets.pipeline.batch_jobs.job_status import JobStatus
from semantic_assets.rest.names import (
    VISIBLE,
    Count,
    DatasetName,
    Name,
    ScopeName,
    SpaceName,
    VisibleText,
    Whole,
)

Json = dict[str, Any]
MAX_PAGE = 1_000
MAX_K, MAX_OFFSET = 1_000, 10_000
_T = TypeVar("_T")
#: The ledger's states as the status words of OpenAI's batches.
_STATUS = {
    JobState.UPLOADING: "validating",
    JobState.CREATING: "validating",
    JobState.UNCONFIRMED: "validating",
    JobState.SUBMITTED: "in_progress",
    JobState.RUNNING: "in_progress",
    JobState.ENDED: "finalizing",
    JobState.QUARANTINED: "failed",
    JobState.DAMAGED: "failed",
    JobState.COLLECTED: "completed",
    JobState.RELEASED: "cancelled",
    JobState.REJECTED: "failed",
    JobState.ABANDONED: "expired",
    JobState.GONE: "failed",
}
#: The status of a collected job that did not end well.
_OF_OUTCOME = {
    JobOutcome.CANCELLED: "cancelled",
    JobOutcome.EXPIRED: "expired",
    JobOutcome.FAILED: "failed",
    JobOutcome.DELETED: "failed",
}


class _Body(BaseModel):
    """A request: the types of its fields are those of its JSON, and it has no others."""

    model_config = ConfigDict(extra="forbid", strict=True)


class EstimateBody(_Body):
    #: Default: all that the key may read.
    datasets: list[DatasetName] = Field(
        default=[], max_length=MAX_PAGE, examples=[["acme/articles"]]
    )
    limit: Count | None = None
    #: Google counts a sample of the texts, free of charge, by one request each.
    exact: bool = False


class FlushBody(_Body):
    min_batch_size: Count = 1
    max_cost_usd: float | None = Field(default=None, ge=0, le=1_000_000_000, allow_inf_nan=False)


class Article(BaseModel):
    """A record; further fields are its metadata."""

    model_config = ConfigDict(extra="allow", strict=True)

    id: str | None = Field(default=None, max_length=1_000)
    title: str | None = Field(default=None, max_length=10_000)
    text: VisibleText = Field(max_length=10_000_000)

    @model_validator(mode="after")
    def _can_be_stored(self) -> Self:
        try:
            self.model_dump_json()
        except ValueError as error:
            raise ValueError("a field holds half a character, or is nested too deep") from error
        return self


_NULL: Json = {"type": "null"}
_ARRAY: Json = {"type": "array"}
_STRING: Json = {"type": "string"}
_ARTICLES: Json = {
    "required": ["articles", "name"],
    "properties": {"articles": _ARRAY, "name": _STRING, "dataset": _NULL},
}
_DATASET: Json = {"required": ["dataset"], "properties": {"articles": _NULL, "dataset": _STRING}}


class GenerationBody(_Body):
    """A generation request: `articles` with a `name`, or a `dataset` that exists."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [_ARTICLES, _DATASET]})

    task: Name = Field(examples=["summary-en"])
    articles: list[Article] | None = Field(default=None, min_length=1, max_length=100_000)
    name: Name | None = None
    dataset: DatasetName | None = Field(default=None, examples=["acme/articles"])
    realtime: bool = False
    dry_run: bool = False
    max_cost_usd: float | None = Field(default=None, ge=0, le=1_000_000_000, allow_inf_nan=False)

    @model_validator(mode="after")
    def _articles_or_dataset(self) -> Self:
        if (self.articles is None) == (self.dataset is None):
            raise ValueError("say what is to be processed: articles with a name, or a dataset")
        if self.articles is not None and self.name is None:
            raise ValueError("articles need a name, under which they are found again")
        return self


_Value = Annotated[str, Field(max_length=1_000)] | int | float | bool
#: Several values, of which one must hold.
_Values = _Value | Annotated[list[_Value], Field(min_length=1, max_length=MAX_PAGE)]
_FieldName = Annotated[str, Field(min_length=1, max_length=200)]
#: In the document, also what the filter's parser refuses, in sentences of its own: what is blank,
#: and an order that compares with several values.
_TEXT: Json = {"type": "string", "pattern": VISIBLE, "maxLength": 1_000}
_SCALARS: list[Json] = [_TEXT, {"type": "number"}, {"type": "boolean"}]
_SEVERAL: Json = {
    "type": "array",
    "items": {"anyOf": _SCALARS},
    "minItems": 1,
    "maxItems": MAX_PAGE,
}
_COMPARED: Json = {
    "type": "object",
    "properties": {
        name: {"anyOf": _SCALARS if name[0] in "<>" else [*_SCALARS, _SEVERAL]}
        for name in OPERATORS
    },
    "additionalProperties": False,
    "minProperties": 1,
}
_WHERE: Json = {
    "type": "object",
    "propertyNames": {"pattern": VISIBLE, "minLength": 1, "maxLength": 200},
    "additionalProperties": {"anyOf": [*_SCALARS, _SEVERAL, _COMPARED]},
    "maxProperties": 100,
    "examples": [{"kind": ["pdf", "md"], "year": {">=": 2020}}],
}
_Where = Annotated[
    dict[_FieldName, _Values | dict[Operator, _Values]],
    Field(max_length=100),
    WithJsonSchema(_WHERE),
]

#: Pydantic writes no bounds of a union into the document.
_PerDocument = Annotated[
    Whole,
    Field(ge=1, le=MAX_K),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_K}),
]


class FacetsBody(_Body):
    #: Projects stand for all their datasets. Default: all that the key may read.
    datasets: list[ScopeName] = Field(
        default=[], max_length=MAX_PAGE, examples=[["acme/articles", "acme"]]
    )
    #: Conditions that all hold, by field: a value, several, or an operator with either.
    where: _Where = {}


class SearchBody(FacetsBody):
    query: VisibleText = Field(max_length=20_000)
    mode: Mode = "hybrid"
    #: Passages, or documents where they are grouped, behind the first `offset`.
    k: Whole = Field(default=10, ge=1, le=MAX_K)
    offset: Whole = Field(default=0, ge=0, le=MAX_OFFSET)
    group: Group = "passage"
    #: The most passages of one document; null: any number, or 3 where they are grouped.
    per_document: _PerDocument | None = None
    #: Return nothing where nothing is close to the question.
    floor: bool = True
    space: SpaceName | None = None


class FileResult(BaseModel):
    """The outcome of one uploaded file: with `status`, or with `error`."""

    file: str
    #: None for a file of records, each of which is a document.
    document_id: str | None = None
    status: Literal["uploaded", "replaced", "unchanged"] | None = None
    #: None until the file is chunked.
    chunks: int | None = None
    batch_job_ids: list[str] | None = None
    error: str | None = None


class UploadResult(BaseModel):
    #: `done`: search finds the files. `accepted`: it will after the next batches. `failed`: no file
    #: was taken.
    status: Literal["done", "accepted", "failed"]
    #: Where they are.
    dataset: str
    results: list[FileResult]


class Page(BaseModel, Generic[_T]):
    """A page of a list, as OpenAI's: ask on with `after=last_id` while `has_more`."""

    object: Literal["list"] = "list"
    data: list[_T]
    first_id: str | None
    last_id: str | None
    has_more: bool


class Batch(BaseModel):
    """One batch job."""

    id: str
    object: Literal["batch"] = "batch"
    status: str
    #: CREATED, SUBMITTED, PROCESSING, COMPLETED or FAILED, as everywhere else.
    stage: str
    state: str
    #: How it ended; null while it is open.
    outcome: str | None
    #: The state Google last reported.
    remote_state: str | None
    remote_name: str | None
    created_at: int
    completed_at: int | None
    request_counts: dict[str, int]
    tokens_estimated: int
    tokens: int | None
    error: str | None


def batch(job: JobStatus) -> Batch:
    status = _STATUS[JobState(job.state)]
    if job.is_cancelling and not job.is_final:
        status = "cancelling"
    elif status == "completed" and job.outcome:
        status = _OF_OUTCOME.get(JobOutcome(job.outcome), status)
    return Batch(
        id=job.job_id,
        status=status,
        stage=job.stage,
        state=job.state,
        outcome=job.outcome,
        remote_state=job.remote_state,
        remote_name=job.remote_name,
        created_at=int(job.created_at),
        completed_at=None if job.ended_at is None else int(job.ended_at),
        request_counts={
            "total": job.requests,
            "completed": job.succeeded or 0,
            "failed": job.failed or 0,
        },
        tokens_estimated=job.tokens_estimated,
        tokens=job.tokens,
        error=job.error,
    )


def page(items: list[_T], limit: int, ids: list[str]) -> Page[_T]:
    """Return a page of the first `limit` items; an item beyond them means there are more."""
    ids = ids[:limit]
    return Page(
        data=items[:limit],
        first_id=ids[0] if ids else None,
        last_id=ids[-1] if ids else None,
        has_more=len(items) > limit,
    )
