"""Project the results onto a shard's current chunks, as rows of `embeddings`."""

from contextlib import closing
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.errors import Conflict
from semantic_assets.lake import layout
from semantic_assets.lake.outcomes import Indices
from semantic_assets.lake.result_rows import ResultRows, RowOutcomes
from semantic_assets.ledger import lease_names
from semantic_assets.ledger.leases import Lease
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.statuses import RowStatus
from semantic_assets.model.tables import embeddings_schema
from semantic_assets.pipeline.chunks.rebuilt import with_rebuilt
from semantic_assets.pipeline.embeddings.previous_embeddings import PreviousEmbeddings
from semantic_assets.pipeline.pending.broken_files import known_table, require_intact
from semantic_assets.pipeline.pending.pending import ShardDemand, as_unshared, shard_demand
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import fingerprint, fingerprint_arrays

_ROW_GROUP = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingsReport:
    """The row counts by outcome. `pending` chunks have no row yet; a settled shard has none."""

    shard: ShardKey
    space_id: str
    chunks: int
    ready: int
    failed: int
    #: Tokens of the READY rows: Google's count, and the estimate made beforehand.
    tokens: int
    tokens_estimated: int
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
    unshared: bool = False,
) -> EmbeddingsReport:
    """Write the shard's `embeddings` from the landed results; safe at any time, any number of times.

    The space is the one its dataset serves, or the target of a reindex. A settled shard is not
    derived again: every event that could change its outcomes unsettles it. A job whose results file
    is broken is set aside, and the texts of the others are assembled.

    Args:
        demand: the demand of these chunks, if it was just derived.
        unshared: add no answer, as if projects shared no text and nothing had been sent since.

    Raises:
        DatasetRemoved: its dataset was removed.
        Conflict: the shard has no trusted chunks yet.
    """
    space = space or store.decide_space(shard.dataset)
    found: list[ShardDemand | None] = [demand]
    return with_rebuilt(
        store, lambda: _assembled(store, shard, space, found.pop() if found else None, unshared)
    )


def _assembled(
    store: Store,
    shard: ShardKey,
    space: EmbeddingSpace,
    demand: ShardDemand | None,
    unshared: bool,
) -> EmbeddingsReport:
    with store.ledger.leases.holding(lease_names.of_shard(shard)) as lease:
        store.ledger.datasets.require(shard.dataset)
        chunks_fingerprint = known_table(store, layout.chunks(shard))
        if chunks_fingerprint is None:
            raise Conflict(f"shard {shard}: its chunks are not there yet; materialize them first")
        if _is_done(store, shard, space, chunks_fingerprint):
            return _as_settled(store, shard, space)
        if demand is None or demand.table_fingerprint != chunks_fingerprint:
            demand = shard_demand(store, shard, space)
        shown = as_unshared(store, demand) if unshared else demand
        report = _Assembly(store, space, shard, lease, shown).run()
        settled = {"settled_fingerprint": chunks_fingerprint} if shown.is_settled else {}
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
    """Return the report of a settled shard, from its files."""
    path = layout.embeddings(space.space_id, shard)
    rows = store.lake.read(path, ["chunk_id", "status", "token_count"])
    held = rows.filter(pc.equal(rows["status"], RowStatus.READY))["chunk_id"].combine_chunks()
    chunks = store.lake.read(layout.chunks(shard), ["chunk_id", "token_estimate"])
    estimates = chunks["token_estimate"].filter(pc.is_in(chunks["chunk_id"], held))
    return EmbeddingsReport(
        shard=shard,
        space_id=space.space_id,
        chunks=rows.num_rows,
        ready=len(held),
        failed=rows.num_rows - len(held),
        tokens=pc.sum(rows["token_count"]).as_py() or 0,
        tokens_estimated=pc.sum(estimates).as_py() or 0,
        is_settled=True,
        written=False,
    )


