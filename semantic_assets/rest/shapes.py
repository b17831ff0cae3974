"""The shapes of answers whose fields are those of a report, for the OpenAPI document."""

from dataclasses import dataclass
from typing import Any, Literal

from semantic_assets.pipeline.documents.document_list import DocumentRow
from semantic_assets.pipeline.generation_jobs.generate import GenerationStatus
from semantic_assets.pipeline.search.facets import Facets
from semantic_assets.pipeline.search.search_hit import SearchHit
from semantic_assets.rest.api_keys import KeyRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDocument(DocumentRow):
    object: Literal["document"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDocument:
    """A document with its text; offsets of hits index it."""

    object: Literal["document"]
    document_id: str
    uri: str
    title: str | None
    text: str
    metadata: dict[str, Any]
    #: Offsets of the pages in the text, of a document that has pages.
    pages: list[int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedDocument:
    object: Literal["document.deleted"]
    #: As it was named in the request.
    id: str
    name: str
    deleted: Literal[True]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit(SearchHit):
    object: Literal["hit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    object: Literal["list"]
    data: list[Hit]
    #: More hits, or documents where they are grouped, follow: ask on with a larger `offset`.
    has_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedPassages(Facets):
    object: Literal["facets"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDataset:
    """A dataset, and the work left in it."""

    object: Literal["dataset"]
    #: `project/dataset`.
    id: str
    documents_to_chunk: int
    chunks_to_embed: int
    vectors_to_index: int
    answers_to_come: int
    pending_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Datasets:
    object: Literal["list"]
    data: list[ListedDataset]


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationProgress(GenerationStatus):
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    status: Literal["ok", "ready"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedKey(KeyRow):
    object: Literal["key"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    object: Literal["list"]
    data: list[ListedKey]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokedKey:
    object: Literal["key.deleted"]
    id: str
    deleted: Literal[True]
