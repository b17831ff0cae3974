"""CSV with a header line: rows become records, even with newlines in quoted fields."""

import codecs
import csv
import io
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import BinaryIO

from semantic_assets.parsing.blocks import read_blocks
from semantic_assets.parsing.encoding import is_wide, sniff_encoding
from semantic_assets.parsing.record_files.csv_dialect import HEAD_CHARS, HEAD_LINES, find_header
from semantic_assets.parsing.record_files.csv_mending import Lines, Row, RowReader
from semantic_assets.parsing.record_files.rows import has_text, record_from_row
from semantic_assets.parsing.records import (
    MAX_TEXT_BYTES,
    Columns,
    KnownRecord,
    SourceRecord,
    Unreadable,
    failed_record,
    signature_of,
)

#: The module's own limit of 128 KB a field is less than a manual; a quote that is never closed
#: must still not swallow a file into memory.
_FIELD_CHARS = MAX_TEXT_BYTES


def read_csv(
    stream: BinaryIO,
    *,
    columns: Columns,
    compressed: bool,
    skip: int,
    known: Container[str],
    mime: str,
) -> Iterator[SourceRecord | KnownRecord | None]:
    """Yield a record a row, None for skipped rows; the longest row bounds the memory."""
    csv.field_size_limit(max(csv.field_size_limit(), _FIELD_CHARS))
    encoding = sniff_encoding(read_blocks(stream, compressed=compressed))
    # Chained in C: running Python for each of four million lines took a second.
    lines = chain.from_iterable(_text_lines(read_blocks(stream, compressed=compressed), encoding))
    head = list(_head(lines))
    if not any(map(str.strip, head)):
        raise Unreadable("file is empty")
    header = find_header(head, columns)
    source = Lines(chain(head[header.lines :], lines), header.lines)
    salt = repr(header.names).encode()
    table = _Table(header.names, columns, mime)
    for number, (line, row) in enumerate(RowReader(source, header.dialect, len(header.names)), 1):
        said = header.remarks if number == 1 else ()
        # The first row says what is to be said of the file, so it is read each time.
        signature = None if isinstance(row, Unreadable) or said else _signature(row, salt)
        if number <= skip:
            yield None
        elif signature is not None and signature in known:
            yield KnownRecord(signature)
        else:
            yield table.record(row, f"row {number}, line {line}: ", signature, said)


def _head(lines: Iterator[str]) -> Iterator[str]:
    chars = 0
    for line in islice(lines, HEAD_LINES):
        yield line
        chars += len(line)
        if chars > HEAD_CHARS:
            return


def _signature(row: list[str], salt: bytes) -> str:
    return signature_of(salt + repr(row).encode(errors="surrogateescape"))


class _Table:
    def __init__(self, names: list[str], columns: Columns, mime: str) -> None:
        self._names, self._columns, self._mime = names, columns, mime

    def record(
        self, row: Row, where: str, signature: str | None, said: Sequence[str]
    ) -> SourceRecord:
        try:
            if isinstance(row, Unreadable):
                raise row
            cells = dict(zip(self._names, row, strict=False))
            if len(row) < len(self._names):
                short = f"{self._count(row)}: check its delimiters"
                if not has_text(cells, self._columns.text):
                    raise Unreadable(short)
                said = [*said, f"{where}{short}"]
            return record_from_row(
                cells, columns=self._columns, mime=self._mime, signature=signature, remarks=said
            )
        except Unreadable as error:
            reason = "; ".join([f"{where}{error}", *said])
            return failed_record(reason=reason, mime=self._mime, size=0)

    def _count(self, row: Sequence[str]) -> str:
        return f"{len(row)} cells where the header has {len(self._names)}"


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
