"""JSON Lines: objects become records; what was written over several lines is read as a whole.

None is yielded in the place of a skipped record, which is cheaper than parsing it.
"""

from collections.abc import Container, Iterable, Iterator
from itertools import islice
from typing import BinaryIO

from semantic_assets.parsing.blocks import MAX_LINE_BYTES, read_blocks, split_lines
from semantic_assets.parsing.encoding import is_wide, sniff_encoding, to_utf8
from semantic_assets.parsing.record_files.json_file import (
    MAX_JSON_BYTES,
    TWICE,
    read_values,
    value_record,
)
from semantic_assets.parsing.record_files.json_values import Doubled, NotJson, is_part, parse
from semantic_assets.parsing.records import (
    Columns,
    KnownRecord,
    LineStart,
    SourceRecord,
    Unreadable,
    failed_record,
    signature_of,
)

_MIME = "application/x-ndjson"
#: Around the value of a line: a mark that a joined file has, and the separator of RFC 7464.
_AROUND = b"\xef\xbb\xbf\x1e \t\r,"


def read_json_lines(
    stream: BinaryIO,
    *,
    columns: Columns,
    compressed: bool,
    skip: int,
    known: Container[str],
    start: LineStart,
) -> Iterator[SourceRecord | KnownRecord | None]:
    """Yield a record a line, blank lines left out; the longest line bounds the memory."""
    encoding = sniff_encoding(read_blocks(stream, compressed=compressed))

    def blocks() -> Iterator[bytes]:
        found = read_blocks(stream, compressed=compressed, offset=start.offset)
        return to_utf8(found, encoding) if is_wide(encoding) else found

    codec = "utf-8" if is_wide(encoding) else encoding
    head = list(islice((line for line in split_lines(blocks()) if line.strip(_AROUND)), 2))
    if not head and not start.offset:
        raise Unreadable("file is empty")
    if is_part(*head):
        try:
            yield from read_values(_whole(blocks(), codec), columns=columns, skip=skip, mime=_MIME)
            return
        except NotJson:  # just its first line is broken
            pass
    count = 0
    for number, line in enumerate(split_lines(blocks()), start.lines + 1):
        line = line.strip(_AROUND)
        if line:
            count += 1
            yield None if count <= skip else _line_record(line, number, codec, columns, known)


def begins_with_a_line(data: bytes) -> bool:
    """Return whether a file seems to have a record a line, by its first bytes.

    What is written over several lines, or as an array, cannot be read from a line on.
    """
    first, end, _ = data.lstrip(_AROUND + b"\n").partition(b"\n")
    line = first.rstrip(_AROUND)
    return not line.startswith(b"[") and (not end or not line.startswith(b"{") or line[-1:] == b"}")


def _whole(blocks: Iterable[bytes], encoding: str) -> bytes | str:
    """Return the content of a file whose values are not one a line."""
    data = bytearray()
    for block in blocks:
        data += block
        if len(data) > MAX_JSON_BYTES:
            raise Unreadable(
                f"its objects are not one a line, and over {MAX_JSON_BYTES >> 20} MB: "
                "write one object a line"
            )
    return bytes(data) if encoding.startswith("utf-8") else _decoded(data, encoding)


def _line_record(
    line: bytes, number: int, encoding: str, columns: Columns, known: Container[str]
) -> SourceRecord | KnownRecord:
    signature = signature_of(line, encoding.encode())
    if signature in known:
        return KnownRecord(signature)
    where, size = f"line {number}: ", len(line)
    try:
        if size > MAX_LINE_BYTES:
            raise Unreadable(f"longer than {MAX_LINE_BYTES >> 20} MB: split it")
        value = parse(line if encoding.startswith("utf-8") else _decoded(line, encoding))
    except Unreadable as error:
        return failed_record(reason=f"{where}{error}", mime=_MIME, size=size)
    remarks = [TWICE] if isinstance(value, Doubled) else []
    return value_record(value, where, columns, _MIME, remarks, size=size, signature=signature)


def _decoded(line: bytes | bytearray, encoding: str) -> str:
    return line.decode(encoding, "surrogateescape")
