"""What the SDK reads uploads from and writes downloads to: neither is a file of this machine."""

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from semantic_assets.errors import Conflict, GeminiUnavailable


class VerifiedFile(io.FileIO):
    """A file that asks for permission before each read."""

    def __init__(self, path: Path, check: Callable[[], None]) -> None:
        super().__init__(path, "rb")
        self._check = check

    def read(self, size: int | None = -1, /) -> bytes:
        self._check()
        return super().read(-1 if size is None else size) or b""


class _Ours(io.RawIOBase):
    """What our side raises while the SDK reads or writes is kept: it is no trouble of the service."""

    trouble: Exception | None = None

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.trouble = error
            raise


class LinesFile(_Ours):
    """A file of lines that are made as they are read, and that asks for permission before each read.

    It is neither on disk nor in memory. An upload announces its size, so the lines are made twice:
    the first time to count their bytes. It is seekable to its two ends alone; from its beginning
    the lines are made again.
    """

    def __init__(self, lines: Callable[[], Iterable[bytes]], check: Callable[[], None]) -> None:
        self._make, self._check = lines, check
        self._size = sum(map(len, lines()))
        self.seek(0)

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        at = offset + (self._size if whence == io.SEEK_END else 0)
        if whence == io.SEEK_CUR or at not in (0, self._size):
            raise io.UnsupportedOperation("only the two ends can be sought")
        self._at, self._rest = at, b""
        self._lines = iter(self._make()) if at == 0 else iter(())
        return at

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes, as many as asked for unless the file ends.

        Raises:
            Conflict: the lines are not those that were counted.
        """
        with self._noting():
            self._check()
            wanted = self._size if size is None or size < 0 else size
            pieces, held = [self._rest], len(self._rest)
            while held < wanted and (line := next(self._lines, None)) is not None:
                pieces.append(line)
                held += len(line)
            content = b"".join(pieces)
            part, self._rest = content[:wanted], content[wanted:]
            self._at += len(part)
            if self._at > self._size or (len(part) < wanted and self._at != self._size):
                raise Conflict("the requests of the job have changed while they were uploaded")
            return part


class Receiver(_Ours):
    """Passes on what the SDK writes to it."""

    def __init__(self, receive: Callable[[bytes], object]) -> None:
        self._receive = receive

    def write(self, part: Any, /) -> int:
        with self._noting():
            self._receive(part)
        return len(part)


_File = TypeVar("_File", bound=_Ours)


@contextmanager
def passing_on(file: _File) -> Iterator[_File]:
    """Yield it; what it raised inside the SDK leaves the block as it was raised."""
    try:
        yield file
    except GeminiUnavailable:
        if file.trouble is not None:
            raise file.trouble from None
        raise
