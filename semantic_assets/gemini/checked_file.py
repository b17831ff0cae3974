"""What the SDK reads from and writes to: uploads that can be stopped, downloads that are passed on."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from semantic_assets.errors import GeminiUnavailable


class VerifiedFile(io.FileIO):
    """A file that asks for permission before each read."""

    def __init__(self, path: Path, check: Callable[[], None]) -> None:
        super().__init__(path, "rb")
        self._check = check

    def read(self, size: int | None = -1, /) -> bytes:
        self._check()
        return super().read(-1 if size is None else size) or b""


@contextmanager
def receiving(receive: Callable[[bytes], object]) -> Iterator["Receiver"]:
    """Yield what the SDK downloads to; what `receive` raises is no trouble of the service."""
    receiver = Receiver(receive)
    try:
        yield receiver
    except GeminiUnavailable:
        if receiver.trouble is not None:
            raise receiver.trouble from None
        raise


class Receiver(io.RawIOBase):
    """Passes on what the SDK writes to it, and keeps what was raised meanwhile."""

    def __init__(self, receive: Callable[[bytes], object]) -> None:
        self._receive = receive
        self.trouble: Exception | None = None

    def write(self, part: Any, /) -> int:
        try:
            self._receive(part)
        except Exception as error:
            self.trouble = error
            raise
        return len(part)
