"""The members of a tar archive, read in one pass from its start."""

import bz2
import io
import lzma
import tarfile
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from semantic_assets.parsing.archives.members import (
    MAX_MEMBER_BYTES,
    ArchiveUnreadable,
    Member,
    written_name,
)
from semantic_assets.parsing.blocks import check_ratio, read_blocks
from semantic_assets.parsing.records import Unreadable

_DAMAGED = "the archive is damaged from here on: copy it again"
_BLOCK_BYTES = 1 << 20


def tar_members(stream: BinaryIO, packed_as: str) -> Iterator[Member]:
    """Yield the members of a tar archive that is `packed_as` gz, bz2, xz or nothing.

    Raises:
        Unreadable: at the point where it is damaged, or unpacks to far more than itself.
    """
    blocks = _blocks(stream, packed_as)
    content: Any = _BlockFile(blocks)
    try:
        with tarfile.open(fileobj=content, mode="r|", errors="surrogateescape") as archive:
            for info in archive:
                if not info.isdir():
                    yield _member(archive, info)
    except (tarfile.TarError, EOFError, ValueError, OverflowError, RecursionError) as error:
        reason = "file is empty" if str(error) == "empty file" else _DAMAGED
        raise Unreadable(reason) from error


def _member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Member:
    name = written_name(info.name.encode("utf-8", "surrogateescape"))
    archive.members.clear()  # type: ignore[attr-defined] # else it keeps all it has passed
    return Member(name, info.size, lambda: _content(archive, info), _other(info))


def _content(archive: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    if info.size > MAX_MEMBER_BYTES:  # a sparse one says what it likes
        raise Unreadable(_DAMAGED)
    try:
        found = archive.extractfile(info)
        return found.read() if found is not None else b""
    except tarfile.TarError as error:
        raise ArchiveUnreadable(_DAMAGED) from error
    except Unreadable as error:
        raise ArchiveUnreadable(str(error)) from error


def _other(info: tarfile.TarInfo) -> str | None:
    if info.issym() or info.islnk():
        return "links"
    return None if info.isreg() else "devices"


def _blocks(stream: BinaryIO, packed_as: str) -> Iterator[bytes]:
    if packed_as not in ("bz2", "xz"):
        return read_blocks(stream, compressed=packed_as == "gz")
    make: Callable[[], Any] = bz2.BZ2Decompressor if packed_as == "bz2" else lzma.LZMADecompressor
    return _unpacked(read_blocks(stream, compressed=False), make)


def _unpacked(blocks: Iterator[bytes], make: Callable[[], Any]) -> Iterator[bytes]:
    """Yield unpacked blocks; further streams may follow the first."""
    inflate = make()
    packed = unpacked = 0
    for block in blocks:
        packed += len(block)
        while block or not (inflate.eof or inflate.needs_input):
            try:
                content = inflate.decompress(block, _BLOCK_BYTES)
            except (OSError, ValueError, EOFError, lzma.LZMAError) as error:
                raise Unreadable(_DAMAGED) from error
            unpacked += len(content)
            check_ratio(packed, unpacked, "the archive")
            yield content
            block = b""
            if inflate.eof:
                block, inflate = inflate.unused_data.lstrip(b"\0"), make()
    if not inflate.eof and packed and not inflate.needs_input:
        raise Unreadable(_DAMAGED)


class _BlockFile(io.RawIOBase):
    """Blocks as a file that is read once from its start."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._held, self._at = blocks, b"", 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while self._at >= len(self._held):
            block = next(self._blocks, None)
            if block is None:
                return b""
            self._held, self._at = block, 0
        end = len(self._held) if size < 0 else self._at + size
        found = self._held[self._at : end]
        self._at += len(found)
        return found
