"""The texts of a part in compressed blocks: a hit decompresses the one block its text is in.

At 55,000 texts of 106 MB: LZ4 in blocks of 16 KB takes 56 MB, 0.25 CPU seconds to write and 8
microseconds to read a text; zstd of level 1 takes 40 MB, 0.6 seconds and 30 microseconds.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from semantic_assets.system.durable import make_private

_CODEC, _BLOCK_BYTES = "lz4", 16_384
_BLOCKS = pa.schema(
    [
        pa.field("block", pa.large_binary(), nullable=False),
        pa.field("size", pa.int32(), nullable=False),
    ]
)
#: Where a text is: its block, its first byte there, its bytes.
TEXT_PLACES = pa.schema(
    [
        pa.field("text_block", pa.int32(), nullable=False),
        pa.field("text_start", pa.int32(), nullable=False),
        pa.field("text_bytes", pa.int32(), nullable=False),
    ]
)


def write_texts(path: Path, columns: Iterable[pa.ChunkedArray]) -> Iterator[pa.Table]:
    """Write columns of texts one after the other, and yield the TEXT_PLACES of each."""
    codec, written = pa.Codec(_CODEC), 0
    with (
        pa.OSFile(str(make_private(path)), "wb") as file,
        pa.ipc.new_file(file, _BLOCKS) as writer,
    ):
        for column in columns:
            offsets, data = _buffers(column)
            firsts, block = _blocks(offsets)
            ends = np.append(firsts[1:], len(offsets) - 1)
            sizes = offsets[ends] - offsets[firsts]
            blocks = [
                codec.compress(data.slice(start, size), asbytes=True)
                for start, size in zip(offsets[firsts].tolist(), sizes.tolist(), strict=True)
            ]
            writer.write_table(pa.table([blocks, sizes.astype(np.int32)], schema=_BLOCKS))
            starts = offsets[:-1] - offsets[firsts][block]
            places = [block + written, starts, np.diff(offsets)]
            yield pa.table([values.astype(np.int32) for values in places], schema=TEXT_PLACES)
            written += len(blocks)


def _buffers(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], pa.Buffer]:
    """Return the offsets of a column's texts, from 0 on, and their bytes."""
    array = column.cast(pa.large_string()).combine_chunks()
    if not len(array):
        return np.zeros(1, np.int64), pa.py_buffer(b"")
    _, offsets, data = array.buffers()
    found = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    data = pa.py_buffer(b"") if data is None else data
    return found - found[0], data.slice(int(found[0]))


def _blocks(offsets: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the first text of each block, and the block of each text."""
    group = offsets[:-1] // _BLOCK_BYTES
    begins = np.diff(group, prepend=-1) != 0
    return np.flatnonzero(begins), np.cumsum(begins) - 1


@dataclass(frozen=True, slots=True)
class TextBlocks:
    """The blocks of a part, as a memory map."""

    blocks: pa.ChunkedArray
    sizes: npt.NDArray[np.int32]
    _codec: Any = field(default_factory=lambda: pa.Codec(_CODEC))

    def one(self, block: int, start: int, size: int) -> str:
        raw: bytes = self._raw(block)
        return raw[start : start + size].decode()

    def run(
        self, blocks: npt.NDArray[Any], starts: npt.NDArray[Any], sizes: npt.NDArray[Any]
    ) -> pa.LargeStringArray:
        """Return texts that follow one another."""
        if not len(blocks):
            return pa.array([], pa.large_string())
        raw = b"".join(map(self._raw, range(int(blocks[0]), int(blocks[-1]) + 1)))
        offsets = int(starts[0]) + np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))
        return pa.LargeStringArray.from_buffers(
            len(sizes), pa.py_buffer(offsets), pa.py_buffer(raw)
        )

    def _raw(self, block: int) -> bytes:
        packed, size = self.blocks[block].as_buffer(), int(self.sizes[block])
        raw: bytes = self._codec.decompress(packed, decompressed_size=size, asbytes=True)
        return raw


def open_texts(path: Path) -> TextBlocks:
    mapped = pa.py_buffer(np.memmap(path, mode="r"))
    table = pa.ipc.open_file(pa.BufferReader(mapped)).read_all()
    return TextBlocks(table["block"], table["size"].to_numpy())
