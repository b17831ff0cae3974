"""Sample a few rows of documents, jobs and indexes for display."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow.compute as pc

from semantic_assets.errors import NotFound
from semantic_assets.lake import layout
from semantic_assets.model.batch_job import BatchJob
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.statuses import ParseStatus
from semantic_assets.pipeline.vector_index.serving import parts_of
from semantic_assets.store import Store

Rows = Sequence[Mapping[str, Any]]


def unreadable_documents(store: Store, shard: ShardKey, *, limit: int) -> Rows:
    """Return `uri`, `record_id` and `parse_error` of the first unreadable documents."""
    columns = ["uri", "record_id", "parse_error", "parse_status"]
    table = store.lake.read(layout.documents(shard), columns)
    failed = table.filter(pc.equal(table["parse_status"], ParseStatus.FAILED))
    rows: Rows = failed.slice(0, limit).select(columns[:3]).to_pylist()
    return rows


def jobs_of_rows(store: Store, path: str, *, limit: int) -> list[tuple[int, BatchJob]]:
    """List (rows, job) for the jobs that gave most rows of an `embeddings` file their outcome.

    Jobs from before a ledger was lost are left out: it has no row of them.
    """
    counted = pc.value_counts(store.lake.read(path, ["batch_job_id"])["batch_job_id"]).to_pylist()
    largest = sorted(counted, key=lambda one: (-one["counts"], one["values"]))[:limit]
    found = ((one["counts"], _job(store, one["values"])) for one in largest)
    return [(rows, job) for rows, job in found if job is not None]


def _job(store: Store, job_id: str) -> BatchJob | None:
    try:
        return store.ledger.jobs.find(job_id)
    except NotFound:
        return None


def index_rows(store: Store, dataset: DatasetKey, *, limit: int) -> Rows:
    """Return the first rows of the serving index; none if its files are out of reach."""
    serving = store.ledger.index_versions.serving(dataset)
    parts = parts_of(store, serving) if serving is not None else None
    return parts.rows(range(min(limit, len(parts)))) if parts is not None else []


def chunks_of(store: Store, dataset: DatasetKey) -> int:
    """Count a dataset's chunks from the ledger, with and without a vector."""
    return sum(shard.chunks for shard in store.ledger.sources.shards(dataset))
