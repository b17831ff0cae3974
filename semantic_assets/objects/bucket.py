"""A bucket: objects under one URL, each replaced whole, and only by who saw what they replace.

Nothing else in the package knows the client. Its credentials and endpoint are those of the cloud's
own tools: AWS_* and GOOGLE_* variables, or the machine's role.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from semantic_assets.errors import ConfigError, Conflict, TransientError

if TYPE_CHECKING:  # an extra
    from obstore.store import ObjectStore

SCHEMES = ("s3", "gs")
#: Larger objects are sent in pieces, and a store takes no condition with those.
_CONDITIONAL_BYTES = 512 << 20
_STREAM_BYTES = 8 << 20
#: Of a call that the store did not answer, or not well; each waits longer.
_RETRIES: dict[str, object] = {"max_retries": 6, "retry_timeout": timedelta(seconds=60)}
_NO_BUCKET = "NoSuchBucket"
#: Attribute of each object: whose write it was. A write may succeed and its answer be lost.
_WRITER = "semantic-assets-writer"


def is_bucket_url(place: str) -> bool:
    return place.partition("://")[0] in SCHEMES and "://" in place


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as it was found. `etag` differs between any two contents of a name."""

    name: str
    size: int
    etag: str
    #: What a conditional write names.
    condition: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Bucket:
    """`url` is s3://BUCKET/PREFIX or gs://BUCKET/PREFIX; names are below it."""

    url: str

    def find(self, name: str) -> Stored | None:
        import obstore

        with self._asked():
            try:
                return _stored(obstore.head(self._store, name))
            except FileNotFoundError:
                return None

    def below(self, prefix: str) -> Iterator[Stored]:
        """All objects under a prefix that ends at a `/`, in the order of their names.

        One call for 1,000 of them.
        """
        import obstore

        with self._asked():
            for page in obstore.list(self._store, prefix or None, chunk_size=1_000):
                yield from (_stored(meta) for meta in page)

    def inside(self, prefix: str) -> tuple[list[str], list[Stored]]:
        """(names of folders, objects) directly under a prefix."""
        import obstore

        with self._asked():
            found = obstore.list_with_delimiter(self._store, prefix or None)
        folders = [path.rstrip("/").rpartition("/")[2] for path in found["common_prefixes"]]
        return sorted(folders), [_stored(meta) for meta in found["objects"]]

    def put(self, name: str, content: Path | bytes, *, over: Stored | None) -> Stored:
        """Put an object in place of the one that was found, or where none was.

        Raises:
            Conflict: another was put there since.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        writer = uuid.uuid4().hex
        options: dict[str, Any] = {"attributes": {_WRITER: writer}}
        if size > _CONDITIONAL_BYTES:
            found = self.find(name)
            if (found and found.etag) != (over and over.etag):
                raise Conflict(self._replaced(name))
        else:
            condition = "create" if over is None else dict(over.condition)
            options |= {"mode": condition, "use_multipart": False}
        with self._asked():
            try:
                answer = obstore.put(self._store, name, content, **options)
                if answer.get("e_tag"):
                    return _found(name, size, answer)
            except (AlreadyExistsError, PreconditionError) as error:
                if self._writer(name) != writer:
                    raise Conflict(self._replaced(name)) from error
            except FileNotFoundError as error:  # what it was to replace is gone
                if _NO_BUCKET in str(error):
                    raise
                raise Conflict(self._replaced(name)) from error
        found = self.find(name)
        if found is None or self._writer(name) != writer:
            raise Conflict(self._replaced(name))
        return found

    def copy(self, source: str, target: str) -> Stored:
        """Within the store: nothing travels.

        Raises:
            FileNotFoundError: there is no such source.
        """
        import obstore

        with self._asked():
            obstore.copy(self._store, source, target)
            return _stored(obstore.head(self._store, target))

    def get(self, name: str, to: Path) -> Stored:
        """Write an object's content to a file, and say which object that was.

        Raises:
            FileNotFoundError: there is none.
        """
        import obstore

        with self._asked(), to.open("wb") as file:
            answer = obstore.get(self._store, name)
            for piece in answer.stream(min_chunk_size=_STREAM_BYTES):
                file.write(piece)
            return _stored(answer.meta)

    def pieces(self, name: str) -> Iterator[bytes]:
        """An object's content, a few megabytes at a time.

        Raises:
            FileNotFoundError: there is none.
        """
        import obstore

        with self._asked():
            answer = obstore.get(self._store, name)
            yield from (bytes(part) for part in answer.stream(min_chunk_size=_STREAM_BYTES))

    def read_range(self, of: Stored, start: int, end: int) -> bytes:
        """Bytes of an object that is still the one that was found.

        Raises:
            Conflict: it was replaced or deleted meanwhile.
        """
        import obstore
        from obstore.exceptions import PreconditionError

        condition = {"if_match": dict(of.condition)["e_tag"], "range": (start, end)}
        with self._asked():
            try:
                return bytes(
                    obstore.get(self._store, of.name, options=cast(Any, condition)).bytes()
                )
            except (PreconditionError, FileNotFoundError) as error:
                raise Conflict(f"{of.name} was replaced while it was read; run again") from error

    def delete(self, *names: str) -> None:
        """Those that are there."""
        import obstore

        for name in names:
            with self._asked():
                try:
                    obstore.delete(self._store, name)
                except FileNotFoundError:
                    continue

    def _writer(self, name: str) -> str | None:
        import obstore

        try:
            found = obstore.get(self._store, name, options={"range": (0, 1)})
        except FileNotFoundError:
            return None
        return found.attributes.get(_WRITER)

    def _replaced(self, name: str) -> str:
        return f"{self.url}/{name} was written by another process meanwhile; nothing was replaced"

    @property
    def _store(self) -> "ObjectStore":
        return _opened(self.url)

    @contextmanager
    def _asked(self) -> Iterator[None]:
        """Raises:
        ConfigError: there is no such bucket, or the credentials are refused.
        TransientError: the store does not answer.
        """
        _ = self._store  # tells first what is not installed
        from obstore.exceptions import (
            AlreadyExistsError,
            BaseError,
            PermissionDeniedError,
            PreconditionError,
            UnauthenticatedError,
        )

        try:
            yield
        except (AlreadyExistsError, PreconditionError):
            raise
        except (PermissionDeniedError, UnauthenticatedError) as error:
            raise ConfigError(
                f"{self.url}: the credentials are refused: set AWS_* or GOOGLE_* variables, or give "
                "the machine a role that may list, read, write and delete there"
            ) from error
        except (BaseError, FileNotFoundError) as error:
            if _NO_BUCKET in str(error):
                raise ConfigError(f"{self.url}: there is no such bucket: make it first") from error
            if isinstance(error, FileNotFoundError):
                raise
            reason = str(error).strip().split("\n")[0][:300]
            raise TransientError(f"{self.url} does not answer: {reason}") from error


def _stored(meta: Any) -> Stored:
    return _found(meta["path"], meta["size"], meta)


def _found(name: str, size: int, answer: Any) -> Stored:
    """A listing tells no version where the other answers do: the mark is the ETag alone."""
    condition = {key: answer[key] for key in ("e_tag", "version") if answer.get(key)}
    etag = (answer.get("e_tag") or answer.get("version") or "").strip('"')
    return Stored(name=name, size=size, etag=etag, condition=tuple(condition.items()))


@cache
def _opened(url: str) -> "ObjectStore":
    try:
        from obstore.store import from_url
    except ImportError as error:
        raise ConfigError(
            f"{url} is an object store: install its client with "
            "`pip install semantic-assets[objects]`"
        ) from error
    try:
        return from_url(url, retry_config=cast(Any, _RETRIES))
    except Exception as error:  # one class a store, and none of them public
        raise ConfigError(f"{url} cannot be opened: {str(error).splitlines()[0]}") from error
