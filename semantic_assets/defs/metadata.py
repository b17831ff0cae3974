"""Reports and table files as Dagster metadata. Numeric keys stay stable: people chart them."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq

from semantic_assets.model.catalog import batch_usd, realtime_usd
from semantic_assets.store import Store
from semantic_assets.verbs.assemble import EmbeddingsReport
from semantic_assets.verbs.build_index import IndexReport
from semantic_assets.verbs.check import Check
from semantic_assets.verbs.chunks import ChunksReport
from semantic_assets.verbs.documents import DocumentsReport
from semantic_assets.verbs.shard_queue import ShardQueue
from semantic_assets.verbs.submit import Submission

_SAMPLE_ROWS = 5
_SAMPLE_CHARS = 120
Metadata = Mapping[str, Any]


def column_schema(schema: pa.Schema, descriptions: Mapping[str, str] | None = None) -> Metadata:
    """Definition metadata of an asset: what its columns are before anything ran."""
    texts = descriptions or {}
    columns = [
        dg.TableColumn(
            name=field.name,
            type=str(field.type),
            description=texts.get(field.name),
            constraints=dg.TableColumnConstraints(nullable=field.nullable),
        )
        for field in schema
    ]
    return {"dagster/column_schema": dg.TableSchema(columns=columns)}


def documents_metadata(store: Store, path: str, report: DocumentsReport) -> Metadata:
    return {
        **_table(store, path, hide=("pages",)),
        "dagster/partition_row_count": report.documents,
        "documents_failed": report.failed,
        "text_bytes": report.text_bytes,
        "rewritten": report.written,
    }


def chunks_metadata(store: Store, path: str, report: ChunksReport) -> Metadata:
    model = store.space.model
    return {
        **_table(store, path, hide=("vector_text",)),
        "dagster/partition_row_count": report.chunks,
        "distinct_texts": report.distinct_texts,
        "tokens_estimated": report.tokens_estimated,
        "batch_usd_estimated": batch_usd(model, report.tokens_estimated),
        "realtime_usd_estimated": realtime_usd(model, report.tokens_estimated),
        "rewritten": report.written,
    }


def queue_metadata(submission: Submission, queue: ShardQueue) -> Metadata:
    return {
        "jobs_submitted": len(submission.submitted),
        "texts_in_flight": queue.in_flight,
        "texts_waiting": queue.waiting,
        "texts_landed": queue.landed,
        "texts_failed": queue.failed,
        "tokens_waiting_estimated": queue.waiting_tokens_estimated,
        "batch_usd_waiting_estimated": queue.waiting_usd_estimated,
        "held_back": submission.held_back.reason if submission.held_back else "no",
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
                    dg.TableColumn(name=name)
                    for name in ("job", "state", "remote", "texts", "tokens_estimated")
                ]
            ),
        ),
    }


def embeddings_metadata(store: Store, path: str, report: EmbeddingsReport) -> Metadata:
    model = store.space.model
    return {
        **_table(store, path, hide=("vector",)),
        "dagster/partition_row_count": report.ready + report.failed,
        "chunks_ready": report.ready,
        "chunks_failed": report.failed,
        "tokens": report.tokens,
        "batch_usd": batch_usd(model, report.tokens),
        "realtime_usd": realtime_usd(model, report.tokens),
        "space": report.space_id,
        "dimensions": store.space.dimensions,
    }


def index_metadata(report: IndexReport) -> Metadata:
    return {
        "dagster/partition_row_count": report.rows,
        "generation": report.generation,
        "rows_carried": report.carried,
        "space": report.space_id,
        "rewritten": report.written,
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


def _table(store: Store, path: str, hide: tuple[str, ...]) -> Metadata:
    file = store.lake.path(path)
    return {
        "path": dg.MetadataValue.path(str(file)),
        "file_bytes": file.stat().st_size,
        "sample": _sample(store, path, hide),
    }


def _sample(store: Store, path: str, hide: tuple[str, ...]) -> dg.TableMetadataValue:
    """The first rows, long values cut short; vectors left out."""
    with pq.ParquetFile(store.lake.path(path)) as file:
        columns = [name for name in file.schema_arrow.names if name not in hide]
        batch = next(file.iter_batches(batch_size=_SAMPLE_ROWS, columns=columns), None)
    rows = [] if batch is None else batch.to_pylist()
    return dg.MetadataValue.table(
        records=[dg.TableRecord({k: _short(v) for k, v in row.items()}) for row in rows],
        schema=dg.TableSchema(columns=[dg.TableColumn(name=name) for name in columns]),
    )


def _short(value: object) -> str | int | float | bool | None:
    if value is None or isinstance(value, int | float | bool):
        return value
    text = str(value)
    return text if len(text) <= _SAMPLE_CHARS else f"{text[:_SAMPLE_CHARS]}..."
