"""A Parquet file of the lake whose pages are checked as they are read."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from semantic_assets.errors import BrokenFile
from semantic_assets.lake import layout

_BUFFER_BYTES = 1 << 20


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Name the file when what is read of it is no Parquet, or fails its checksum.

    Arrow raises a bare OSError for a wrong checksum; one with a number is of the disk.

    Raises:
        BrokenFile: the file at `path` of the lake cannot be read as it was written.
    """
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise broken(path, str(error).partition("\n")[0]) from error


def broken(path: str, why: str) -> BrokenFile:
    """Return the error for a broken file, with its remedy."""
    return BrokenFile(f"{path} is broken ({why}): {layout.remedy(path)}", path=path, why=why)


class VerifiedFile(pq.ParquetFile):  # type: ignore[misc]  # pyarrow ships no stubs
    """An open table; every read verifies the checksums of the pages it touches.

    Buffers for whole columns cost 170 MB for a shard, and 1.2 CPU seconds in faulting pages.
    """

    def __init__(self, source: Any, path: str) -> None:
        self._path = path
        with reading(path):
            super().__init__(
                source,
                pre_buffer=False,
                buffer_size=_BUFFER_BYTES,
                page_checksum_verification=True,
            )

    def read(self, *args: Any, **kwargs: Any) -> pa.Table:
        with reading(self._path):
            return super().read(*args, **kwargs)

    def read_row_group(self, *args: Any, **kwargs: Any) -> pa.Table:
        with reading(self._path):
            return super().read_row_group(*args, **kwargs)

    def read_row_groups(self, *args: Any, **kwargs: Any) -> pa.Table:
        with reading(self._path):
            return super().read_row_groups(*args, **kwargs)

    def iter_batches(self, *args: Any, **kwargs: Any) -> Iterator[pa.RecordBatch]:
        with reading(self._path):
            batches = super().iter_batches(*args, **kwargs)
        while True:
            with reading(self._path):
                batch = next(batches, None)
            if batch is None:
                return
            yield batch


def read_footer(source: Any, path: str) -> pq.FileMetaData:
    """Read the metadata alone.

    Raises:
        BrokenFile: there is no whole footer.
    """
    with reading(path):
        return pq.read_metadata(source)
