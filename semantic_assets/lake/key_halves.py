"""Text hashes as pairs of integers, which SQLite and numpy process in bulk."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Indices = npt.NDArray[np.int64]
HEX_DIGITS = 32
_NIBBLES = np.full(256, 255, dtype=np.uint8)
_NIBBLES[[ord(digit) for digit in "0123456789abcdef"]] = np.arange(16)


def halves(keys: pa.Array | Sequence[str]) -> npt.NDArray[np.int64]:
    """Return each key's first and last 16 digits as signed integers, shape (n, 2).

    Raises:
        ValueError: a key is no text hash.
    """
    column = keys if isinstance(keys, pa.Array) else pa.array(keys, pa.string())
    column = column.cast(pa.string())
    if not len(column):
        return np.empty((0, 2), dtype=np.int64)
    lengths = pc.min_max(pc.binary_length(column))
    if column.null_count or {lengths[end].as_py() for end in ("min", "max")} != {HEX_DIGITS}:
        raise ValueError("a key is not 32 hex digits")
    _, offsets, text = column.buffers()
    first = int(np.frombuffer(offsets, dtype=np.int32)[column.offset])
    digits = np.frombuffer(text, dtype=np.uint8, count=len(column) * HEX_DIGITS, offset=first)
    nibbles = _NIBBLES[digits]
    if (nibbles > 15).any():
        raise ValueError("a key is not 32 hex digits")
    packed = nibbles[0::2] << 4 | nibbles[1::2]
    return packed.view(">i8").reshape(-1, 2).astype(np.int64)


def keys_of(pairs: npt.NDArray[np.int64]) -> list[str]:
    """Return the keys that `halves` split."""
    text = pairs.astype(">i8").tobytes().hex()
    return [text[start : start + HEX_DIGITS] for start in range(0, len(text), HEX_DIGITS)]


def as_binary(pairs: npt.NDArray[np.int64]) -> pa.FixedSizeBinaryArray:
    """Return pairs of integers as 16 bytes each."""
    content = pa.py_buffer(pairs.tobytes())
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(pairs), [None, content])


class PackedKeys:
    """Keys in 16 bytes each, in order: a job that is out may have 400,000."""

    def __init__(self, keys: pa.Array | Sequence["PackedKeys"]) -> None:
        """Pack a column of keys, or join those that are packed."""
        if isinstance(keys, pa.Array):
            self.packed = np.sort(_packed(keys))
        else:
            parts = [np.zeros(0, dtype="S16"), *(one.packed for one in keys)]
            self.packed = np.unique(np.concatenate(parts))

    def __len__(self) -> int:
        return len(self.packed)

    def has(self, keys: pa.Array) -> npt.NDArray[np.bool_]:
        """Return which keys are among them, shape (n,)."""
        if not len(self):
            return np.zeros(len(keys), dtype=bool)
        wanted = _packed(keys)
        at = np.minimum(np.searchsorted(self.packed, wanted), len(self) - 1)
        found: npt.NDArray[np.bool_] = self.packed[at] == wanted
        return found


class KeyPlaces:
    """Finds a few keys among many, without a look at all of them."""

    def __init__(self, keys: pa.Array) -> None:
        packed = _packed(keys)
        self._order = np.argsort(packed, kind="stable")
        self._sorted = packed[self._order]

    def at(self, keys: pa.Array) -> Indices:
        """Return the place of each key, which is among them, in the order asked; shape (n,)."""
        found: Indices = self._order[np.searchsorted(self._sorted, _packed(keys))]
        return found

    def of(self, keys: pa.Array | PackedKeys) -> Indices:
        """Return the places of those that are among them, in no order."""
        packed = keys.packed if isinstance(keys, PackedKeys) else _packed(keys)
        at = np.searchsorted(self._sorted, packed)
        at[at == len(self._sorted)] = 0
        is_there = self._sorted[at] == packed if len(self._sorted) else np.zeros(len(at), bool)
        found: Indices = self._order[at[is_there]]
        return found


def _packed(keys: pa.Array) -> npt.NDArray[np.bytes_]:
    """Return keys as 16 bytes each, which numpy sorts and compares as a whole."""
    return np.frombuffer(halves(keys).astype(">i8").tobytes(), dtype="S16")
