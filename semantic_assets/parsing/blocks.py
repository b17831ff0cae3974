"""Bytes of a source file in bounded blocks, in lines, or whole, gzip undone; not their meaning."""

import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from semantic_assets.parsing.records import MAX_TEXT_BYTES, Unreadable

_BLOCK_BYTES = 1 << 20
#: Splitting a text takes some 30 bytes a character: a longer one is a corpus, not a document.
MAX_LINE_BYTES = MAX_TEXT_BYTES
#: A PDF is mostly pictures, so it may be larger than its text.
MAX_WHOLE_BYTES = 512 << 20
#: Text compresses five to twenty times, logs a hundred times; a bomb up to a thousand.
MAX_RATIO = 200
_RATIO_COUNTS_FROM = 32 << 20


def read_blocks(stream: BinaryIO, *, compressed: bool, offset: int = 0) -> Iterator[bytes]:
    """Return an iterator over blocks of the content; `offset` is for uncompressed files.

    Raises:
        Unreadable: at the point where a gzip stream is damaged or ends too early.
    """
    stream.seek(offset)
    raw = iter(lambda: stream.read(_BLOCK_BYTES), b"")
    return _gunzip(raw) if compressed else raw


def read_whole(stream: BinaryIO, *, compressed: bool, limit: int) -> bytes:
    """Return the whole content; Unreadable above `limit` bytes, counted after decompression."""
    blocks: list[bytes] = []
    total = 0
    for block in read_blocks(stream, compressed=compressed):
        total += len(block)
        if total > limit:
            size = f"{limit >> 20} MB"
            raise Unreadable(f"content is over {size}: split it, or write it as .jsonl or .parquet")
        blocks.append(block)
    return b"".join(blocks)


def split_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lines without their LF; only LF ends a line, as U+2028 and CR occur in text.

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


def check_ratio(packed: int, unpacked: int, what: str = "gzip") -> None:
    """Raise Unreadable if so many bytes have become of so few that it is no honest content."""
    if unpacked > max(_RATIO_COUNTS_FROM, packed * MAX_RATIO):
        raise Unreadable(
            f"{what} unpacks to over {MAX_RATIO} times its size: if it is no mistake, unpack it"
        )


def _gunzip(blocks: Iterable[bytes]) -> Iterator[bytes]:
    inflate = zlib.decompressobj(wbits=31)
    pending = False
    packed = unpacked = 0
    for block in blocks:
        packed += len(block)
        while block:
            pending = True
            content = _inflate(inflate, block)
            unpacked += len(content)
            check_ratio(packed, unpacked)
            yield content
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
