"""The documents of a shard as its table holds them: found by file or by record, taken by row.

The columns that rows are found by are in memory; texts are decoded a row group at a time.
"""

from dataclasses import dataclass
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from semantic_assets.lake import layout
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.tables import DOCUMENTS
from semantic_assets.pipeline.documents.table_rows import TableRows
from semantic_assets.store import Store

#: Key in the metadata of a documents file: what read it.
READER = "semantic_assets.reader"
_LIGHT = (
    "uri",
    "document_id",
    "record_id",
    "content_hash",
    "record_signature",
    "source_fingerprint",
)


@dataclass(frozen=True, slots=True)
class FileRows:
    """The rows of one file, in its order; they lie side by side."""

    first: int
    #: The fingerprint of the file they were read from.
    mark: str
    document_ids: list[str]
    names: list[str]
    signatures: list[str | None]

    @property
    def count(self) -> int:
        return len(self.document_ids)


def record_name(record_id: str | None, content_hash: str) -> str:
    """The record's own id; else its content; never its place in the file."""
    return f"id:{record_id}" if record_id is not None else f"content:{content_hash}"


class PreviousRows:
    """An open documents table, or none: then nothing is found in it."""

    def __init__(self, file: pq.ParquetFile | None) -> None:
        self._table = TableRows(file, DOCUMENTS)
        light = self._table.columns(list(_LIGHT))
        self._light: dict[str, list[Any]] = {name: light[name].to_pylist() for name in _LIGHT}
        self._files = _runs(self._light["uri"])

    @classmethod
    def open(cls, store: Store, shard: ShardKey, reader: str) -> Self:
        """The shard's table, if it can be trusted and the same reader made it."""
        path = layout.documents(shard)
        is_there = store.trusted_fingerprint(path) is not None
        if not is_there or store.lake.metadata(path).get(READER) != reader:
            return cls(None)
        return cls(store.lake.open(path))

    def of_file(self, uri: str) -> FileRows | None:
        found = self._files.get(uri)
        if found is None:
            return None
        first, last = found
        light = {name: values[first:last] for name, values in self._light.items()}
        pairs = zip(light["record_id"], light["content_hash"], strict=True)
        return FileRows(
            first=first,
            mark=light["source_fingerprint"][0],
            document_ids=light["document_id"],
            names=[record_name(record_id, content) for record_id, content in pairs],
            signatures=light["record_signature"],
        )

    def rows(self, first: int, count: int) -> list[pa.Table]:
        return self._table.rows(first, count)

    def row(self, number: int) -> dict[str, Any]:
        row: dict[str, Any] = self.rows(number, 1)[0].to_pylist()[0]
        return row

    def close(self) -> None:
        self._table.close()


def _runs(uris: list[str]) -> dict[str, tuple[int, int]]:
    """uri -> first row and the one behind the last."""
    found: dict[str, tuple[int, int]] = {}
    for row, uri in enumerate(uris):
        first, last = found.get(uri, (row, row))
        if last != row:
            return {}  # rows of one file apart from each other: not a table of ours
        found[uri] = (first, row + 1)
    return found
