"""The status of one job, and the vectors it brought to its chunks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from semantic_assets.errors import Conflict
from semantic_assets.index.ranking import Vectors
from semantic_assets.lake import layout
from semantic_assets.model.batch_job import FINAL, BatchJob, JobKind, JobState
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.statuses import Outcome
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus(HtmlTable):
    """One batch job as users see it."""

    job_id: str
    remote_name: str | None
    #: CREATED, SUBMITTED, PROCESSING, COMPLETED or FAILED; `state` is the ledger's finer state.
    stage: str
    state: str
    #: succeeded, partly_failed, failed, expired, cancelled, deleted, not_created, rejected,
    #: given_up, quarantined or damaged; None while it is open.
    outcome: str | None
    #: The state Google last reported.
    remote_state: str | None
    is_final: bool
    #: Its cancellation was requested; `remote_state` says whether the request came in time.
    is_cancelling: bool
    requests: int
    succeeded: int | None
    failed: int | None
    tokens_estimated: int
    tokens: int | None
    error: str | None
    created_at: float
    ended_at: float | None


def job_status(store: Store, name: str) -> JobStatus:
    """Return the ledger's view of a job, found by our id or by Google's `batches/...`.

    Raises:
        NotFound: there is no such job.
    """
    job = store.ledger.jobs.find(name)
    return JobStatus(
        job_id=job.job_id,
        remote_name=job.remote_name,
        stage=str(job.stage),
        state=str(job.state),
        outcome=job.outcome and str(job.outcome),
        remote_state=job.remote_state,
        is_final=job.state in FINAL,
        is_cancelling=job.cancel_requested_at is not None,
        requests=job.requests,
        succeeded=job.succeeded,
        failed=job.failed,
        tokens_estimated=job.tokens_estimated,
        tokens=job.tokens_actual,
        error=job.trouble,
        created_at=job.created_at,
        ended_at=job.ended_at,
    )


def job_results(store: Store, name: str) -> dict[str, Vectors]:
    """Map the chunk_id of each chunk with one of the job's texts to its vector.

    Vectors are float32 of unit length.

    Raises:
        NotFound: there is no such job.
        Conflict: the job is not collected yet, or brought no vectors.
    """
    job = store.ledger.jobs.find(name)
    if job.state in FINAL and not (job.state == JobState.COLLECTED and job.succeeded != 0):
        raise Conflict(
            f"job {job.job_id} ended ({job.outcome}) and brought nothing: {job.trouble}; its texts "
            "are sent again, or listed by `semantic-assets failures`"
        )
    if job.state != JobState.COLLECTED:
        raise Conflict(
            f"job {job.job_id} is {job.state} ({job.stage}): its results are here when it is "
            "collected; `semantic-assets collect` takes in what has ended"
        )
    if job.kind != JobKind.EMBEDDING:
        names = sorted({str(ShardKey.parse(shard).dataset) for shard in job.shards})
        raise Conflict(
            f"job {job.job_id} brought answers of {job.product_id} and no vectors: "
            f"`semantic-assets generate results {names[0]}`"
        )
    rows = store.lake.read(
        layout.results(job.product_id, job.job_id), ["text_hash", "vector", "outcome"]
    )
    rows = rows.filter(pc.equal(rows["outcome"], Outcome.OK))
    if not rows.num_rows:
        return {}
    vectors = rows["vector"].combine_chunks().flatten().to_numpy().reshape(rows.num_rows, -1)
    return {
        chunk: np.array(vectors[row])
        for chunk, row in _chunks_of(store, job, rows["text_hash"].combine_chunks())
    }


def json_lines(vectors: Mapping[str, Vectors]) -> Iterator[bytes]:
    """Yield a line `{"chunk_id": ..., "embedding": [...]}` for each vector."""
    for chunk_id, vector in vectors.items():
        row = {"chunk_id": chunk_id, "embedding": vector}
        yield orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n"


def write_parquet(vectors: Mapping[str, Vectors], path: Path) -> None:
    """Write the vectors as Parquet columns `chunk_id` and `embedding` (a list of float32)."""
    matrix = np.stack(list(vectors.values())) if vectors else np.empty((0, 1), np.float32)
    column = pa.FixedSizeListArray.from_arrays(pa.array(matrix.reshape(-1)), matrix.shape[1])
    pq.write_table(pa.table({"chunk_id": list(vectors), "embedding": column}), path)


def _chunks_of(store: Store, job: BatchJob, keys: pa.Array) -> list[tuple[str, int]]:
    """List (chunk_id, row of its text) for the shards the job was formed for."""
    found: list[tuple[str, int]] = []
    for shard in map(ShardKey.parse, job.shards):
        if not store.lake.exists(layout.chunks(shard)):
            continue
        chunks = store.lake.read(layout.chunks(shard), ["chunk_id", "text_hash"])
        places = pc.index_in(chunks["text_hash"], keys).to_pylist()
        ids = chunks["chunk_id"].to_pylist()
        found += [(c, row) for c, row in zip(ids, places, strict=True) if row is not None]
    return found
