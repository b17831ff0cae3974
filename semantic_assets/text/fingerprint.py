"""Content hashes and the ids made of them; no id depends on a position or a line number."""

from collections.abc import Callable
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

_NONE = (1 << 64) - 1
_SLICE_CHARS = 1 << 20


def text_hash(text: str | bytes) -> str:
    """Return blake2b-16 of the UTF-8 as 32 hex digits: the request key of a text."""
    encoded = text if isinstance(text, bytes) else text.encode()
    return blake2b(encoded, digest_size=16).hexdigest()


def joined_hash(*parts: str) -> str:
    """Return the `text_hash` of parts one behind the other, without a copy of a long one."""
    digest = blake2b(digest_size=16)
    for part in parts:
        for start in range(0, len(part), _SLICE_CHARS):
            digest.update(part[start : start + _SLICE_CHARS].encode())
    return digest.hexdigest()


def fingerprint(*parts: str | int | None) -> str:
    """Return one digest of several values; `None` and `""` differ, and no two splits collide."""
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(_framed(part))
    return digest.hexdigest()


def _framed(part: str | int | None) -> bytes:
    encoded = b"" if part is None else str(part).encode()
    length = _NONE if part is None else len(encoded)
    return length.to_bytes(8, "big") + encoded


def fingerprint_arrays(*columns: npt.NDArray[np.int64]) -> str:
    """Return one digest of integer columns of equal length, in order."""
    digest = blake2b(digest_size=16)
    for column in columns:
        digest.update(len(column).to_bytes(8, "big"))
        digest.update(column.astype("<i8").tobytes())
    return digest.hexdigest()


def document_id(dataset: str, uri: str, record: str) -> str:
    return fingerprint("document", dataset, uri, record)


def document_ids(dataset: str, uri: str) -> Callable[[str], str]:
    """Return a function that gives `document_id` for the records of one file."""
    begun = blake2b(digest_size=16)
    for part in ("document", dataset, uri):
        begun.update(_framed(part))

    def of(record: str) -> str:
        digest = begun.copy()
        digest.update(_framed(record))
        return digest.hexdigest()

    return of


def chunk_id(document: str, body_hash: str, occurrence: int) -> str:
    """Return a chunk's id from its text's hash, so that the 110 MB of a shard are hashed once."""
    return fingerprint("chunk", document, body_hash, occurrence)


def chunk_ids(document: str) -> Callable[[str, int], str]:
    """Return a function that gives `chunk_id` for the chunks of one document."""
    begun = blake2b(digest_size=16)
    for part in ("chunk", document):
        begun.update(_framed(part))

    def of(body_hash: str, occurrence: int) -> str:
        digest = begun.copy()
        digest.update(_framed(body_hash) + _framed(occurrence))
        return digest.hexdigest()

    return of
