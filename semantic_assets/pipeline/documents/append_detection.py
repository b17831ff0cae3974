"""Detect appended lines in a file whose already read part is unchanged.

Both ends of that part are hashed at each reading, all of it at most once a day, which finds an
overwritten middle.
"""

import os
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, BinaryIO

from semantic_assets.parsing.blocks import read_blocks
from semantic_assets.parsing.encoding import is_wide, sniff_encoding
from semantic_assets.parsing.record_files.json_lines import begins_with_a_line
from semantic_assets.parsing.records import LineStart, Unreadable

_END_BYTES = 64 << 10
_BLOCK_BYTES = 1 << 20
_DAY_SECONDS = 86_400.0
_MOST_PARTS = 64


def appended_from(stream: BinaryIO, found: dict[str, Any] | None, now: float) -> LineStart | None:
    """Return where the new lines begin; None: the file is not its old content with more appended."""
    if found is None or stream.seek(0, 2) <= found["bytes"]:
        return None
    ends = _ends(stream, found["bytes"])
    if ends != (found["head"], found["tail"]) or _encoding(stream) != found["encoding"]:
        return None
    if _is_check_due(found, now) and not _holds_all(stream, found["parts"]):
        return None
    return LineStart(found["bytes"], found["lines"])


def described(
    stream: BinaryIO, size: int, before: dict[str, Any] | None, now: float
) -> dict[str, Any] | None:
    """Return the state to resume reading after `size` bytes; `before`: of the known prefix.

    None: the bytes do not end in a whole line, the encoding does not show lines by bytes, or the
    records are not one a line.
    """
    encoding = _encoding(stream)
    if encoding is None or size == 0 or _read(stream, size - 1, size) != b"\n":
        return None
    if before is None or _is_check_due(before, now) or len(before["parts"]) >= _MOST_PARTS:
        before = {"bytes": 0, "lines": 0, "parts": [], "checked_at": now}
    digest, lines = _hashed(stream, before["bytes"], size)
    head, tail = _ends(stream, size)
    return {
        "bytes": size,
        "lines": before["lines"] + lines,
        "head": head,
        "tail": tail,
        "parts": [*before["parts"], [size, digest]],
        "checked_at": before["checked_at"],
        "encoding": encoding,
        "read_until_ns": os.fstat(stream.fileno()).st_mtime_ns,
    }


def _is_check_due(found: dict[str, Any], now: float) -> bool:
    return bool(now - found["checked_at"] >= _DAY_SECONDS)


def _holds_all(stream: BinaryIO, parts: list[list[Any]]) -> bool:
    first = 0
    for last, digest in parts:
        if _hashed(stream, first, last)[0] != digest:
            return False
        first = last
    return True


def _encoding(stream: BinaryIO) -> str | None:
    try:
        encoding = sniff_encoding(read_blocks(stream, compressed=False))
    except Unreadable:
        return None
    is_by_lines = not is_wide(encoding) and begins_with_a_line(_read(stream, 0, _BLOCK_BYTES))
    return encoding if is_by_lines else None


def _ends(stream: BinaryIO, size: int) -> tuple[str, str]:
    head = _hashed(stream, 0, min(size, _END_BYTES))[0]
    return head, _hashed(stream, max(0, size - _END_BYTES), size)[0]


def _hashed(stream: BinaryIO, first: int, last: int) -> tuple[str, int]:
    """Return the digest of a range of bytes, and how many lines end in it."""
    digest, lines = blake2b(digest_size=16), 0
    for block in _blocks(stream, first, last):
        digest.update(block)
        lines += block.count(b"\n")
    return digest.hexdigest(), lines


def _blocks(stream: BinaryIO, first: int, last: int) -> Iterator[bytes]:
    while first < last and (block := _read(stream, first, min(last, first + _BLOCK_BYTES))):
        first += len(block)
        yield block


def _read(stream: BinaryIO, first: int, last: int) -> bytes:
    stream.seek(first)
    return stream.read(last - first)
