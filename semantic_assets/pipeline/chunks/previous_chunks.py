"""The chunks in a shard's present table, found by the document they were split from."""

from typing import Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from semantic_assets.lake import layout
from semantic_assets.lake.table_rows import TableRows
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.tables import CHUNKS
from semantic_assets.store import Store

#: Metadata key of a chunks file: the version and settings of the code that split it.
CHUNKER = "semantic_assets.cutter"


class PreviousChunks:
    """An open chunks table, or none, in which nothing is found."""

    def __init__(
        self, file: pq.ParquetFile | None, fingerprint: str = "", *, is_cut_so: bool = True
    ) -> None:
        self.fingerprint = fingerprint
        #: Split by the present rules; otherwise all documents but the waiting ones are split anew.
        self.is_cut_so = is_cut_so
        self.table = TableRows(file, CHUNKS)
        self._documents = _runs(self.table.columns(["document_id", "content_hash"]))
        self._last: dict[str, tuple[int, int]] | None = None

    @classmethod
    def open(cls, store: Store, shard: ShardKey, chunker: str) -> Self:
        """Open the shard's table if it can be trusted and was split by the same code version."""
        path = layout.chunks(shard)
        fingerprint = store.trusted_fingerprint(path)
        if fingerprint is None:
            return cls(None)
        held = store.lake.metadata(path).get(CHUNKER, "")
        if held.partition(":")[0] != chunker.partition(":")[0]:
            return cls(None)
        return cls(store.lake.open(path), fingerprint, is_cut_so=held == chunker)

    def place(self, document: str, content_hash: str) -> tuple[int, int] | None:
        """Return first row and number of an unchanged document's chunks; None: split it anew."""
        return self._documents.get((document, content_hash)) if self.is_cut_so else None

    def last(self, document: str) -> tuple[int, int]:
        """Return first row and number of a document's chunks, changed or not; (0, 0): none."""
        if self._last is None:
            self._last = {name: place for (name, _), place in self._documents.items()}
        return self._last.get(document, (0, 0))

    def close(self) -> None:
        self.table.close()


def _runs(light: pa.Table) -> dict[tuple[str, str], tuple[int, int]]:
    """Map (document, content hash) to first row and row count; Python runs once per document."""
    if not light.num_rows:
        return {}
    runs = pc.run_end_encode(light["document_id"].combine_chunks())
    ends: list[int] = runs.run_ends.to_pylist()
    firsts = [0, *ends[:-1]]
    contents = light["content_hash"].take(pa.array(firsts)).to_pylist()
    names = zip(runs.values.to_pylist(), contents, strict=True)
    return {
        name: (first, end - first) for name, first, end in zip(names, firsts, ends, strict=True)
    }
