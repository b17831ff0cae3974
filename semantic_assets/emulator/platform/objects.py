"""Objects in buckets, as files of the state directory; each is replaced whole.

Any process may write or delete them, as anybody may in a bucket. Not here: how they are asked for.
"""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from semantic_assets.emulator.http.errors import GoogleError
from semantic_assets.emulator.state import State

_READ_BYTES = 1 << 20
_PARTS = ".parts"


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as listings show it."""

    key: str
    size: int
    #: changes with each write
    generation: int

    @property
    def etag(self) -> str:
        """A word that differs between any two writes."""
        return hashlib.md5(f"{self.key}/{self.generation}".encode()).hexdigest()


class Buckets:
    """All buckets; one exists as soon as something is written into it."""

    def __init__(self, state: State) -> None:
        self._root = state.directory / "buckets"

    def write(self, bucket: str, key: str, pieces: Iterable[bytes]) -> StoredObject:
        """Write an object whole, or leave the one before."""
        path = self._path(bucket, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{_PARTS}-{secrets.token_hex(8)}")
        with os.fdopen(os.open(partial, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as out:
            out.writelines(pieces)
        partial.rename(path)
        return self._stored(bucket, path)

    def find(self, bucket: str, key: str) -> StoredObject | None:
        """Return an object, or None."""
        path = self._path(bucket, key)
        return self._stored(bucket, path) if path.is_file() else None

    def read(self, bucket: str, key: str, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes from `start` to `end`."""
        with self._path(bucket, key).open("rb") as file:
            file.seek(start)
            left = end - start
            while left > 0 and (piece := file.read(min(left, _READ_BYTES))):
                left -= len(piece)
                yield piece

    def path(self, bucket: str, key: str) -> Path:
        """Return the file of an object.

        Raises:
            GoogleError: 404, there is none.
        """
        path = self._path(bucket, key)
        if not path.is_file():
            raise GoogleError(404, f"The object gs://{bucket}/{key} does not exist.")
        return path

    def delete(self, bucket: str, key: str) -> bool:
        """Delete an object; return whether it was there."""
        try:
            self._path(bucket, key).unlink()
        except FileNotFoundError:
            return False
        return True

    def copy(self, bucket: str, source: str, target: str) -> StoredObject:
        """Copy an object within its bucket."""
        to = self._path(bucket, target)
        shutil.copyfile(self.path(bucket, source), to)
        return self._stored(bucket, to)

    def below(self, bucket: str, prefix: str) -> list[StoredObject]:
        """Return the objects whose keys begin with this, by key."""
        folder = self._root / quote(bucket, safe="")
        if not folder.is_dir():
            return []
        found = (self._stored(bucket, path) for path in folder.iterdir() if _is_object(path))
        return sorted((one for one in found if one.key.startswith(prefix)), key=lambda one: one.key)

    def _path(self, bucket: str, key: str) -> Path:
        return self._root / quote(bucket, safe="") / quote(key, safe="")

    def _stored(self, bucket: str, path: Path) -> StoredObject:
        found = path.stat()
        return StoredObject(unquote(path.name), found.st_size, found.st_mtime_ns)


def _is_object(path: Path) -> bool:
    return not path.name.startswith(_PARTS)


def parse_uri(uri: object) -> tuple[str, str]:
    """Return the bucket and the key of a gs:// URI.

    Raises:
        GoogleError: 400, it is none.
    """
    scheme, _, rest = str(uri).partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "gs" or not bucket:
        raise GoogleError(400, f"Invalid Cloud Storage URI {uri!r}.")
    return bucket, key
