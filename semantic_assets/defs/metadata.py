"""Reports and table files as Dagster metadata. Numeric keys stay stable: people chart them."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq

from semantic_assets.lake import layout
from semantic_assets.ledger.evaluations import Evaluation
from semantic_assets.model.catalog import batch_usd, realtime_usd
from semantic_assets.store import Store
from semantic_assets.verbs.assemble import EmbeddingsReport
from semantic_assets.verbs.build_index import IndexReport
from semantic_assets.verbs.check import Check
from semantic_assets.verbs.chunks import ChunksReport
from semantic_assets.verbs.documents import DocumentsReport
from semantic_assets.verbs.shard_queue import ShardQueue
from semantic_assets.verbs.submit import Submission

_SAMPLE_ROWS = 3
_SAMPLE_CHARS = 60
#: Said by the run and the columns beside them, or unreadable.
_HIDDEN = frozenset(
    {"shard", "space", "vector", "vector_text", "pages", "content_hash", "text_hash"}
)
_COLUMNS = {
    "document_id": "hash of dataset, uri and record id",
    "chunk_id": "hash of document and text",
    "uri": "path below the source root",
    "record_id": "the record's own id, in files of records",
    "text": "the text itself; offsets index the document's text",
    "bytes": "size in the source",
    "content_hash": "hash of title and text",
    "parse_status": "ok or failed",
    "parse_error": "why it could not be read",
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
}
Metadata = Mapping[str, Any]


def column_schema(schema: pa.Schema) -> Metadata:
    """Definition metadata of an asset: what its columns are before anything ran."""
    columns = [
        dg.TableColumn(
            name=field.name,
            type=str(field.type),
            description=_COLUMNS.get(field.name),
            constraints=dg.TableColumnConstraints(nullable=field.nullable),
        )
        for field in schema
    ]
    return {"dagster/column_schema": dg.TableSchema(columns=columns)}


def documents_metadata(store: Store, path: str, report: DocumentsReport) -> Metadata:
    return {
        "dagster/partition_row_count": report.documents,
        "documents_failed": report.failed,
        "text_bytes": report.text_bytes,
        "rewritten": report.written,
        **_table(store, path),
    }


def chunks_metadata(store: Store, path: str, report: ChunksReport) -> Metadata:
    model = store.serving_space(report.shard.dataset).model
    return {
        "dagster/partition_row_count": report.chunks,
        "distinct_texts": report.distinct_texts,
        "tokens_estimated": report.tokens_estimated,
        "batch_usd_estimated": batch_usd(model, report.tokens_estimated),
        "realtime_usd_estimated": realtime_usd(model, report.tokens_estimated),
        "rewritten": report.written,
        **_table(store, path),
    }


def submission_metadata(submission: Submission, queue: ShardQueue) -> Metadata:
    held_back = submission.held_back.reason if submission.held_back else "no"
    return {
        "jobs_submitted": len(submission.submitted),
        "held_back": held_back,
        **queue_metadata(queue),
    }


def queue_metadata(queue: ShardQueue) -> Metadata:
    return {
        "texts_in_flight": queue.in_flight,
        "texts_waiting": queue.waiting,
        "texts_landed": queue.landed,
        "texts_failed": queue.failed,
        "tokens_waiting_estimated": queue.waiting_tokens_estimated,
        "batch_usd_waiting_estimated": queue.waiting_usd_estimated,
        "jobs": dg.MetadataValue.table(
            records=[
                dg.TableRecord(
                    {
                        "job": job.job_id,
                        "state": str(job.state),
                        "remote": job.remote_name,
                        "texts": job.requests,
                        "tokens_estimated": job.tokens_estimated,
                    }
                )
                for job in queue.open_jobs
            ],
            schema=dg.TableSchema(
                columns=[
                    dg.TableColumn(name="job"),
                    dg.TableColumn(name="state"),
                    dg.TableColumn(name="remote"),
                    dg.TableColumn(name="texts", type="int"),
                    dg.TableColumn(name="tokens_estimated", type="int"),
                ]
            ),
        ),
    }


def embeddings_metadata(store: Store, path: str, report: EmbeddingsReport) -> Metadata:
    space = store.serving_space(report.shard.dataset)
    model = space.model
    return {
        "dagster/partition_row_count": report.ready + report.failed,
        "chunks_ready": report.ready,
        "chunks_failed": report.failed,
        "tokens": report.tokens,
        "tokens_estimated": report.tokens_estimated,
        "tokens_to_estimate": report.tokens / max(1, report.tokens_estimated),
        "batch_usd": batch_usd(model, report.tokens),
        "batch_usd_estimated": batch_usd(model, report.tokens_estimated),
        "realtime_usd": realtime_usd(model, report.tokens),
        "space": report.space_id,
        "dimensions": space.dimensions,
        **_table(store, path),
    }


def index_metadata(store: Store, report: IndexReport) -> Metadata:
    folder = layout.generation(report.dataset, report.space_id, report.generation)
    return {
        "dagster/partition_row_count": report.rows,
        "generation": report.generation,
        "rows_carried": report.carried,
        "backend": report.backend,
        "parts_written": report.parts_written,
        "parts_linked": report.parts_linked,
        "space": report.space_id,
        "rewritten": report.written,
        "path": dg.MetadataValue.path(str(store.lake.path(folder))),
    }


def quality_metadata(found: Evaluation) -> Metadata:
    return {
        "ndcg_at_10": found.ndcg_at_10,
        "recall_at_10": found.recall_at_10,
        "mrr": found.mrr,
        "queries": found.queries,
        "generation": found.generation,
        "space": found.space_id,
    }


def check_result(check: Check) -> dg.AssetCheckResult:
    """A verdict of ours as Dagster's; one that could not be found out is a warning."""
    return dg.AssetCheckResult(
        check_name=check.name,
        passed=bool(check.passed),
        severity=dg.AssetCheckSeverity.WARN
        if check.passed is None
        else dg.AssetCheckSeverity.ERROR,
        description=check.message,
        metadata={"counted": check.counted},
    )


def check_evaluation(key: dg.AssetKey, check: Check) -> dg.AssetCheckEvaluation:
    """The same, for a run that is not the asset's own."""
    result = check_result(check)
    return dg.AssetCheckEvaluation(
        asset_key=key,
        check_name=check.name,
        passed=result.passed,
        severity=result.severity,
        description=f"{check.subject}: {check.message}",
        metadata=result.metadata,
    )


def _table(store: Store, path: str) -> Metadata:
    file = store.lake.path(path)
    return {
        "path": dg.MetadataValue.path(str(file)),
        "file_bytes": file.stat().st_size,
        "sample": _sample(store, path),
    }


def _sample(store: Store, path: str) -> dg.TableMetadataValue:
    """The first rows, long values cut short."""
    with pq.ParquetFile(store.lake.path(path)) as file:
        fields = [field for field in file.schema_arrow if field.name not in _HIDDEN]
        columns = [field.name for field in fields]
        batch = next(file.iter_batches(batch_size=_SAMPLE_ROWS, columns=columns), None)
    rows = [] if batch is None else batch.to_pylist()
    return dg.MetadataValue.table(
        records=[dg.TableRecord({k: _short(v) for k, v in row.items()}) for row in rows],
        schema=dg.TableSchema(
            columns=[dg.TableColumn(name=field.name, type=str(field.type)) for field in fields]
        ),
    )


def _short(value: object) -> str | int | float | bool | None:
    if value is None or isinstance(value, int | float | bool):
        return value
    text = " ".join(str(value).split())
    return text if len(text) <= _SAMPLE_CHARS else f"{text[:_SAMPLE_CHARS]}..."
