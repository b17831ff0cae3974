"""JSON and JSON Lines: objects become records.

None is yielded in the place of a skipped record, which is cheaper than parsing it.
"""

import codecs
from collections.abc import Container, Iterator
from typing import Any, BinaryIO

from semantic_assets.parsing.blocks import MAX_LINE_BYTES, read_blocks, read_whole, split_lines
from semantic_assets.parsing.encoding import decode, is_wide, sniff_encoding, to_utf8
from semantic_assets.parsing.records import (
    Columns,
    KnownRecord,
    LineStart,
    SourceRecord,
    Unreadable,
    failed_record,
    record_from_row,
    signature_of,
)

_JSON = "application/json"
_JSON_LINES = "application/x-ndjson"
#: Parsed objects take several times as much memory.
_MAX_JSON_BYTES = 256 << 20


def read_json(
    stream: BinaryIO, *, columns: Columns, compressed: bool, skip: int
) -> Iterator[SourceRecord | None]:
    """Yield the objects of an array, or the one object; the file is held in memory."""
    data = read_whole(stream, compressed=compressed, limit=_MAX_JSON_BYTES)
    if not data or data.isspace():
        raise Unreadable("file is empty")
    # UTF-8 goes to the parser as it is: decoding it first takes longer than parsing it.
    is_utf8 = sniff_encoding([data]).startswith("utf-8")
    try:
        content = _parse(data.removeprefix(codecs.BOM_UTF8) if is_utf8 else decode(data))
    except Unreadable as error:
        raise Unreadable(f"{error}; if it holds one object a line, name it .jsonl") from error
    if not isinstance(content, list):
        yield record_from_row(_as_row(content), columns=columns, mime=_JSON)
        return
    for number, item in enumerate(content, 1):
        if number <= skip:
            yield None
            continue
        try:
            yield record_from_row(_as_row(item), columns=columns, mime=_JSON)
        except Unreadable as error:
            yield failed_record(reason=f"element {number}: {error}", mime=_JSON, size=0)


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
    blocks = read_blocks(stream, compressed=compressed, offset=start.offset)
    if is_wide(encoding):
        blocks, encoding = to_utf8(blocks, encoding), "utf-8"
    count = 0
    for number, line in enumerate(split_lines(blocks), start.lines + 1):
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if not line or line.isspace():
            continue
        count += 1
        yield None if count <= skip else _line_record(line, number, encoding, columns, known)
    if not count and not start.offset:
        raise Unreadable("file is empty")


def _line_record(
    line: bytes, number: int, encoding: str, columns: Columns, known: Container[str]
) -> SourceRecord | KnownRecord:
    signature = signature_of(line, encoding.encode())
    if signature in known:
        return KnownRecord(signature)
    try:
        if len(line) > MAX_LINE_BYTES:
            raise Unreadable(f"longer than {MAX_LINE_BYTES >> 20} MB")
        row = _as_row(_parse(line if encoding.startswith("utf-8") else _decoded(line, encoding)))
        return record_from_row(
            row, columns=columns, mime=_JSON_LINES, size=len(line), signature=signature
        )
    except Unreadable as error:
        return failed_record(reason=f"line {number}: {error}", mime=_JSON_LINES, size=len(line))


def _decoded(line: bytes, encoding: str) -> str:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable(f"cannot be decoded as {encoding}: save it as UTF-8") from error


def _parse(source: bytes | str) -> Any:
    # Imported late, like all third-party readers here: a corpus without JSON does not need it.
    import orjson

    try:
        return orjson.loads(source)
    except orjson.JSONDecodeError as error:
        return _parse_leniently(source, error)


def _parse_leniently(source: bytes | str, refusal: ValueError) -> Any:
    """Parse with the standard library, which reads Python's NaN; orjson refuses it."""
    import json

    try:
        return json.loads(source)
    except UnicodeDecodeError as error:
        raise Unreadable("cannot be decoded as UTF-8: save the file as UTF-8") from error
    except RecursionError as error:
        raise Unreadable("JSON is nested too deeply: flatten it") from error
    except ValueError as error:
        raise Unreadable(f"not valid JSON: {refusal}") from error


def _as_row(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable(f"not an object but {type(value).__name__}")
    return value
