"""Writing a documents table from rows that are new and rows of the table before, in any mixture."""

from hashlib import blake2b
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.lake.table_file import TableFile
from semantic_assets.model.tables import DOCUMENTS
from semantic_assets.parsing.records import encoded_size
from semantic_assets.pipeline.documents.previous_rows import PreviousRows

#: What is in memory while a shard is read and cut: 32 MB groups took 290 MB in all, these 240.
_ROW_GROUP_ROWS, _ROW_GROUP_BYTES = 4_096, 2 << 20
_MARK = DOCUMENTS.get_field_index("source_fingerprint")


class DocumentsWriter:
    """Counts what it is given; a run of rows from before is copied as a whole."""

    def __init__(self, file: TableFile, previous: PreviousRows) -> None:
        self.documents = self.failed = self.text_bytes = 0
        self._file, self._previous = file, previous
        self._run: tuple[int, int, str] | None = None
        self._new: list[dict[str, Any]] = []
        self._pieces: list[pa.Table] = []
        self._waiting_rows = self._waiting_bytes = 0
        self._digest = blake2b(digest_size=16)

    def copy(self, first: int, count: int, mark: str) -> None:
        """Take rows of the table before; `mark` is the fingerprint of the file they are in now."""
        self.documents += count
        if self._run is not None and (sum(self._run[:2]), self._run[2]) == (first, mark):
            self._run = (self._run[0], self._run[1] + count, mark)
            return
        self.settle()
        self._run = (first, count, mark)

    def add(self, row: dict[str, Any]) -> None:
        self._end_run()
        self.documents += 1
        self.failed += row["parse_status"] == "failed"
        self._new.append(row)
        self._count(1, encoded_size(row["text"]))

    def settle(self) -> None:
        """Bring all counts level with what was given."""
        self._end_run()

    def close(self) -> str:
        """Write what is left; the fingerprint of all rows."""
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
        first, count, mark = self._run
        self._run = None
        self._end_new()
        for piece in self._previous.rows(first, count):
            marks = pa.array([mark] * piece.num_rows, pa.string())
            self._pieces.append(piece.set_column(_MARK, DOCUMENTS.field(_MARK), marks))
            self.failed += pc.sum(pc.equal(piece["parse_status"], "failed")).as_py()
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
