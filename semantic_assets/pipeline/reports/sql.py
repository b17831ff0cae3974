"""SQL over a snapshot of the ledger and live views of the lake."""

from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from semantic_assets.lake.views import connect_tables, connect_views
from semantic_assets.model.batch_job import BatchJob
from semantic_assets.pipeline.pending.products import settled_shards
from semantic_assets.pipeline.reports.pending_counts import pending_counts
from semantic_assets.store import Store

_TIMESTAMP = pa.timestamp("ms", tz="UTC")
_STATS = pa.struct(
    [
        ("requests", pa.int64()),
        ("succeeded", pa.int64()),
        ("failed", pa.int64()),
        ("tokens", pa.int64()),
    ]
)
_BATCH_JOBS = pa.schema(
    [
        ("id", pa.string()),
        ("remote_name", pa.string()),
        ("job_type", pa.string()),
        ("state", pa.string()),
        ("stage", pa.string()),
        ("outcome", pa.string()),
        ("remote_state", pa.string()),
        ("model", pa.string()),
        ("space", pa.string()),
        ("shards", pa.list_(pa.string())),
        ("stats", _STATS),
        ("tokens_estimated", pa.int64()),
        ("error_message", pa.string()),
        ("created_at", _TIMESTAMP),
        ("updated_at", _TIMESTAMP),
        ("submitted_at", _TIMESTAMP),
        ("ended_at", _TIMESTAMP),
    ]
)
_SHARDS = pa.schema(
    [
        ("shard", pa.string()),
        ("project", pa.string()),
        ("dataset", pa.string()),
        ("documents", pa.int64()),
        ("chunks", pa.int64()),
        ("pending", pa.int64()),
        ("settled", pa.bool_()),
    ]
)
_DATASETS = pa.schema(
    [
        ("project", pa.string()),
        ("dataset", pa.string()),
        ("serving_space", pa.string()),
        ("target_space", pa.string()),
    ]
)
_PENDING = pa.schema(
    [
        ("project_id", pa.string()),
        ("dataset_id", pa.string()),
        ("root_path", pa.string()),
        ("dataset_count", pa.int64()),
        ("documents_to_chunk", pa.int64()),
        ("chunks_to_embed", pa.int64()),
        ("vectors_to_index", pa.int64()),
        ("answers_to_come", pa.int64()),
        ("pending_count", pa.int64()),
    ]
)


def connect(store: Store) -> duckdb.DuckDBPyConnection:
    """Open a connection with views of the lake's tables and of the ledger.

    Of the ledger: datasets, shards and batch_jobs; beside them chunk_status and pending.
    """
    ledger = {
        "batch_jobs": _jobs(store),
        "shards": _shards(store),
        "datasets": _datasets(store),
        "pending": _pending(store),
    }
    return connect_views(store.lake, ledger)


def connect_ledger(store: Store) -> duckdb.DuckDBPyConnection:
    """Open a connection with the ledger's tables alone: no file of the lake is read.

    What lists jobs and shards works also where a file is broken: its remedy says to list them.
    """
    return connect_tables({"batch_jobs": _jobs(store), "shards": _shards(store)})


def _jobs(store: Store) -> pa.Table:
    return pa.Table.from_pylist([_job(job) for job in store.ledger.jobs.list()], _BATCH_JOBS)


def _job(job: BatchJob) -> dict[str, object]:
    return {
        "id": job.job_id,
        "remote_name": job.remote_name,
        "job_type": str(job.kind),
        "state": str(job.state),
        "stage": str(job.stage),
        "outcome": job.outcome and str(job.outcome),
        "remote_state": job.remote_state,
        "model": job.model,
        "space": job.product_id,
        "shards": list(job.shards),
        "stats": {
            "requests": job.requests,
            "succeeded": job.succeeded,
            "failed": job.failed,
            "tokens": job.tokens_actual,
        },
        "tokens_estimated": job.tokens_estimated,
        "error_message": job.trouble,
        "created_at": _time(job.created_at),
        "updated_at": _time(job.updated_at),
        "submitted_at": _time(job.submitted_at),
        "ended_at": _time(job.ended_at),
    }


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _shards(store: Store) -> pa.Table:
    settled = set(settled_shards(store))
    rows = [
        {
            "shard": str(shard.key),
            "project": shard.key.dataset.project,
            "dataset": shard.key.dataset.dataset,
            "documents": shard.documents,
            "chunks": shard.chunks,
            "pending": store.ledger.progress.of(
                shard.key, store.serving_space(shard.key.dataset).space_id
            ).pending,
            "settled": shard.key in settled,
        }
        for shard in store.ledger.sources.shards()
    ]
    return pa.Table.from_pylist(rows, _SHARDS)


def _datasets(store: Store) -> pa.Table:
    rows = []
    for dataset in store.ledger.sources.datasets():
        target = store.target_space(dataset)
        rows.append(
            {
                "project": dataset.project,
                "dataset": dataset.dataset,
                "serving_space": store.serving_space(dataset).space_id,
                "target_space": target and target.space_id,
            }
        )
    return pa.Table.from_pylist(rows, _DATASETS)


def _pending(store: Store) -> pa.Table:
    """Return one row for each dataset; GROUP BY project_id adds up a project's rows."""
    rows = [
        {name: getattr(counts, name) for name in _PENDING.names} for counts in pending_counts(store)
    ]
    return pa.Table.from_pylist(rows, _PENDING)
