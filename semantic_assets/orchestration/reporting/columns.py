"""The descriptions and lineage of the assets' columns, known before anything ran."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import pyarrow as pa

_DESCRIPTIONS = {
    "document_id": "hash of dataset, uri and record id",
    "chunk_id": "hash of document and text",
    "shard": "the partition",
    "space": "backend, model, dimensions and task types of the vectors",
    "uri": "path below the source root",
    "record_id": "the record's own id, in files of records",
    "title": "the document's title, where it has one",
    "text": "the text itself; offsets index the document's text",
    "text_bytes": "size of the text in UTF-8",
    "mime": "media type of the source file",
    "bytes": "size in the source",
    "content_hash": "hash of title and text",
    "metadata": "the record's other columns",
    "pages": "where each page of a PDF begins in the text",
    "parse_status": "ok, failed, or pending_description of media that a task describes",
    "parse_error": "why it could not be read; of a readable one, what of it could not",
    "source_fingerprint": "of the file as it was read",
    "record_signature": "of the record as it was read",
    "left_out_chars": "letters around the content of a page that are left out",
    "is_title_shown_only": "whether the title is shown and is no part of a vector's text",
    "chunk_index": "place among the document's chunks, from 0",
    "start_char": "first character in the document's text",
    "end_char": "one behind the last character",
    "heading_path": "headings the chunk stands under",
    "page": "page of a PDF, from 1",
    "vector_text": "title and headings, then the text: what is embedded",
    "text_hash": "hash of vector_text: the request key",
    "token_estimate": "tokens, estimated by script",
    "status": "READY or FAILED",
    "vector": "unit length, float32",
    "batch_job_id": "the job that gave the outcome",
    "token_count": "tokens, as Google counted",
    "attempts": "outcomes it took",
    "error_code": "of the last attempt, where it FAILED",
    "error_message": "what the API said, where it FAILED",
    "task": "the generation task, by its fingerprint",
    "output": "the answer; JSON where the task has a schema",
    "finish_reason": "why the model stopped",
    "tokens": "of the prompt, as billed",
    "output_tokens": "of the answer and its thoughts, as billed",
    "usd": "what the answer cost",
    "media_uri": "the medium that is described",
    "media_hash": "of the medium's bytes",
    "refusal": "why the document is not asked",
    "documents": "documents that were asked",
    "ready": "with an accepted answer",
    "failed": "without one, for good",
    "pending": "whose answer is out",
    "model": "chat model",
    "in_flight": "requests at Google",
    "waiting": "requests nobody has in hand",
    "refused": "documents that are not asked, with the reason",
    "usd_waiting_estimated": "what the waiting requests should cost",
    "job": "our id; sorts by time",
    "stage": "CREATED, SUBMITTED, PROCESSING, COMPLETED or FAILED",
    "state": "the ledger's word, finer than the stage",
    "outcome": "how the job ended: succeeded, partly_failed, failed, expired, cancelled and others",
    "remote": "the job's name at Google; empty in real time",
    "requests": "texts the job carries, of all its shards",
    "rows": "chunks of this shard with an outcome of this job",
    "tokens_estimated": "tokens, estimated before it was sent",
    "version": "number of the index build",
    "queries": "judged questions asked",
    "ndcg_at_10": "1 where the judged documents come first, best before good",
    "recall_at_10": "share of the judged documents among the first ten",
    "mrr": "one over the place of the first judged document",
}
#: Rows of batch jobs in the metadata of `batch_jobs`.
BATCH_JOBS = pa.schema(
    [
        pa.field("job", pa.string(), nullable=False),
        pa.field("stage", pa.string(), nullable=False),
        pa.field("outcome", pa.string()),
        pa.field("state", pa.string(), nullable=False),
        pa.field("remote", pa.string()),
        pa.field("requests", pa.int64(), nullable=False),
        pa.field("tokens_estimated", pa.int64(), nullable=False),
        pa.field("error_message", pa.string()),
    ]
)
#: Rows of batch jobs in the metadata of `embeddings`, where the jobs are over.
JOBS_OF_ROWS = BATCH_JOBS.insert(0, pa.field("rows", pa.int64(), nullable=False))
#: Documents that could not be read, in the check of `documents`.
UNREADABLE = pa.schema(
    [
        pa.field("uri", pa.string(), nullable=False),
        pa.field("record_id", pa.string()),
        pa.field("parse_error", pa.string()),
    ]
)
EVALUATIONS = pa.schema(
    [
        pa.field("version", pa.int64(), nullable=False),
        pa.field("space", pa.string(), nullable=False),
        pa.field("queries", pa.int64(), nullable=False),
        pa.field("ndcg_at_10", pa.float64(), nullable=False),
        pa.field("recall_at_10", pa.float64(), nullable=False),
        pa.field("mrr", pa.float64(), nullable=False),
    ]
)

#: asset -> column -> the columns it is derived from.
_TEXT = ("documents.title", "documents.text", "generations.output")
_FROM: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "generations": {
        "document_id": ("documents.document_id",),
        "output": ("documents.title", "documents.text"),
        "content_hash": ("documents.content_hash",),
    },
    "chunks": {
        "chunk_id": ("documents.document_id", "documents.text"),
        "document_id": ("documents.document_id",),
        "shard": ("documents.shard",),
        "start_char": ("documents.text",),
        "end_char": ("documents.text",),
        "heading_path": ("documents.text",),
        "page": ("documents.pages",),
        "text": ("documents.text",),
        "vector_text": _TEXT,
        "text_hash": _TEXT,
        "token_estimate": _TEXT,
        "content_hash": ("documents.content_hash",),
    },
    "embeddings": {
        "chunk_id": ("chunks.chunk_id",),
        "document_id": ("chunks.document_id",),
        "shard": ("chunks.shard",),
        "text_hash": ("chunks.text_hash",),
        "vector": ("chunks.vector_text",),
        "token_count": ("chunks.vector_text",),
        "batch_job_id": ("batch_jobs.job",),
    },
    "vector_index": {
        "chunk_id": ("embeddings.chunk_id",),
        "document_id": ("embeddings.document_id",),
        "uri": ("documents.uri",),
        "title": ("documents.title",),
        **{
            name: (f"chunks.{name}",)
            for name in ("chunk_index", "start_char", "end_char", "heading_path", "page", "text")
        },
    },
}


def table_schema(schema: pa.Schema) -> dg.TableSchema:
    """Return Dagster's schema of a table: name, type and description of each column."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=field.name,
                type=str(field.type),
                description=_DESCRIPTIONS.get(field.name),
                constraints=dg.TableColumnConstraints(nullable=field.nullable),
            )
            for field in schema
        ]
    )


def column_schema(schema: pa.Schema) -> Mapping[str, Any]:
    """Return definition metadata of an asset: the schema of its columns."""
    return {"dagster/column_schema": table_schema(schema)}


def column_lineage(asset: dg.AssetKey) -> Mapping[str, Any]:
    """Return the lineage of an asset's columns, if it has one; its sources have the same prefix.

    Dagster keeps it with materializations, not definitions; its open-source UI does not draw it.
    """
    *prefix, name = asset.path
    if name not in _FROM:
        return {}
    deps = {
        column: [_dep(prefix, source) for source in sources]
        for column, sources in _FROM[name].items()
    }
    return {"dagster/column_lineage": dg.TableColumnLineage(deps_by_column=deps)}


def _dep(prefix: Sequence[str], source: str) -> dg.TableColumnDep:
    asset, _, column = source.partition(".")
    return dg.TableColumnDep(asset_key=dg.AssetKey([*prefix, asset]), column_name=column)
