"""Parquet: rows become records, batch by batch."""

from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any, BinaryIO

from semantic_assets.parsing.record_files.column_names import twice
from semantic_assets.parsing.record_files.parquet_cells import rows_of
from semantic_assets.parsing.record_files.parquet_signatures import row_signatures
from semantic_assets.parsing.record_files.paths import root_of
from semantic_assets.parsing.record_files.rows import missing_column, record_from_row, text_columns
from semantic_assets.parsing.records import (
    Columns,
    KnownRecord,
    SourceRecord,
    Unreadable,
    failed_record,
)

_MIME = "application/vnd.apache.parquet"
#: Rows may be long: 256 manuals are 2 MB, 256 books 200 MB.
_BATCH_ROWS = 256
#: A file of one row group would be buffered whole: 12,000 articles took 160 MB.
_BUFFER_BYTES = 1 << 20
#: Longer bytes are pictures, shapes or models, not texts.
_CELL_BYTES = 1 << 10
_SAID_CHARS = 400


def read_parquet(
    stream: BinaryIO, *, columns: Columns, skip: int, known: Container[str]
) -> Iterator[SourceRecord | KnownRecord | None]:
    """Yield a record a row, None for skipped rows; fully skipped row groups stay unread."""
    watched = _WatchedStream(stream)
    try:
        yield from _read(watched, columns, skip, known)
    except Exception as error:
        if not _is_arrow_error(error):
            raise
        if watched.error is not None:
            raise watched.error from error
        reason = f"not readable as Parquet: {error}".rstrip(".")
        raise Unreadable(f"{reason}; if it was cut short, copy it again") from error


