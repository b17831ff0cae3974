"""A file whose upload can be stopped."""

import io
from collections.abc import Callable
from pathlib import Path


class VerifiedFile(io.FileIO):
    """A file that asks for permission before each read."""

    def __init__(self, path: Path, check: Callable[[], None]) -> None:
        super().__init__(path, "rb")
        self._check = check

    def read(self, size: int | None = -1, /) -> bytes:
        self._check()
        return super().read(-1 if size is None else size) or b""
