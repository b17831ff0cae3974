"""Messages between a process and its reading children: JSON, with the texts as they are behind it.

JSON and not pickle: a reader that was taken over by its file cannot run code in its parent.
"""

import socket
import struct
from collections.abc import Iterable, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, NamedTuple

import orjson

from semantic_assets.model.statuses import ParseStatus
from semantic_assets.parsing.records import (
    CountedRecord,
    KnownRecord,
    SourceRecord,
    Unreadable,
    encoded_size,
    failed_record,
)

#: Records, with more to come; the last records; those before the memory ran out, before the file
#: itself failed.
MORE, LAST, MEMORY, OS_ERROR = b"+", b".", b"m", b"!"
#: The first byte of a child, once all that it needs for any format is loaded.
READY = b"r"
#: The parent's word on each MORE.
GO_ON, STOP = b"+", b"-"
#: As many MORE may wait for their word: the child reads on while its parent writes.
WINDOW = 2
_HEAD = struct.Struct(">cQQ")
HEAD_BYTES = _HEAD.size
#: The lengths of a request's fields and of a file's content.
_REQUEST = struct.Struct(">QQ")
REQUEST_HEAD_BYTES, REQUEST_BYTES = _REQUEST.size, 64 << 10
_NAMES = [field.name for field in fields(SourceRecord)]
_VALUES = attrgetter(*_NAMES)
_TEXT, _PAGES, _STATUS = map(_NAMES.index, ("text", "pages", "parse_status"))

Record = SourceRecord | KnownRecord | CountedRecord


class Encoded(NamedTuple):
    """A record: its fields as JSON, and its text, which JSON would take thrice as long to carry."""

    fields: bytes
    text: bytes


def pack(kind: bytes, records: Sequence[Encoded]) -> bytes:
    fields = b"[" + b",".join(record.fields for record in records) + b"]"
    texts = b"".join(record.text for record in records)
    return _HEAD.pack(kind, len(fields), len(texts)) + fields + texts


def unpack_head(data: bytes | bytearray) -> tuple[bytes, int, int]:
    """Return the kind of a message, and the lengths of its JSON and of its texts."""
    kind, size, texts = _HEAD.unpack(data)
    return kind, size, texts


def pack_request(body: bytes, data: bytes) -> bytes:
    return _REQUEST.pack(len(body), len(data)) + body + data


def unpack_request(message: bytes) -> tuple[int, int]:
    """Return the lengths of the fields and of the content behind a head."""
    body, data = _REQUEST.unpack_from(message)
    return body, data


def receive(connection: socket.socket, size: int) -> bytearray:
    """Return exactly `size` bytes.

    Raises:
        EOFError: the other side has gone.
        TimeoutError: the socket's time-out has passed.
    """
    data = bytearray(size)
    view, position = memoryview(data), 0
    while position < size:
        got = connection.recv_into(view[position:])
        if not got:
            raise EOFError
        position += got
    return data


def encode(record: Record) -> Encoded:
    """Return a record to be packed; one with characters that cannot be decoded as a failed one."""
    if isinstance(record, KnownRecord):
        return Encoded(orjson.dumps(record.signature), b"")
    if isinstance(record, CountedRecord):
        return Encoded(b"%d" % record.text_bytes, b"")
    try:
        text = record.text.encode()
        values = list(_VALUES(record))
        values[_TEXT] = len(text)
        return Encoded(orjson.dumps(values), text)
    except (orjson.JSONEncodeError, UnicodeEncodeError):
        return encode(_failed(record))


def decode(items: Iterable[Any], texts: memoryview) -> list[Record]:
    """Return the records of a message, of its parsed JSON and its texts."""
    records: list[Record] = []
    position = 0
    for item in items:
        if isinstance(item, str):
            records.append(KnownRecord(item))
            continue
        if isinstance(item, int):
            records.append(CountedRecord(item))
            continue
        end = position + item[_TEXT]
        item[_TEXT] = str(texts[position:end], "utf-8")
        item[_PAGES] = tuple(item[_PAGES])
        item[_STATUS] = ParseStatus(item[_STATUS])
        records.append(SourceRecord(**dict(zip(_NAMES, item, strict=True))))
        position = end
    return records


def _failed(record: SourceRecord) -> SourceRecord:
    reason = "it holds values that are no text"
    try:
        encoded_size("".join((record.title or "", record.text, *record.metadata.values())))
    except Unreadable as error:
        reason = str(error)
    return failed_record(reason=reason, mime=record.mime, size=record.bytes)
