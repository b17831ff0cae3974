"""preview: a few rows of what was made, to be looked at. Reads little, decides nothing."""

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
    """Of the first documents that could not be read: `uri`, `record_id` and `parse_error`."""
    columns = ["uri", "record_id", "parse_error", "parse_status"]
    table = store.lake.read(layout.documents(shard), columns)
    failed = table.filter(pc.equal(table["parse_status"], ParseStatus.FAILED))
    rows: Rows = failed.slice(0, limit).select(columns[:3]).to_pylist()
    return rows


def jobs_of_rows(store: Store, path: str, *, limit: int) -> list[tuple[int, BatchJob]]:
    """The jobs that most rows of an `embeddings` file have their outcome of, with how many.

    Without jobs of before the ledger was lost: it has no row of them.
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
    """The first rows of the index that serves; none where its files are out of reach."""
    serving = store.ledger.index_versions.serving(dataset)
    parts = parts_of(store, serving) if serving is not None else None
    return parts.rows(range(min(limit, len(parts)))) if parts is not None else []


def chunks_of(store: Store, dataset: DatasetKey) -> int:
    """Chunks there are, by the ledger, whether they have a vector or not."""
    return sum(shard.chunks for shard in store.ledger.sources.shards(dataset))
