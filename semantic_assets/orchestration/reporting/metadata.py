"""Reports and table files as Dagster metadata. Numeric keys stay stable: people chart them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import dagster as dg
import pyarrow as pa

from semantic_assets.lake import layout
from semantic_assets.ledger.evaluations import Evaluation
from semantic_assets.model.catalog import batch_usd, realtime_usd
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.tables import CHUNKS, DOCUMENTS, EMBEDDINGS_COLUMNS
from semantic_assets.orchestration.reporting.columns import BATCH_JOBS, EVALUATIONS, JOBS_OF_ROWS
from semantic_assets.orchestration.reporting.inline_pictures import small_map, trend
from semantic_assets.orchestration.reporting.numbers import dollars, megabytes, rounded, share
from semantic_assets.orchestration.reporting.samples import (
    job_row,
    sample,
    sample_of_file,
    sample_of_index,
)
from semantic_assets.orchestration.reporting.vector_plot import picture
from semantic_assets.pipeline.batch_jobs.submit import Submission
from semantic_assets.pipeline.chunks.chunk_shard import ChunksReport
from semantic_assets.pipeline.documents.file_counts import file_counts
from semantic_assets.pipeline.documents.read import DocumentsReport
from semantic_assets.pipeline.embeddings.assemble import EmbeddingsReport
from semantic_assets.pipeline.embeddings.vector_map import vector_map
from semantic_assets.pipeline.reports.samples import chunks_of, jobs_of_rows
from semantic_assets.pipeline.reports.shard_queue import ShardQueue
from semantic_assets.pipeline.vector_index.build import IndexReport
from semantic_assets.store import Store
from semantic_assets.text.foreign import visible

#: Rows of the tables of jobs and of index versions.
_JOBS, _VERSIONS = 20, 10
Metadata = Mapping[str, Any]


def documents_metadata(store: Store, path: str, report: DocumentsReport) -> Metadata:
    files = file_counts(store, [report.shard.dataset])
    return {
        "dagster/partition_row_count": report.documents,
        "documents_failed": report.failed,
        "dataset_files": files.told,
        "dataset_files_not_read": files.failed,
        "dataset_files_read_in_part": files.in_part,
        "text_mb": megabytes(report.text_bytes),
        "files_read": report.files_read,
        "files_unsettled": len(report.unsettled),
        "rewritten": report.written,
        **_table(store, path, DOCUMENTS),
    }


def chunks_metadata(store: Store, path: str, report: ChunksReport) -> Metadata:
    model = store.serving_space(report.shard.dataset).model
    return {
        "dagster/partition_row_count": report.chunks,
        "distinct_texts": report.distinct_texts,
        "tokens_estimated": report.tokens_estimated,
        **dollars(
            store,
            batch_usd_estimated=batch_usd(model, report.tokens_estimated),
            realtime_usd_estimated=realtime_usd(model, report.tokens_estimated),
        ),
        "documents_chunked": report.documents_chunked,
        "documents_waiting": report.documents_waiting,
        "rewritten": report.written,
        **_table(store, path, CHUNKS),
    }


def submission_metadata(store: Store, submission: Submission, queue: ShardQueue) -> Metadata:
    blocked_by = submission.blocked_by.reason if submission.blocked_by else "no"
    return {
        "jobs_submitted": len(submission.submitted),
        "held_back": visible(blocked_by),
        **queue_metadata(store, queue),
    }


def queue_metadata(store: Store, queue: ShardQueue) -> Metadata:
    return {
        "texts_in_flight": queue.in_flight,
        "texts_waiting": queue.waiting,
        "texts_landed": queue.landed,
        "texts_failed": queue.failed,
        "tokens_waiting_estimated": queue.waiting_tokens_estimated,
        **dollars(store, batch_usd_waiting_estimated=queue.waiting_usd_estimated),
        "jobs_out": len(queue.open_jobs),
        "jobs": sample((job_row(job) for job in queue.open_jobs[:_JOBS]), BATCH_JOBS),
    }


def outcomes_metadata(report: EmbeddingsReport) -> Metadata:
    """Return the progress of a shard, settled or not."""
    return {
        "chunks_ready": report.ready,
        "chunks_failed": report.failed,
        "chunks_pending": report.pending,
        "coverage_ready": share(report.ready, report.chunks),
        "tokens": report.tokens,
    }


def progress_observation(key: dg.AssetKey, report: EmbeddingsReport) -> dg.AssetObservation:
    """Return the progress of an unsettled shard, to be plotted without a materialization."""
    return dg.AssetObservation(key, partition=str(report.shard), metadata=outcomes_metadata(report))


def embeddings_metadata(store: Store, path: str, report: EmbeddingsReport) -> Metadata:
    space = store.serving_space(report.shard.dataset)
    model = space.model
    return {
        "dagster/partition_row_count": report.ready + report.failed,
        **_map(store, path, report),
        **outcomes_metadata(report),
        "tokens_estimated": report.tokens_estimated,
        "tokens_to_estimate": rounded(report.tokens / max(1, report.tokens_estimated)),
        **dollars(
            store,
            batch_usd=batch_usd(model, report.tokens),
            batch_usd_estimated=batch_usd(model, report.tokens_estimated),
            realtime_usd=realtime_usd(model, report.tokens),
        ),
        "space": report.space_id,
        "dimensions": space.dimensions,
        **_jobs_of_rows(store, path),
        **_table(store, path, EMBEDDINGS_COLUMNS),
    }


def _map(store: Store, path: str, report: EmbeddingsReport) -> Metadata:
    found = vector_map(store, report.shard, path)
    if found is None:
        return {}
    return {
        "map": small_map(found),
        "map_in_full": picture(found),
        "map_variance_share": rounded(found.variance_share),
    }


def _jobs_of_rows(store: Store, path: str) -> Metadata:
    """Return the batch jobs that gave the rows their outcomes."""
    found = jobs_of_rows(store, path, limit=_JOBS)
    return {"jobs": sample(({"rows": rows, **job_row(job)} for rows, job in found), JOBS_OF_ROWS)}


def index_metadata(store: Store, report: IndexReport) -> Metadata:
    folder = layout.index_version(report.dataset, report.space_id, report.version)
    chunks = chunks_of(store, report.dataset)
    return {
        "dagster/partition_row_count": report.rows,
        "chunks": chunks,
        "coverage_indexed": share(min(report.rows, chunks), chunks),
        "index_version": report.version,
        "rows_carried": report.carried,
        "backend": report.backend,
        "parts_written": report.parts_written,
        "parts_linked": report.parts_linked,
        "space": report.space_id,
        "rewritten": report.written,
        "path": dg.MetadataValue.path(store.lake.address(folder)),
        "sample": sample_of_index(store, report.dataset),
    }


def quality_metadata(store: Store, found: Evaluation) -> Metadata:
    before = store.ledger.evaluations.of(DatasetKey.parse(found.dataset))[:_VERSIONS]
    return {
        "ndcg_at_10": rounded(found.ndcg_at_10),
        "trend": trend(before or [found]),
        "recall_at_10": rounded(found.recall_at_10),
        "mrr": rounded(found.mrr),
        "queries": found.queries,
        "index_version": found.version,
        "space": found.space_id,
        "index_versions": sample(
            ({**asdict(one), "space": one.space_id} for one in before), EVALUATIONS
        ),
    }


def _table(store: Store, path: str, schema: pa.Schema) -> Metadata:
    return {
        "path": dg.MetadataValue.path(store.lake.address(path)),
        "file_mb": megabytes(store.lake.size(path)),
        "sample": sample_of_file(store, path, schema),
    }
