"""Parquet: rows become records, batch by batch."""

from collections.abc import Container, Iterator
from itertools import repeat
from typing import Any, BinaryIO

from semantic_assets.parsing.record_files.parquet_signatures import row_signatures
from semantic_assets.parsing.records import (
    Columns,
    KnownRecord,
    SourceRecord,
    Unreadable,
    failed_record,
    missing_column,
    record_from_row,
)

_MIME = "application/vnd.apache.parquet"
#: Rows may be long: 256 manuals are 2 MB, 256 books 200 MB.
_BATCH_ROWS = 256
#: A file of one row group would be buffered whole: 12,000 articles took 160 MB.
_BUFFER_BYTES = 1 << 20


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
    with pq.ParquetFile(stream, pre_buffer=False, buffer_size=_BUFFER_BYTES) as file:
        names = _readable_columns(file.schema_arrow, columns)
        for group in range(file.num_row_groups):
            count = file.metadata.row_group(group).num_rows
            if number + count <= skip:
                number += count
                yield from repeat(None, count)
                continue
            batches = file.iter_batches(_BATCH_ROWS, row_groups=[group], columns=names)
            for row, signature in _group_rows(batches, count, stream, known):
                number += 1
                if number <= skip:
                    yield None
                elif row is None:
                    yield KnownRecord(signature or "")
                else:
                    yield _row_record(row, number, columns, signature)
        if number != file.metadata.num_rows:
            raise Unreadable(f"damaged Parquet: {number} rows where {file.metadata.num_rows} were")


def _readable_columns(schema: Any, columns: Columns) -> list[str]:
    """Return the columns to read, without binary metadata, which no person could read."""
    import pyarrow.types as types

    if columns.text not in schema.names:
        raise missing_column(columns.text, list(schema.names))
    return [
        field.name
        for field in schema
        if field.name in columns.named
        or (
            columns.is_metadata(field.name)
            and not (
                types.is_binary(field.type)
                or types.is_large_binary(field.type)
                or types.is_fixed_size_binary(field.type)
            )
        )
    ]


_Row = dict[str, Any] | Unreadable | None


def _group_rows(
    batches: Iterator[Any], count: int, stream: _WatchedStream, known: Container[str]
) -> Iterator[tuple[_Row, str | None]]:
    """Yield (row, signature) for a row group; the row is None if its signature is known.

    From a damaged row on, every row left is an error: the groups behind are sound, and the
    positions of their rows must not depend on the damage.
    """
    done = 0
    try:
        for batch in batches:
            for row in _unknown_rows(batch, known):
                done += 1
                yield row
    except Exception as error:
        if stream.error is not None or not _is_arrow_error(error):
            raise
        damage = Unreadable(f"damaged Parquet: {error}")
        yield from repeat((damage, None), count - done)


def _unknown_rows(batch: Any, known: Container[str]) -> Iterator[tuple[_Row, str | None]]:
    signatures = row_signatures(batch)
    fresh = [row for row, mark in enumerate(signatures) if mark is None or mark not in known]
    rows = _rows(batch if len(fresh) == batch.num_rows else _taken(batch, fresh))
    for mark in signatures:
        yield (None if mark is not None and mark in known else next(rows)), mark


def _taken(batch: Any, rows: list[int]) -> Any:
    import pyarrow as pa

    return batch.take(pa.array(rows, pa.int64()))


def _rows(batch: Any) -> Iterator[dict[str, Any] | Unreadable]:
    try:
        yield from batch.to_pylist()
    except UnicodeDecodeError:  # nothing was yielded yet; find the rows to blame
        for index in range(batch.num_rows):
            try:
                yield batch.slice(index, 1).to_pylist()[0]
            except UnicodeDecodeError:
                yield Unreadable("a text column is not UTF-8")


def _row_record(
    row: dict[str, Any] | Unreadable, number: int, columns: Columns, signature: str | None
) -> SourceRecord:
    try:
        if isinstance(row, Unreadable):
            raise row
        return record_from_row(row, columns=columns, mime=_MIME, signature=signature)
    except Unreadable as error:
        return failed_record(reason=f"row {number}: {error}", mime=_MIME, size=0)


def _is_arrow_error(error: Exception) -> bool:
    import pyarrow as pa

    # UnicodeDecodeError: the name of a column in a damaged footer.
    return isinstance(error, (pa.ArrowException, OSError, UnicodeDecodeError)) and not isinstance(
        error, MemoryError
    )
