"""Keys of the REST API: made once, shown once, kept as hashes in a file of the lake."""

import fcntl
import hmac
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

from semantic_assets.errors import ConfigError, NotFound
from semantic_assets.lake.lake import Lake
from semantic_assets.model.keys import DatasetKey

READ, WRITE, ADMIN = "read", "write", "admin"
#: Each role includes those before it.
ROLES = (READ, WRITE, ADMIN)
EVERY_PROJECT = "*"
_FILE = "api_keys.json"
_PREFIX = "sak_"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """The rights of a key. The key itself is not kept; `digest` is the SHA-256 of its secret.

    The secret holds 256 random bits.
    """

    key_id: str
    #: A project, or `*` for all of them and for what concerns the lake as a whole.
    project: str
    role: str
    created_at: float
    digest: str

    def may(self, role: str, project: str | None) -> bool:
        """Return whether the key has a role in a project; None: in the lake as a whole."""
        return ROLES.index(self.role) >= ROLES.index(role) and self.project in (
            EVERY_PROJECT,
            project,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """A key as it is listed, without its digest."""

    key_id: str
    project: str
    role: str
    created_at: float


class ApiKeys:
    """The keys of a lake. The file is read at each use: a revoked key is refused at once."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def all(self) -> list[ApiKey]:
        return [ApiKey(**row) for row in json.loads(self._lake.read_text(_FILE) or "[]")]

    def rows(self) -> list[KeyRow]:
        return [
            KeyRow(key_id=k.key_id, project=k.project, role=k.role, created_at=k.created_at)
            for k in self.all()
        ]

    def make(self, *, project: str, role: str) -> tuple[ApiKey, str]:
        """Create a key and return it with its secret, which is not kept.

        Raises:
            ConfigError: there is no such role, or the project's name cannot be one.
        """
        if role not in ROLES:
            raise ConfigError(f"there is no role {role!r}: use {', '.join(ROLES)}")
        if project != EVERY_PROJECT:
            DatasetKey(project, "any")
        secret = _PREFIX + secrets.token_urlsafe(32)
        key = ApiKey(
            key_id=secrets.token_hex(4),
            project=project,
            role=role,
            created_at=time.time(),
            digest=_digest(secret),
        )
        with self._changing() as (known, write):
            write([*known, key])
        return key, secret

    def revoke(self, key_id: str) -> None:
        """Remove a key, so that it is refused from the next request on.

        Raises:
            NotFound: there is no such key.
        """
        with self._changing() as (known, write):
            kept = [key for key in known if key.key_id != key_id]
            if len(kept) == len(known):
                raise NotFound(
                    f"there is no API key {key_id!r}: `semantic-assets keys list` shows them"
                )
            write(kept)

    def find(self, secret: str) -> ApiKey | None:
        """Return the key of a secret, or None; compare it with each key in constant time."""
        digest, found = _digest(secret), None
        for key in self.all():
            if hmac.compare_digest(key.digest, digest):
                found = key
        return found

    @contextmanager
    def _changing(self) -> Iterator[tuple[list[ApiKey], Callable[[list[ApiKey]], None]]]:
        """Let one writer in at a time: otherwise a new key could bring back a revoked one.

        Keys are read after the lake has noted what is to be replaced: of two machines that write to
        a bucket at once, the later one fails.
        """
        self._lake.root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._lake.root, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            with self._lake.replacing(_FILE) as temporary:
                yield self.all(), partial(_write, temporary)
        finally:
            os.close(descriptor)


def _write(path: Path, keys: list[ApiKey]) -> None:
    path.write_text(json.dumps([asdict(key) for key in keys], indent=2))


def _digest(secret: str) -> str:
    return sha256(secret.encode(errors="surrogatepass")).hexdigest()
