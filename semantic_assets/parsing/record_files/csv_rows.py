"""CSV with a header line: rows become records, even with newlines in quoted fields."""

import codecs
import csv
import io
from collections.abc import Container, Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

from semantic_assets.parsing.blocks import read_blocks
from semantic_assets.parsing.encoding import is_wide, sniff_encoding
from semantic_assets.parsing.records import (
    MAX_TEXT_BYTES,
    Columns,
    KnownRecord,
    SourceRecord,
    Unreadable,
    encoded_size,
    failed_record,
    missing_column,
    record_from_row,
    signature_of,
)

if TYPE_CHECKING:
    from _csv import Reader

_MIME = "text/csv"
_DELIMITERS = (",", ";", "\t")
#: The module's own limit of 128 KB a field is less than a manual; a quote that is never closed
#: must still not swallow a file into memory.
_FIELD_CHARS = MAX_TEXT_BYTES


def read_csv(
    stream: BinaryIO, *, columns: Columns, compressed: bool, skip: int, known: Container[str]
) -> Iterator[SourceRecord | KnownRecord | None]:
    """Yield a record a row, None for skipped rows; the longest row bounds the memory."""
    csv.field_size_limit(max(csv.field_size_limit(), _FIELD_CHARS))
    encoding = sniff_encoding(read_blocks(stream, compressed=compressed))
    # Chained in C: running Python for each of four million lines took a second.
    lines = chain.from_iterable(_text_lines(read_blocks(stream, compressed=compressed), encoding))
    skipped, first = next((pair for pair in enumerate(lines) if pair[1].strip()), (0, ""))
    if not first:
        raise Unreadable("file is empty")
    header, rows = _open_rows(first, lines, columns, skipped)
    encoded_size("".join(header))
    if columns.text not in header:
        raise missing_column(columns.text, header)
    salt = repr(header).encode(errors="surrogateescape")
    for number, row in enumerate(rows, 1):
        signature = None if isinstance(row, Unreadable) else _signature(row, salt)
        if number <= skip:
            yield None
        elif signature is not None and signature in known:
            yield KnownRecord(signature)
        else:
            yield _row_record(row, number, header, columns, signature)


def _signature(row: list[str], salt: bytes) -> str:
    return signature_of(salt + repr(row).encode(errors="surrogateescape"))


def _open_rows(
    first: str, lines: Iterator[str], columns: Columns, skipped: int
) -> tuple[list[str], Iterator[list[str] | Unreadable]]:
    """Return the header and the rows after it, an error in the place of each broken row."""
    delimiter = _delimiter(first, columns)
    reader = csv.reader(chain((first,), lines), delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader)]
    except csv.Error as error:
        raise Unreadable(f"header line: {error}") from error
    return header, _rows(reader, skipped)


def _rows(reader: "Reader", skipped: int) -> Iterator[list[str] | Unreadable]:
    while True:
        line = reader.line_num + skipped + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:  # the reader starts anew on the next line
            last = reader.line_num + skipped
            where = f" (lines {line} to {last}, taken for one row)" if last > line else ""
            yield Unreadable(f"{error}{where}: check its quotes")
            continue
        if row:
            yield row


def _row_record(
    row: list[str] | Unreadable,
    number: int,
    header: list[str],
    columns: Columns,
    signature: str | None,
) -> SourceRecord:
    try:
        if isinstance(row, Unreadable):
            raise row
        if len(row) != len(header):
            raise Unreadable(f"{len(row)} fields where the header has {len(header)}")
        cells = dict(zip(header, row, strict=True))
        return record_from_row(cells, columns=columns, mime=_MIME, signature=signature)
    except Unreadable as error:
        return failed_record(reason=f"row {number}: {error}", mime=_MIME, size=0)


def _delimiter(header: str, columns: Columns) -> str:
    """Return the delimiter that gives a text column, or else the most columns."""

    def fit(delimiter: str) -> tuple[bool, int]:
        names = [name.strip() for name in next(csv.reader([header], delimiter=delimiter))]
        return columns.text in names, len(names)

    return max(_DELIMITERS, key=fit)


def _text_lines(blocks: Iterable[bytes], encoding: str) -> Iterator[list[str]]:
    """Yield the lines of each block, LF at their ends.

    Bytes that do not decode become surrogates, which fail their own row only.
    """
    errors = "strict" if is_wide(encoding) else "surrogateescape"  # the wide codecs lack those
    inner = codecs.getincrementaldecoder(encoding)(errors)
    decoder = io.IncrementalNewlineDecoder(inner, translate=True)
    held = ""
    try:
        for block in blocks:
            *whole, held = (held + decoder.decode(block)).split("\n")
            yield [line + "\n" for line in whole]
            if len(held) > _FIELD_CHARS:  # too long for a line: the reader refuses it in pieces
                yield [held]
                held = ""
        held += decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise Unreadable(f"cannot be decoded as {encoding} from here on") from error
    if held:
        yield [held]
