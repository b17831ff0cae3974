"""Messages between a process and its reading children: a kind, a length, and JSON.

JSON and not pickle: a reader that was taken over by its file cannot run code in its parent.
"""

import socket
import struct
from collections.abc import Iterable
from dataclasses import fields
from operator import attrgetter
from typing import Any

import orjson

from semantic_assets.model.statuses import ParseStatus
from semantic_assets.parsing.records import (
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
_HEAD = struct.Struct(">cQ")
HEAD_BYTES = _HEAD.size
#: The lengths of a request's fields and of a file's content.
_REQUEST = struct.Struct(">QQ")
REQUEST_HEAD_BYTES, REQUEST_BYTES = _REQUEST.size, 64 << 10
_NAMES = [field.name for field in fields(SourceRecord)]
_VALUES = attrgetter(*_NAMES)
_PAGES, _STATUS = _NAMES.index("pages"), _NAMES.index("parse_status")

Record = SourceRecord | KnownRecord


def pack(kind: bytes, body: bytes) -> bytes:
    return _HEAD.pack(kind, len(body)) + body


def unpack_head(data: bytes | bytearray) -> tuple[bytes, int]:
    """Return the kind and the length of the message behind a head."""
    kind, size = _HEAD.unpack(data)
    return kind, size


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


def encode(record: Record) -> bytes:
    """Return a record as JSON; one with characters that cannot be decoded as a failed one."""
    if isinstance(record, KnownRecord):
        return orjson.dumps(record.signature)
    try:
        return orjson.dumps(_VALUES(record))
    except orjson.JSONEncodeError:
        return orjson.dumps(_VALUES(_failed(record)))


def join(records: Iterable[bytes]) -> bytes:
    return b"[" + b",".join(records) + b"]"


def decode(body: bytes | bytearray) -> list[Record]:
    return [record_of(item) for item in orjson.loads(body)]


def record_of(item: Any) -> Record:
    if isinstance(item, str):
        return KnownRecord(item)
    item[_PAGES] = tuple(item[_PAGES])
    item[_STATUS] = ParseStatus(item[_STATUS])
    return SourceRecord(**dict(zip(_NAMES, item, strict=True)))


def _failed(record: SourceRecord) -> SourceRecord:
    reason = "it holds values that are no text"
    try:
        encoded_size("".join((record.title or "", record.text, *record.metadata.values())))
    except Unreadable as error:
        reason = str(error)
    return failed_record(reason=reason, mime=record.mime, size=record.bytes)