class _Assembly:
    """One pass over the chunk rows in order, each with its outcome and, if READY, its vector.

    It goes block by block: only one block of vectors is in memory, beside the results read so far.
    """

    def __init__(
        self,
        store: Store,
        space: EmbeddingSpace,
        shard: ShardKey,
        lease: Lease,
        demand: ShardDemand,
    ) -> None:
        self._store, self._space, self._shard, self._lease = store, space, shard, lease
        self._demand, self._known = demand, demand.known
        self._path = layout.embeddings(space.space_id, shard)

    def run(self) -> EmbeddingsReport:
        of_row = self._demand.texts.of_row
        is_ready = self._known.is_answered
        is_final = is_ready | self._known.is_failed(self._store.settings.max_attempts)
        rows = np.flatnonzero(is_final[of_row])
        texts = of_row[rows]
        inputs = self._inputs(texts)
        written = not self._store.is_current(self._path, inputs)
        tokens = self._write(rows, texts, inputs) if written else self._tokens()
        ready = int(is_ready[texts].sum())
        return EmbeddingsReport(
            shard=self._shard,
            space_id=self._space.space_id,
            chunks=len(of_row),
            ready=ready,
            failed=len(rows) - ready,
            tokens=tokens,
            tokens_estimated=int(self._demand.texts.estimates[texts[is_ready[texts]]].sum()),
            is_settled=self._demand.is_settled,
            written=written,
        )

    def _inputs(self, texts: Indices) -> str:
        """Return the fingerprint of the chunks, and of the job row each final chunk has."""
        known = self._known
        jobs, used = np.unique(known.job[texts], return_inverse=True)
        names = (known.job_ids[job] if job >= 0 else None for job in jobs.tolist())
        landed = fingerprint_arrays(used, known.position[texts], known.attempts[texts])
        return fingerprint("embeddings", self._demand.table_fingerprint, *names, landed)

    def _tokens(self) -> int:
        rows = self._store.lake.read(self._path, ["token_count"])
        return pc.sum(rows["token_count"]).as_py() or 0

    def _write(self, rows: Indices, texts: Indices, inputs: str) -> int:
        schema = embeddings_schema(self._space)
        columns = ["chunk_id", "document_id", "text_hash"]
        chunks = self._store.lake.read(layout.chunks(self._shard), columns).take(pa.array(rows))
        with (
            closing(PreviousEmbeddings.open(self._store, self._path, schema)) as previous,
            ResultRows(self._store.lake, self._space, self._require_intact) as results,
        ):
            stay = previous.same(chunks, self._known, texts)
            with self._store.updating_table(
                self._lease,
                self._path,
                schema,
                previous.table,
                input_fingerprint=inputs,
                whole=2 * int((stay >= 0).sum()) < len(previous.table),
            ) as table:
                tokens = previous.keep(table, stay) if table.amends else 0
                new = np.flatnonzero(stay < 0) if table.amends else np.arange(len(rows))
                for first in range(0, len(new), _ROW_GROUP):
                    block = new[first : first + _ROW_GROUP]
                    outcomes = results.of(self._known, texts[block], self._demand.texts.keys)
                    table.write(self._batch(chunks.take(pa.array(block)), outcomes, schema))
                    tokens += int(outcomes.tokens.sum())
                table.fingerprint = inputs
        return tokens

    def _require_intact(self, path: str) -> None:
        require_intact(self._store, path)

    def _batch(self, chunks: pa.Table, found: RowOutcomes, schema: pa.Schema) -> pa.Table:
        count, is_failed = len(found.tokens), pa.array(found.is_failed)
        vectors = pa.FixedSizeListArray.from_arrays(
            pa.array(found.vectors.reshape(-1)), self._space.dimensions, mask=is_failed
        )
        return pa.table(
            [
                chunks["chunk_id"],
                chunks["document_id"],
                pa.repeat(str(self._shard), count),
                pa.repeat(self._space.space_id, count),
                chunks["text_hash"],
                pc.if_else(is_failed, RowStatus.FAILED, RowStatus.READY),
                vectors,
                pa.array(found.job_ids, pa.string()),
                pa.array(found.tokens, pa.int32(), mask=found.is_failed),
                pa.array(found.attempts, pa.int32()),
                pa.array(found.error_codes, pa.string()),
                pa.array(found.error_messages, pa.string()),
            ],
            schema=schema,
        )
