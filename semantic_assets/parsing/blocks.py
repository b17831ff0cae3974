"""Bytes of a source file: in bounded blocks, in lines, or whole; gzip undone.

Nothing here knows what the bytes mean.
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from semantic_assets.parsing.records import Unreadable

_BLOCK_BYTES = 1 << 20
#: A shard closes at 256 MB of text; one document or line beyond that is an accident.
MAX_LINE_BYTES = 256 << 20
MAX_WHOLE_BYTES = 1 << 30


def read_blocks(stream: BinaryIO, *, compressed: bool, offset: int = 0) -> Iterator[bytes]:
    """Yield the content from an offset, where it is not compressed, or its start.

    Raises: Unreadable at the point where a gzip stream is damaged or ends too early.
    """
    stream.seek(offset)
    raw = iter(lambda: stream.read(_BLOCK_BYTES), b"")
    return _gunzip(raw) if compressed else raw


def read_whole(stream: BinaryIO, *, compressed: bool) -> bytes:
    """Return the content; beyond 1 GB it is Unreadable, which a small gzip can reach as well."""
    blocks: list[bytes] = []
    total = 0
    for block in read_blocks(stream, compressed=compressed):
        total += len(block)
        if total > MAX_WHOLE_BYTES:
            raise Unreadable("file is over 1 GB: split it, or write it as .jsonl or .parquet")
        blocks.append(block)
    return b"".join(blocks)


def split_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lines without their LF, and only LF ends one: U+2028 and CR occur in text.

    An overlong line is cut off just beyond `MAX_LINE_BYTES`, so that its reader can tell.
    """
    held: list[bytes] = []
    size = 0
    for block in blocks:
        first, *rest = block.split(b"\n")
        size += len(first)
        if size - len(first) <= MAX_LINE_BYTES:
            held.append(first)
        if rest:
            yield b"".join(held)
            yield from rest[:-1]
            held, size = [rest[-1]], len(rest[-1])
    if size:
        yield b"".join(held)


def _gunzip(blocks: Iterable[bytes]) -> Iterator[bytes]:
    inflate = zlib.decompressobj(wbits=31)
    pending = False
    for block in blocks:
        while block:
            pending = True
            yield _inflate(inflate, block)
            if inflate.eof:  # another member may follow, or zero padding
                block = inflate.unused_data.lstrip(b"\0")
                inflate, pending = zlib.decompressobj(wbits=31), False
            else:
                block = inflate.unconsumed_tail
    if pending:
        yield inflate.flush()
        if not inflate.eof:
            raise Unreadable("gzip stream ends too early: copy the file again")


def _inflate(inflate: "zlib._Decompress", block: bytes) -> bytes:
    try:
        return inflate.decompress(block, _BLOCK_BYTES)
    except zlib.error as error:
        raise Unreadable("gzip stream is damaged or the file is not gzip: copy it again") from error
