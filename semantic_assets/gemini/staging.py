"""The staging place: a prefix of a bucket that inputs are written to and answers are read from."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import PurePosixPath

from semantic_assets.errors import Conflict, PlaceRefused, RemoteMissing, ScopePaused
from semantic_assets.objects.bucket import Access, Bucket


class Staging:
    """A gs://BUCKET/PREFIX; the names given and taken are whole gs:// names."""

    def __init__(self, url: str, access: Access) -> None:
        self._url = url.rstrip("/")
        self._access = access

    @cached_property
    def _bucket(self) -> Bucket:
        return Bucket(self._url, self._access)

    def uri(self, key: str) -> str:
        """Return the whole name of a key below the prefix."""
        return f"{self._url}/{key}"

    def write(self, key: str, pieces: Iterable[bytes]) -> str:
        """Write an object in pieces, and return its whole name; what they raise leaves nothing."""
        kept = _Kept(pieces)
        try:
            with self._told():
                self._bucket.stream(key, kept)
        except Exception:
            if kept.trouble is not None:
                raise kept.trouble from None
            raise
        if kept.trouble is not None:
            raise kept.trouble
        return self.uri(key)

    def below(self, prefix: str) -> list[str]:
        """Return the whole names of all objects below a folder, in order."""
        key = self._key(prefix)
        folder = key if not key or key.endswith("/") else f"{key}/"
        with self._told():
            return sorted(self.uri(one.name) for one in self._bucket.below(folder))

    def read(self, name: str) -> Iterator[bytes]:
        """Yield an object in parts.

        Raises:
            RemoteMissing: it is not there.
        """
        try:
            with self._told():
                yield from self._bucket.pieces(self._key(name))
        except FileNotFoundError as error:
            raise RemoteMissing(f"{name} is gone") from error

    def delete(self, name: str) -> None:
        with self._told():
            self._bucket.delete(self._key(name))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Have a refusal by the bucket wait until a person has granted what is missing.

        Raises:
            ScopePaused: there is no such bucket, or it is not ours to use.
        """
        try:
            yield
        except PlaceRefused as error:
            raise ScopePaused(
                f"{self._url} is refused: it must exist, and whoever runs this needs the role "
                "Storage Object User on it"
            ) from error

    def _key(self, name: str) -> str:
        """Return the key below the prefix.

        Raises:
            Conflict: the name is not below the staging place.
        """
        key = name.removeprefix(f"{self._url}/")
        if key == name or ".." in PurePosixPath(key).parts:
            raise Conflict(f"{name} is not below {self._url}")
        return key


class _Kept:
    """Pieces that keep what they raise: a client wraps it into an error of its own."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self.trouble: Exception | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except StopIteration:
            raise
        except Exception as error:
            self.trouble = error
            raise
