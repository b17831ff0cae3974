"""A mailbox (.mbox): each message a document, with its Message-ID as id; read line by line."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO

from semantic_assets.model.statuses import ParseStatus
from semantic_assets.parsing.blocks import MAX_LINE_BYTES, read_blocks, split_lines
from semantic_assets.parsing.records import (
    MAX_TEXT_BYTES,
    SourceRecord,
    Unreadable,
    failed_record,
)

MIME = "message/rfc822"
#: `From ann@example.org Mon Jan  1 10:00:00 2024`, after an empty line or at the beginning.
_START = re.compile(rb"From [^\r\n]{0,500}\d\d:\d\d[^\r\n]{0,60}\r?")
_QUOTED = re.compile(rb">{1,100}From ")


def read_mailbox(stream: BinaryIO, *, compressed: bool, skip: int) -> Iterator[SourceRecord | None]:
    """Yield each message; None stands in the place of a skipped one."""
    number = 0
    lines = split_lines(read_blocks(stream, compressed=compressed))
    first = next(lines, None)
    if first is None:
        raise Unreadable("file is empty")
    for data in _messages(chain((first,), lines)):
        number += 1
        yield None if number <= skip else _record(data, number)
    if not number:
        raise Unreadable("content does not match the file name, no line of it begins a message")


def _messages(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the messages; of one that is too long, as much as may be held and a little more."""
    held: list[bytes] | None = None
    size = 0
    was_empty = True
    for line in lines:
        if was_empty and line.startswith(b"From ") and _START.fullmatch(line):
            if held is not None:
                yield b"\n".join(held)
            held, size = [], 0
        elif held is not None and size <= MAX_LINE_BYTES:
            held.append(line[1:] if _QUOTED.match(line) else line)
            size += len(line) + 1
        was_empty = not line.strip()
    if held is not None:
        yield b"\n".join(held)


def _record(data: bytes, number: int) -> SourceRecord:
    from semantic_assets.parsing.mail.message import read_message  # not for its MIME type alone

    try:
        if len(data) > MAX_TEXT_BYTES:
            raise Unreadable(f"it is over {MAX_TEXT_BYTES >> 20} MB: save it alone")
        document = read_message(data)
    except Unreadable as error:
        return failed_record(reason=f"message {number}: {error}", mime=MIME, size=len(data))
    metadata = document.metadata or {}
    return SourceRecord(
        record_id=metadata.get("message_id", "").strip("<> ") or None,
        title=document.title,
        text=document.text,
        mime=MIME,
        bytes=len(data),
        metadata=metadata,
        pages=(),
        parse_status=ParseStatus.OK,
        parse_error=document.remark,
        is_title_shown_only=document.is_title_shown_only,
    )