class _WatchedStream:
    """A stream that remembers its own error: Arrow reports damaged content as OSError, too."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.error: OSError | None = None
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        try:
            return self._stream.read(size)
        except OSError as error:
            self.error = error
            raise

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        """Leave the stream open: it belongs to the caller."""


def _read(
    stream: _WatchedStream, columns: Columns, skip: int, known: Container[str]
) -> Iterator[SourceRecord | KnownRecord | None]:
    # Imported late: Arrow takes longer to import than a small corpus to read.
    import pyarrow.parquet as pq

    number = 0
    # Old times have nanoseconds in 96 bits: as 64 bits of them they would end in 2262.
    options = {"pre_buffer": False, "buffer_size": _BUFFER_BYTES}
    with pq.ParquetFile(stream, coerce_int96_timestamp_unit="us", **options) as file:
        names, remarks = _readable_columns(file, columns)
        for group in range(file.num_row_groups):
            count = file.metadata.row_group(group).num_rows
            if number + count <= skip:
                number += count
                yield from repeat(None, count)
                continue
            batches = file.iter_batches(_BATCH_ROWS, row_groups=[group], columns=names)
            is_told = bool(remarks) and number == 0  # the first row tells it, so it is no known one
            for row, signature in _group_rows(batches, count, stream, known, is_told=is_told):
                number += 1
                if number <= skip:
                    yield None
                elif row is None:
                    yield KnownRecord(signature or "")
                else:
                    yield _row_record(row, number, columns, signature, remarks * (number == 1))
        if number != file.metadata.num_rows:
            raise Unreadable(f"damaged Parquet: {number} rows where {file.metadata.num_rows} were")


def _readable_columns(file: Any, columns: Columns) -> tuple[list[str], list[str]]:
    """Return the columns to read, and what is said of others: bytes that are no text."""
    # Each call of `names` makes the list anew: 30,000 columns took 40 seconds.
    present = file.schema_arrow.names
    texts = text_columns(columns.text)
    if not any(root_of(present, name) in present for name in texts):
        sample = next(file.iter_batches(_BATCH_ROWS), None)
        rows = [] if sample is None else list(rows_of(sample))
        raise missing_column(columns.text, present, rows)
    named = {root_of(present, name) for name in (columns.record_id, columns.title, *texts)}
    kept = {*present}
    if columns.metadata is not None:
        kept = {root_of(present, name) for name in columns.metadata}
    lacking = _columns_of_bytes(file, kept - named)
    said = f"left out are columns of bytes that are no text: {', '.join(lacking)}"
    wanted = (kept | named) - {*lacking}
    names = [name for name in present if name in wanted]
    return names, [*twice(names), *([said[:_SAID_CHARS]] if lacking else [])]


def _columns_of_bytes(file: Any, names: Container[str]) -> list[str]:
    """Return the columns of bytes that are long, or no text: no person could read them."""
    import pyarrow.types as types

    kinds = (types.is_binary, types.is_large_binary, types.is_fixed_size_binary)
    found = [
        field.name
        for field in file.schema_arrow
        if field.name in names and any(is_kind(field.type) for is_kind in kinds)
    ]
    short = [name for name in found if _size(file, name) <= file.metadata.num_rows * _CELL_BYTES]
    if not short:
        return found
    try:
        batch = next(file.iter_batches(_BATCH_ROWS, columns=short), None)
    except Exception as error:
        if not _is_arrow_error(error):
            raise
        return found  # its damage is reported where the rows are read
    texts = [name for name in short if batch is not None and _are_texts(batch[name].to_pylist())]
    return [name for name in found if name not in texts]


def _size(file: Any, name: str) -> int:
    groups = (file.metadata.row_group(number) for number in range(file.num_row_groups))
    columns = (group.column(number) for group in groups for number in range(group.num_columns))
    return sum(one.total_uncompressed_size for one in columns if one.path_in_schema == name)


def _are_texts(cells: Iterable[bytes | None]) -> bool:
    try:
        return all("\0" not in (cell or b"").decode() for cell in cells)
    except UnicodeDecodeError:
        return False


_Row = dict[str, Any] | Unreadable | None


def _group_rows(
    batches: Iterator[Any],
    count: int,
    stream: _WatchedStream,
    known: Container[str],
    *,
    is_told: bool,
) -> Iterator[tuple[_Row, str | None]]:
    """Yield (row, signature) for a row group; the row is None if its signature is known.

    A first row that `is_told` of has no signature: it is read each time, and says so.

    From a damaged row on, every row left is an error: the groups behind are sound, and the
    positions of their rows must not depend on the damage.
    """
    done = 0
    try:
        for batch in batches:
            signatures = row_signatures(batch)
            if is_told and not done:
                signatures[0] = None
            for row in _unknown_rows(batch, signatures, known):
                done += 1
                yield row
    except Exception as error:
        if stream.error is not None or not _is_arrow_error(error):
            raise
        damage = Unreadable(f"damaged Parquet: {error}")
        yield from repeat((damage, None), count - done)


def _unknown_rows(
    batch: Any, signatures: Sequence[str | None], known: Container[str]
) -> Iterator[tuple[_Row, str | None]]:
    fresh = [row for row, mark in enumerate(signatures) if mark is None or mark not in known]
    rows = rows_of(batch if len(fresh) == batch.num_rows else _taken(batch, fresh))
    for mark in signatures:
        yield (None if mark is not None and mark in known else next(rows)), mark


def _taken(batch: Any, rows: list[int]) -> Any:
    import pyarrow as pa

    return batch.take(pa.array(rows, pa.int64()))


def _row_record(
    row: dict[str, Any] | Unreadable,
    number: int,
    columns: Columns,
    signature: str | None,
    remarks: Sequence[str],
) -> SourceRecord:
    try:
        if isinstance(row, Unreadable):
            raise row
        return record_from_row(
            row, columns=columns, mime=_MIME, signature=signature, remarks=remarks
        )
    except Unreadable as error:
        return failed_record(reason=f"row {number}: {error}", mime=_MIME, size=0)


def _is_arrow_error(error: Exception) -> bool:
    import pyarrow as pa

    # UnicodeDecodeError: the name of a column in a damaged footer.
    return isinstance(error, (pa.ArrowException, OSError, UnicodeDecodeError)) and not isinstance(
        error, MemoryError
    )
