"""The rows of a shard's present embeddings that are still right."""

from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from semantic_assets.lake.outcomes import Indices, KnownTexts
from semantic_assets.lake.table_rows import TableRows
from semantic_assets.lake.table_update import TableUpdate
from semantic_assets.model.statuses import RowStatus
from semantic_assets.store import Store

_LIGHT = ["chunk_id", "text_hash", "status", "batch_job_id", "attempts", "token_count"]


class PreviousEmbeddings:
    """An open embeddings table, or none, of which no row stays."""

    def __init__(self, file: pq.ParquetFile | None, schema: pa.Schema) -> None:
        self.table = TableRows(file, schema)
        self._light = self.table.columns(_LIGHT)

    @classmethod
    def open(cls, store: Store, path: str, schema: pa.Schema) -> Self:
        """Open the table if it can be trusted."""
        is_there = store.trusted_fingerprint(path) is not None
        return cls(store.lake.open(path) if is_there else None, schema)

    def same(self, chunks: pa.Table, known: KnownTexts, texts: Indices) -> Indices:
        """Return for each of these chunks its row of this table that stays, or -1.

        A row stays if its text has its vector from the same job, after as many attempts. Rows of
        failed texts are few, and are written again.
        """
        row = pc.index_in(chunks["chunk_id"], self._light["chunk_id"].combine_chunks())
        rows: Indices = row.fill_null(-1).to_numpy().astype(np.int64)
        found = np.flatnonzero(rows >= 0)
        held = self._light.take(pa.array(rows[found]))
        jobs = np.asarray([*known.job_ids, ""], dtype=object)[known.job[texts[found]]]
        is_same = (
            pc.equal(held["text_hash"], chunks["text_hash"].take(pa.array(found))).to_numpy()
            & pc.equal(held["status"], RowStatus.READY).to_numpy()
            & pc.equal(held["batch_job_id"], pa.array(jobs, pa.string())).to_numpy()
            & (held["attempts"].to_numpy() == known.attempts[texts[found]])
        )
        rows[found[~is_same]] = -1
        return rows

    def keep(self, table: TableUpdate, stay: Indices) -> int:
        """Leave these rows where they are; return the sum of their tokens."""
        rows = np.sort(stay[stay >= 0])
        for run in np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1):
            if len(run):
                table.keep(int(run[0]), len(run))
        return pc.sum(self._light["token_count"].take(pa.array(rows))).as_py() or 0

    def close(self) -> None:
        self.table.close()
