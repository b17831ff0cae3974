"""A bucket: objects under one URL, each replaced whole, and only if no other write came between.

No other module knows the client. Its credentials and endpoint are those of the cloud's
own tools: AWS_* and GOOGLE_* variables, or the machine's role.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from semantic_assets.errors import Conflict, PlaceRefused, SetupError, TransientError
from semantic_assets.text.foreign import scrub_error, scrubbed

if TYPE_CHECKING:  # an extra
    from obstore.store import ObjectStore

SCHEMES = ("s3", "gs")
#: Larger objects are sent in pieces, for which a store takes no condition.
_CONDITIONAL_BYTES = 512 << 20
_STREAM_BYTES, _PIECE_BYTES = 8 << 20, 1 << 20
#: Of an object in parts: how large they are, and how many are on their way and in memory.
_STREAMED: dict[str, Any] = {"chunk_size": _STREAM_BYTES, "max_concurrency": 2}
#: For calls the store does not answer or answers with an error; each retry waits longer.
_RETRIES: dict[str, object] = {"max_retries": 6, "retry_timeout": timedelta(seconds=60)}
_NO_BUCKET = "NoSuchBucket"
#: Attribute that names the write of an object. A write may succeed and its answer be lost.
_WRITER = "semantic-assets-writer"


def is_bucket_url(place: str) -> bool:
    return place.partition("://")[0] in SCHEMES and "://" in place


@dataclass(frozen=True, slots=True)
class Stored:
    """An object in the state it was found. `etag` differs between any two contents of a name."""

    name: str
    size: int
    etag: str
    #: The ETag and version that a conditional write sends.
    condition: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Access:
    """Access to a gs:// bucket by tokens that another client has."""

    #: Returns a token and when it ends, in seconds since 1970.
    token: Callable[[], tuple[str, float]]
    #: In place of Google's own address.
    base_url: str | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket; `url` is s3://BUCKET/PREFIX or gs://BUCKET/PREFIX, and names are below it."""

    url: str
    #: Who asks, and where; None: as the cloud's own tools are told by their variables.
    access: "Access | None" = None

    def find(self, name: str) -> Stored | None:
        import obstore

        with self._asked():
            try:
                return _stored(obstore.head(self._store, name))
            except FileNotFoundError:
                return None

    def below(self, prefix: str) -> Iterator[Stored]:
        """Yield all objects under a prefix that ends with `/`, by name; one call lists 1,000."""
        import obstore

        with self._asked():
            for page in obstore.list(self._store, prefix or None, chunk_size=1_000):
                yield from (_stored(meta) for meta in page)

    def inside(self, prefix: str) -> tuple[list[str], list[Stored]]:
        """Return (names of folders, objects) directly under a prefix."""
        import obstore

        with self._asked():
            found = obstore.list_with_delimiter(self._store, prefix or None)
        folders = [path.rstrip("/").rpartition("/")[2] for path in found["common_prefixes"]]
        return sorted(folders), [_stored(meta) for meta in found["objects"]]

    def put(self, name: str, content: Path | bytes, *, over: Stored | None) -> Stored:
        """Write an object in place of `over`, the one that was found; None: no object was there.

        Raises:
            Conflict: another process wrote or deleted it since.
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
            except FileNotFoundError as error:  # the object to replace is gone
                if _NO_BUCKET in str(error):
                    raise
                raise Conflict(self._replaced(name)) from error
        found = self.find(name)
        if found is None or self._writer(name) != writer:
            raise Conflict(self._replaced(name))
        return found

    def stream(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write an object of pieces as they come, whatever was there; what they raise leaves it."""
        import obstore

        with self._asked():
            obstore.put(self._store, name, iter(pieces), **_STREAMED)

    def copy(self, source: str, target: str) -> Stored:
        """Copy an object within the store; no content travels.

        Raises:
            FileNotFoundError: the source does not exist.
        """
        import obstore

        with self._asked():
            obstore.copy(self._store, source, target)
            return _stored(obstore.head(self._store, target))

    def get(self, name: str, to: Path) -> Stored:
        """Write an object's content to a file and return the object that was read.

        Raises:
            FileNotFoundError: the object does not exist.
        """
        import obstore

        with self._asked(), to.open("wb") as file:
            answer = obstore.get(self._store, name)
            for piece in answer.stream(min_chunk_size=_STREAM_BYTES):
                file.write(piece)
            return _stored(answer.meta)

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield an object's content, a megabyte or so at a time.

        Raises:
            FileNotFoundError: the object does not exist.
        """
        import obstore

        with self._asked():
            answer = obstore.get(self._store, name)
            yield from (bytes(part) for part in answer.stream(min_chunk_size=_PIECE_BYTES))

    def read_range(self, of: Stored, start: int, end: int) -> bytes:
        """Return the bytes from `start` to `end` of an object, if it is still the one found.

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
        """Delete the named objects; missing ones are skipped."""
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
        return _opened(self.url, self.access)

    @contextmanager
    def _asked(self) -> Iterator[None]:
        """Convert the client's errors to ours.

        Raises:
            PlaceRefused: there is no such bucket, or the credentials are refused.
        TransientError: the store does not answer.
        """
        _ = self._store  # raises first if the client is not installed
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
            raise PlaceRefused(
                f"{self.url}: the credentials are refused: set AWS_* or GOOGLE_* variables, or give "
                "the machine a role that may list, read, write and delete there"
            ) from error
        except (BaseError, FileNotFoundError) as error:
            if _NO_BUCKET in str(error):
                raise PlaceRefused(f"{self.url}: there is no such bucket: make it first") from error
            if isinstance(error, FileNotFoundError):
                raise
            scrub_error(error)
            reason = scrubbed(str(error)).strip().split("\n")[0][:300]
            raise TransientError(f"{self.url} does not answer: {reason}") from error


def _stored(meta: Any) -> Stored:
    return _found(meta["path"], meta["size"], meta)


def _found(name: str, size: int, answer: Any) -> Stored:
    """Return an object as found; its `etag` omits the version, which listings do not tell."""
    condition = {key: answer[key] for key in ("e_tag", "version") if answer.get(key)}
    etag = (answer.get("e_tag") or answer.get("version") or "").strip('"')
    return Stored(name=name, size=size, etag=etag, condition=tuple(condition.items()))


@cache
def _opened(url: str, access: Access | None) -> "ObjectStore":
    try:
        from obstore.store import from_url
    except ImportError as error:
        raise SetupError(
            f"{url} is an object store: install its client with "
            "`pip install semantic-assets[objects]`"
        ) from error
    try:
        return from_url(url, retry_config=cast(Any, _RETRIES), **_options(access))
    except Exception as error:  # one class a store, and none of them public
        scrub_error(error)
        reason = scrubbed(str(error)).splitlines()[0]
        raise SetupError(f"{url} cannot be opened: {reason}") from error


def _options(access: Access | None) -> dict[str, Any]:
    if access is None:
        return {}
    get = access.token

    def token() -> dict[str, object]:
        word, until = get()
        return {"token": word, "expires_at": datetime.fromtimestamp(until, UTC)}

    options: dict[str, Any] = {"credential_provider": token}
    if access.base_url:
        is_plain = access.base_url.startswith("http://")
        options |= {
            "config": {"base_url": access.base_url},
            "client_options": {"allow_http": is_plain},
        }
    return options
