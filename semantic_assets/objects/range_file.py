"""An object as a file for partial reads: only the requested ranges travel."""

import io

from semantic_assets.objects.bucket import Bucket, Stored

#: A Parquet footer, as a rule, in one call.
_LEAST_BYTES = 64 << 10


class RangeFile(io.RawIOBase):
    """A file over one object as found; replacing the object meanwhile gives an error."""

    def __init__(self, bucket: Bucket, of: Stored) -> None:
        self._bucket, self._of = bucket, of
        self._position = 0
        self._held, self._held_from = b"", 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._of.size}[whence]
        self._position = base + offset
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        start = self._position
        end = self._of.size if size is None or size < 0 else min(start + size, self._of.size)
        if start >= end:
            return b""
        held_end = self._held_from + len(self._held)
        if not self._held_from <= start <= end <= held_end:
            # Read backwards from the end: a Parquet reader reads the footer's length first.
            first = max(0, min(start, end - _LEAST_BYTES))
            self._held, self._held_from = self._bucket.read_range(self._of, first, end), first
        self._position = end
        return self._held[start - self._held_from : end - self._held_from]
