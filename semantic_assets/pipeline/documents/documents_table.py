"""Write a documents table from any mixture of new rows and rows of the previous table."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from semantic_assets.lake import layout
from semantic_assets.lake.table_rows import TableRows
from semantic_assets.lake.table_update import TableUpdate
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.statuses import ParseStatus
from semantic_assets.model.tables import DOCUMENTS
from semantic_assets.parsing.records import SourceRecord, encoded_size
from semantic_assets.pipeline.pending.metadata_texts import metadata_texts
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import joined_hash

#: Bounds memory while a shard is read and split: 32 MB groups took 290 MB in all, these 240.
_ROW_GROUP_ROWS, _ROW_GROUP_BYTES = 4_096, 2 << 20
_MARK = DOCUMENTS.get_field_index("source_fingerprint")

#: Metadata key of a documents file: the version and settings of the code that read it.
READER = "semantic_assets.reader"
#: Metadata key of an amended table: the fingerprints of files whose kept rows name an earlier one.
STAMPS = "semantic_assets.stamps"
_LIGHT = (
    "uri",
    "document_id",
    "record_id",
    "content_hash",
    "record_signature",
    "source_fingerprint",
    "parse_status",
    "text_bytes",
)


@dataclass(frozen=True, slots=True)
class FileRows:
    """The rows of one file: their numbers in the table, and what they hold in the same order."""

    rows: Sequence[int]
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

    def __init__(
        self, file: pq.ParquetFile | None, fingerprint: str = "", stamps: str = "{}"
    ) -> None:
        self.table = TableRows(file, DOCUMENTS)
        self.fingerprint = fingerprint
        light = self.table.columns(list(_LIGHT))
        self.light: dict[str, list[Any]] = {name: light[name].to_pylist() for name in _LIGHT}
        self._files = _rows_by_file(self.light["uri"])
        self.stamps: dict[str, str] = json.loads(stamps)

    @classmethod
    def open(cls, store: Store, shard: ShardKey, reader: str) -> Self:
        """Open the shard's table if it can be trusted and the same reader made it."""
        path = layout.documents(shard)
        fingerprint = store.trusted_fingerprint(path)
        metadata = {} if fingerprint is None else store.lake.metadata(path)
        if fingerprint is None or metadata.get(READER) != reader:
            return cls(None)
        return cls(store.lake.open(path), fingerprint, metadata.get(STAMPS, "{}"))

    def of_file(self, uri: str) -> FileRows | None:
        rows = self._files.get(uri)
        if rows is None:
            return None
        held = {name: [values[row] for row in rows] for name, values in self.light.items()}
        pairs = zip(held["record_id"], held["content_hash"], strict=True)
        return FileRows(
            rows=rows,
            file_stamp=self.stamps.get(uri, held["source_fingerprint"][0]),
            document_ids=held["document_id"],
            names=[record_name(record_id, content) for record_id, content in pairs],
            signatures=held["record_signature"],
        )

    def rows(self, first: int, count: int) -> list[pa.Table]:
        return self.table.rows(first, count)

    def row(self, number: int) -> dict[str, Any]:
        row: dict[str, Any] = self.rows(number, 1)[0].to_pylist()[0]
        return row

    def close(self) -> None:
        self.table.close()


def _rows_by_file(uris: list[str]) -> dict[str, list[int]]:
    """Map each uri to its rows; those of an amendment may lie apart from the others."""
    found: dict[str, list[int]] = {}
    for row, uri in enumerate(uris):
        found.setdefault(uri, []).append(row)
    return found


class DocumentsWriter:
    """A writer that counts its rows, and keeps a run of previous rows as a whole."""

    def __init__(self, table: TableUpdate, previous: PreviousRows) -> None:
        self.documents = self.failed = self.text_bytes = 0
        self._table, self._previous = table, previous
        self._stamps = dict(previous.stamps) if table.amends else {}
        self._run: tuple[int, int, str] | None = None
        self._new: list[dict[str, Any]] = []
        self._pieces: list[pa.Table] = []
        self._waiting_rows = self._waiting_bytes = 0
        self._digest = blake2b(digest_size=16)

    def copy_file(self, held: FileRows, file_stamp: str) -> None:
        """Copy the rows of a file; `file_stamp` is its present fingerprint."""
        for row in held.rows:
            self.copy(row, 1, file_stamp)

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
        if self._stamps:
            self._table.metadata[STAMPS] = json.dumps(self._stamps)
        return self._table.chained(self._digest.hexdigest(), self._previous.fingerprint)

    def _end_new(self) -> None:
        if self._new:
            self._pieces.append(pa.Table.from_pylist(self._new, schema=DOCUMENTS))
            self._new = []

    def _end_run(self) -> None:
        if self._run is None:
            return
        first, count, file_stamp = self._run
        self._run = None
        if self._table.amends:
            self._keep(first, count, file_stamp)
            return
        self._end_new()
        for piece in self._previous.rows(first, count):
            etags = pa.array([file_stamp] * piece.num_rows, pa.string())
            self._pieces.append(piece.set_column(_MARK, DOCUMENTS.field(_MARK), etags))
            run = slice(first, first + piece.num_rows)
            self.failed += self._previous.light["parse_status"][run].count(ParseStatus.FAILED)
            self._count(piece.num_rows, sum(self._previous.light["text_bytes"][run]))
            first += piece.num_rows

    def _keep(self, first: int, count: int, file_stamp: str) -> None:
        """Leave rows where they are; their file may have another fingerprint than they name."""
        self._table.keep(first, count)
        run, light = slice(first, first + count), self._previous.light
        self.failed += light["parse_status"][run].count(ParseStatus.FAILED)
        self.text_bytes += sum(light["text_bytes"][run])
        for uri, named in dict(
            zip(light["uri"][run], light["source_fingerprint"][run], strict=True)
        ).items():
            self._stamps.pop(uri, None)
            if named != file_stamp:
                self._stamps[uri] = file_stamp

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
        metadata = metadata_texts(table["metadata"])
        names = ("document_id", "content_hash", "mime", "parse_error")
        columns = (*(table[name] for name in names), metadata)
        joined = pc.binary_join_element_wise(
            *columns, "\x1f", null_handling="replace", null_replacement=""
        )
        self._digest.update("".join(f"{row}\x1e" for row in joined.to_pylist()).encode())
        self._table.write(table)


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
        "text_bytes": encoded_size(record.text),
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
