"""Write a documents table from any mixture of new rows and rows of the previous table."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from semantic_assets.lake import layout
from semantic_assets.lake.table_file import TableFile
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.statuses import ParseStatus
from semantic_assets.model.tables import DOCUMENTS
from semantic_assets.parsing.records import SourceRecord, encoded_size
from semantic_assets.pipeline.documents.table_rows import TableRows
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import joined_hash

#: Bounds memory while a shard is read and split: 32 MB groups took 290 MB in all, these 240.
_ROW_GROUP_ROWS, _ROW_GROUP_BYTES = 4_096, 2 << 20
_MARK = DOCUMENTS.get_field_index("source_fingerprint")

#: Metadata key of a documents file: the version and settings of the code that read it.
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
    """The rows of one file, in its order; they are adjacent in the table."""

    first: int
    #: The fingerprint of the file they were read from.
    file_stamp: str
    document_ids: list[str]
    names: list[str]
    signatures: list[str | None]

    @property
    def count(self) -> int:
        return len(self.document_ids)


def record_name(record_id: str | None, content_hash: str) -> str:
    """Return a record's name: its own id, else its content hash; never its place in the file."""
    return f"id:{record_id}" if record_id is not None else f"content:{content_hash}"


class PreviousRows:
    """An open documents table, or none, in which nothing is found."""

    def __init__(self, file: pq.ParquetFile | None) -> None:
        self._table = TableRows(file, DOCUMENTS)
        light = self._table.columns(list(_LIGHT))
        self._light: dict[str, list[Any]] = {name: light[name].to_pylist() for name in _LIGHT}
        self._files = _runs(self._light["uri"])

    @classmethod
    def open(cls, store: Store, shard: ShardKey, reader: str) -> Self:
        """Open the shard's table if it can be trusted and the same reader made it."""
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
            file_stamp=light["source_fingerprint"][0],
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
    """Map each uri to its first row and the row after its last."""
    found: dict[str, tuple[int, int]] = {}
    for row, uri in enumerate(uris):
        first, last = found.get(uri, (row, row))
        if last != row:
            return {}  # the rows of one file are not adjacent: not a table of ours
        found[uri] = (first, row + 1)
    return found


class DocumentsWriter:
    """A writer that counts its rows, and copies a run of previous rows as a whole."""

    def __init__(self, file: TableFile, previous: PreviousRows) -> None:
        self.documents = self.failed = self.text_bytes = 0
        self._file, self._previous = file, previous
        self._run: tuple[int, int, str] | None = None
        self._new: list[dict[str, Any]] = []
        self._pieces: list[pa.Table] = []
        self._waiting_rows = self._waiting_bytes = 0
        self._digest = blake2b(digest_size=16)

    def copy(self, first: int, count: int, file_stamp: str) -> None:
        """Copy rows of the previous table; `file_stamp` is the present fingerprint of their file."""
        self.documents += count
        if self._run is not None and (sum(self._run[:2]), self._run[2]) == (first, file_stamp):
            self._run = (self._run[0], self._run[1] + count, file_stamp)
            return
        self.settle()
        self._run = (first, count, file_stamp)

    def add(self, row: dict[str, Any]) -> None:
        self._end_run()
        self.documents += 1
        self.failed += row["parse_status"] == ParseStatus.FAILED
        self._new.append(row)
        self._count(1, encoded_size(row["text"]))

    def settle(self) -> None:
        """Bring all counts up to date with the rows given so far."""
        self._end_run()

    def close(self) -> str:
        """Write the remaining rows; return the fingerprint of all rows."""
        self._end_run()
        self._end_new()
        self._write()
        return self._digest.hexdigest()

    def _end_new(self) -> None:
        if self._new:
            self._pieces.append(pa.Table.from_pylist(self._new, schema=DOCUMENTS))
            self._new = []

    def _end_run(self) -> None:
        if self._run is None:
            return
        first, count, file_stamp = self._run
        self._run = None
        self._end_new()
        for piece in self._previous.rows(first, count):
            etags = pa.array([file_stamp] * piece.num_rows, pa.string())
            self._pieces.append(piece.set_column(_MARK, DOCUMENTS.field(_MARK), etags))
            self.failed += pc.sum(pc.equal(piece["parse_status"], ParseStatus.FAILED)).as_py()
            self._count(piece.num_rows, pc.sum(pc.binary_length(piece["text"])).as_py())

    def _count(self, rows: int, size: int) -> None:
        self.text_bytes += size
        self._waiting_rows += rows
        self._waiting_bytes += size
        if self._waiting_rows >= _ROW_GROUP_ROWS or self._waiting_bytes >= _ROW_GROUP_BYTES:
            self._end_new()
            self._write()

    def _write(self) -> None:
        if not self._pieces:
            return
        table = pa.concat_tables(self._pieces)
        self._pieces, self._waiting_rows, self._waiting_bytes = [], 0, 0
        columns = (table[name] for name in ("document_id", "content_hash", "parse_error"))
        joined = pc.binary_join_element_wise(
            *columns, "\x1f", null_handling="replace", null_replacement=""
        )
        self._digest.update("".join(f"{row}\x1e" for row in joined.to_pylist()).encode())
        self._file.write(table)


def content_hash_of(record: SourceRecord) -> str:
    """Return the hash of a document's title, text and pages, or of a medium."""
    if record.parse_status == ParseStatus.PENDING_DESCRIPTION:
        return joined_hash(f"{record.title or ''}\x1f{record.signature}")
    # Pages too: the same text on other pages is split into chunks of other pages.
    pages = ",".join(str(start) for start in record.pages)
    behind = f"\x1f{pages}" if pages else ""
    return joined_hash(f"{record.title or ''}\x1f", record.text, behind)


def document_row(
    shard: ShardKey, uri: str, file_stamp: str, record: SourceRecord, document: str, content: str
) -> dict[str, Any]:
    """Return a record as a row of `documents`; `file_stamp` is the fingerprint of its file."""
    return {
        "document_id": document,
        "shard": str(shard),
        "uri": uri,
        "record_id": record.record_id,
        "title": record.title,
        "text": record.text,
        "mime": record.mime,
        "bytes": record.bytes,
        "content_hash": content,
        "metadata": list(record.metadata.items()),
        "pages": list(record.pages),
        "parse_status": record.parse_status,
        "parse_error": record.parse_error,
        "source_fingerprint": file_stamp,
        "record_signature": record.signature,
        "is_title_shown_only": record.is_title_shown_only,
        "left_out_chars": record.left_out_chars,
    }
