"""The texts of jobs being formed, read from the rows of the shards that want them."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from semantic_assets.batching.grouping import PendingTexts
from semantic_assets.batching.packing import Window, plan_job
from semantic_assets.lake import layout
from semantic_assets.lake.table_rows import fingerprint_of, row_group_starts
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.tables import MANIFEST
from semantic_assets.pipeline.pending.pending import ShardDemand
from semantic_assets.store import Store

#: Bytes of the request line of each text, shape (n,).
Measure = Callable[[pa.Array], npt.NDArray[np.int64]]


class JobTexts:
    """Chunks, or a task's requests, read by row number.

    Jobs take texts in order, so one row group is in memory at a time. (Reading the whole file for
    each job took 5 of the 50 CPU seconds of a shard of sixteen jobs.)
    """

    def __init__(self, store: Store, opened: Sequence[ShardDemand] = ()) -> None:
        self._store = store
        self._of: dict[ShardKey, ShardDemand] = {}
        self._files: dict[ShardKey, _RowsFile] = {}
        self.know(opened)

    def know(self, opened: Sequence[ShardDemand]) -> None:
        """Take the texts that these demands name, and no others."""
        self._of = {found.shard: found for found in opened}
        for shard, file in list(self._files.items()):
            if shard not in self._of or self._of[shard].table_fingerprint != file.fingerprint:
                self._files.pop(shard).close()

    def rest(self) -> None:
        """Close all but the table read last, where the next job's texts go on."""
        for shard in list(self._files)[:-1]:
            self._files.pop(shard).close()

    def __enter__(self) -> "JobTexts":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        while self._files:
            self._files.popitem()[1].close()

    def of(self, chosen: PendingTexts) -> Iterator[pa.Table] | None:
        """Return the rows of these texts with a manifest's columns; None: a shard was rewritten."""
        places = dict(chosen.by_shard())
        files = {shard: self._opened(shard) for shard in places}
        if any(file is None for file in files.values()):
            return None
        return chain.from_iterable(
            self._taken(file, chosen.rows[places[shard]])
            for shard, file in files.items()
            if file is not None
        )

    def _taken(self, file: "_RowsFile", rows: npt.NDArray[np.int64]) -> Iterator[pa.Table]:
        for other in self._files.values():
            if other is not file:
                other.let_go()  # one row group in memory, whatever the number of shards
        yield from file.take(rows)

    def count_of_job(
        self, texts: PendingTexts, window: Window, most: int, measure: Measure | None
    ) -> int:
        """Return how many of the first texts make the next job, by the bytes of their lines.

        Args:
            measure: tells these bytes by the texts; None: they are reckoned, where nothing is full.
        """
        sizes = None if measure is None else self.measured(texts.part(0, most), measure)
        return plan_job(texts.estimates, window, max_requests=most, line_bytes=sizes)

    def measured(self, chosen: PendingTexts, measure: Measure) -> npt.NDArray[np.int64] | None:
        """Return what `measure` says of each text, shape (n,); None: a shard was rewritten."""
        pieces = self.of(chosen)
        if pieces is None:
            return None
        found = np.zeros(len(chosen), dtype=np.int64)
        places = np.concatenate([at for _, at in chosen.by_shard()] or [found])
        first = 0
        for piece in pieces:
            at = places[first : first + piece.num_rows]
            found[at] = measure(piece["vector_text"].combine_chunks())
            first += piece.num_rows
        return found

    def _opened(self, shard: ShardKey) -> "_RowsFile | None":
        if shard in self._files:
            self._files[shard] = self._files.pop(shard)  # the last one used stands last
        else:
            found = self._of[shard]
            path = layout.wanted(found.product.product_id, shard)
            file = _RowsFile(self._store.lake.open(path))
            if file.fingerprint != found.table_fingerprint:
                file.close()
                return None
            self._files[shard] = file
        return self._files[shard]


class _RowsFile:
    """One open table file; it stays the same file even if another replaces it."""

    def __init__(self, file: pq.ParquetFile) -> None:
        self._file, self._starts = file, row_group_starts(file)
        self._held: tuple[int, pa.Table] | None = None
        self._columns = [name for name in MANIFEST.names if name in file.schema_arrow.names]
        self.fingerprint = fingerprint_of(file)

    def take(self, rows: npt.NDArray[np.int64]) -> Iterator[pa.Table]:
        """Yield these ascending rows, one piece per row group."""
        groups = np.searchsorted(self._starts, rows, side="right") - 1
        for group in np.unique(groups).tolist():
            inside = rows[groups == group] - self._starts[group]
            table = self._group(group)
            yield table if len(inside) == table.num_rows else table.take(pa.array(inside))

    def _group(self, number: int) -> pa.Table:
        if self._held is None or self._held[0] != number:
            self._held = None  # one at a time
            table = self._file.read_row_group(number, columns=self._columns, use_threads=False)
            self._held = (number, table)
        return self._held[1]

    def let_go(self) -> None:
        self._held = None

    def close(self) -> None:
        self._file.close()
