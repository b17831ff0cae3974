"""assemble: project the results onto a shard's current chunks, as rows of `embeddings`."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.errors import Conflict
from semantic_assets.lake import layout
from semantic_assets.lake.files import Lake
from semantic_assets.lake.key_index import Landed
from semantic_assets.ledger.leases import Lease
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.tables import embeddings_schema
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import fingerprint, fingerprint_rows
from semantic_assets.verbs.pending import ShardDemand, shard_demand

_ROW_GROUP = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingsReport:
    """Rows by outcome. `pending` chunks have no row yet; a settled shard has none."""

    shard: ShardKey
    space_id: str
    chunks: int
    ready: int
    failed: int
    tokens: int
    is_settled: bool
    written: bool

    @property
    def pending(self) -> int:
        return self.chunks - self.ready - self.failed


def assemble(
    store: Store,
    shard: ShardKey,
    *,
    space: EmbeddingSpace | None = None,
    demand: ShardDemand | None = None,
) -> EmbeddingsReport:
    """Write the shard's `embeddings` from what has landed; safe at any time, in any number.

    In the space its dataset serves, or in another one that a reindex works towards. A settled shard
    is not derived again: what could change its outcomes unsettles it.

    Args:
        demand: of these chunks, where it was just derived.

    Raises:
        DatasetRemoved: its dataset was removed.
        Conflict: the shard has no trusted chunks yet.
    """
    space = space or store.decide_space(shard.dataset)
    with store.ledger.leases.holding(store.shard_lease(shard)) as lease:
        store.ledger.datasets.require(shard.dataset)
        chunks_fingerprint = store.trusted_fingerprint(layout.chunks(shard))
        if chunks_fingerprint is None:
            raise Conflict(f"shard {shard}: its chunks are not there yet; materialize them first")
        if _is_done(store, shard, space, chunks_fingerprint):
            return _as_settled(store, shard, space)
        if demand is None or demand.chunks_fingerprint != chunks_fingerprint:
            demand = shard_demand(store, shard, space)
        report = _Assembly(store, space, shard, lease, demand).run()
        settled = {"settled_fingerprint": chunks_fingerprint} if demand.is_settled else {}
        store.ledger.progress.note(
            shard,
            space.space_id,
            pending=len(demand.pending),
            counted_fingerprint=chunks_fingerprint,
            **settled,
        )
    return report


def _is_done(store: Store, shard: ShardKey, space: EmbeddingSpace, chunks: str) -> bool:
    progress = store.ledger.progress.of(shard, space.space_id)
    path = layout.embeddings(space.space_id, shard)
    return progress.is_settled_for(chunks) and store.trusted_fingerprint(path) is not None


def _as_settled(store: Store, shard: ShardKey, space: EmbeddingSpace) -> EmbeddingsReport:
    """What the file says."""
    path = layout.embeddings(space.space_id, shard)
    rows = store.lake.read(path, ["status", "token_count"])
    ready = pc.sum(pc.equal(rows["status"], "READY")).as_py() or 0
    return EmbeddingsReport(
        shard=shard,
        space_id=space.space_id,
        chunks=rows.num_rows,
        ready=ready,
        failed=rows.num_rows - ready,
        tokens=pc.sum(rows["token_count"]).as_py() or 0,
        is_settled=True,
        written=False,
    )


class _Assembly:
    """One pass: chunk rows in order, each with its outcome and, if READY, its vector."""

    def __init__(
        self,
        store: Store,
        space: EmbeddingSpace,
        shard: ShardKey,
        lease: Lease,
        demand: ShardDemand,
    ) -> None:
        self._store, self._space, self._shard, self._lease = store, space, shard, lease
        self._demand = demand
        self._path = layout.embeddings(space.space_id, shard)

    def run(self) -> EmbeddingsReport:
        columns = ["chunk_id", "document_id", "text_hash"]
        chunks = self._store.lake.read(layout.chunks(self._shard), columns)
        hashes: list[str] = chunks["text_hash"].to_pylist()
        known = self._demand.known
        limit = self._store.settings.max_attempts
        final = [
            row
            for row, key in enumerate(hashes)
            if key in known and (known[key].job_id is not None or known[key].is_failed(limit))
        ]
        rows = chunks.take(pa.array(final, pa.int64()))
        outcomes = [known[hashes[row]] for row in final]
        inputs = self._inputs(outcomes)
        written = not self._store.is_current(self._path, inputs)
        tokens = self._write(rows, outcomes, inputs) if written else self._tokens()
        ready = sum(outcome.job_id is not None for outcome in outcomes)
        return EmbeddingsReport(
            shard=self._shard,
            space_id=self._space.space_id,
            chunks=len(hashes),
            ready=ready,
            failed=len(outcomes) - ready,
            tokens=tokens,
            is_settled=self._demand.is_settled,
            written=written,
        )

    def _inputs(self, outcomes: list[Landed]) -> str:
        landed = fingerprint_rows(f"{o.job_id}:{o.position}:{o.attempts}" for o in outcomes)
        return fingerprint("embeddings", self._demand.chunks_fingerprint, landed)

    def _tokens(self) -> int:
        column = self._store.lake.read(self._path, ["token_count"])["token_count"]
        return sum(count or 0 for count in column.to_pylist())

    def _write(self, rows: pa.Table, outcomes: list[Landed], inputs: str) -> int:
        gathered = _gather(self._store.lake, self._space, outcomes)
        table = self._table(rows, outcomes, gathered)
        schema = embeddings_schema(self._space)
        with self._store.replacing_table(
            self._lease, self._path, schema, input_fingerprint=inputs
        ) as (file, content):
            for batch in table.to_batches(max_chunksize=_ROW_GROUP):
                file.write(batch)
            content(inputs)
        return int(gathered.tokens.sum())

    def _table(self, rows: pa.Table, outcomes: list[Landed], gathered: "_Gathered") -> pa.Table:
        count, space = len(outcomes), self._space
        failed = np.fromiter((o.job_id is None for o in outcomes), dtype=bool, count=count)
        vectors = pa.FixedSizeListArray.from_arrays(
            pa.array(gathered.vectors.reshape(-1)), space.dimensions, mask=pa.array(failed)
        )
        jobs = [o.job_id or (o.last_error or ("", 0))[0] for o in outcomes]
        return pa.table(
            [
                rows["chunk_id"],
                rows["document_id"],
                pa.array([str(self._shard)] * count, pa.string()),
                pa.array([space.space_id] * count, pa.string()),
                rows["text_hash"],
                pa.array(np.where(failed, "FAILED", "READY").tolist(), pa.string()),
                vectors,
                pa.array(jobs, pa.string()),
                pa.array(gathered.tokens, pa.int32(), mask=failed),
                pa.array([o.attempts for o in outcomes], pa.int32()),
                pa.array(gathered.error_codes, pa.string()),
                pa.array(gathered.error_messages, pa.string()),
            ],
            schema=embeddings_schema(space),
        )


@dataclass(slots=True)
class _Gathered:
    """Columns fetched from results files, in the order of the rows that want them."""

    vectors: np.ndarray[tuple[int, int], np.dtype[np.float32]]
    tokens: np.ndarray[tuple[int], np.dtype[np.int32]]
    error_codes: list[str | None]
    error_messages: list[str | None]


def _gather(lake: Lake, space: EmbeddingSpace, outcomes: list[Landed]) -> _Gathered:
    """Open each results file once; only one is in memory beside the shard's own vectors."""
    count = len(outcomes)
    gathered = _Gathered(
        vectors=np.zeros((count, space.dimensions), dtype=np.float32),
        tokens=np.zeros(count, dtype=np.int32),
        error_codes=[None] * count,
        error_messages=[None] * count,
    )
    by_job: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row, outcome in enumerate(outcomes):
        job_id, position = (
            (outcome.job_id, outcome.position)
            if outcome.job_id is not None
            else outcome.last_error or ("", -1)
        )
        by_job[job_id].append((row, position))
    for job_id, places in by_job.items():
        _fetch(lake.read(layout.results(space.space_id, job_id)), places, outcomes, gathered)
    return gathered


def _fetch(
    results: pa.Table,
    places: list[tuple[int, int]],
    outcomes: list[Landed],
    gathered: _Gathered,
) -> None:
    ready = [(row, position) for row, position in places if outcomes[row].job_id is not None]
    if ready:
        rows, positions = (list(column) for column in zip(*ready, strict=True))
        column = results["vector"].combine_chunks()
        matrix = column.values.to_numpy(zero_copy_only=False).reshape(len(column), -1)
        gathered.vectors[rows] = matrix[positions]
        tokens = results["token_count"].fill_null(0).to_numpy()
        gathered.tokens[rows] = tokens[positions]
    for row, position in places:
        if outcomes[row].job_id is None:
            gathered.error_codes[row] = results["error_code"][position].as_py()
            gathered.error_messages[row] = results["error_message"][position].as_py()
