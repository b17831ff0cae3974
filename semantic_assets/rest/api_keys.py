"""Keys of the REST API: made once, shown once, kept as hashes in a file of the lake."""

import fcntl
import hmac
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from semantic_assets.errors import ConfigError, NotFound
from semantic_assets.lake import layout
from semantic_assets.lake.lake import Lake
from semantic_assets.model.keys import DatasetKey

READ, WRITE, ADMIN = "read", "write", "admin"
#: Each role includes those before it.
ROLES = (READ, WRITE, ADMIN)
EVERY_PROJECT = "*"
_DAY_SECONDS = 86_400.0
_PREFIX = "sak_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What one key may use; None: as much as the lake itself allows."""

    requests_per_minute: int | None = None
    #: Of a day in UTC, as the dollars.
    upload_bytes_per_day: int | None = None
    #: Datasets that it may store into.
    datasets: int | None = None
    #: For real-time embedding and questions.
    usd_per_day: float | None = None


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
    #: What it is for, in its owner's words.
    label: str = ""
    #: From then on it is refused; None: never.
    expires_at: float | None = None
    quota: Quota = Quota()

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and time.time() >= self.expires_at

    @property
    def is_of_one_project(self) -> bool:
        """Return whether the key must not learn what other projects hold."""
        return self.project != EVERY_PROJECT

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
    label: str
    created_at: float
    expires_at: float | None
    #: To about a minute; None: never, or before uses were noted.
    last_used_at: float | None
    requests_per_minute: int | None
    upload_bytes_per_day: int | None
    datasets: int | None
    usd_per_day: float | None


class ApiKeys:
    """The keys of a lake. The file is read at each use: a revoked key is refused at once."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def all(self) -> list[ApiKey]:
        return [_key(row) for row in json.loads(self._lake.read_text(layout.API_KEYS_FILE) or "[]")]

    def rows(self, last_used: Mapping[str, float]) -> list[KeyRow]:
        """Return the keys as they are listed, with the times of their last uses, by id."""
        return [_row(key, last_used.get(key.key_id)) for key in self.all()]

    def make(
        self,
        *,
        project: str,
        role: str,
        label: str = "",
        expires_in_days: float | None = None,
        quota: Quota | None = None,
    ) -> tuple[ApiKey, str]:
        """Create a key and return it with its secret, which is not kept.

        Raises:
            ConfigError: there is no such role, or the project's name cannot be one.
        """
        now = time.time()
        if role not in ROLES:
            raise ConfigError(f"there is no role {role!r}: use {', '.join(ROLES)}")
        if project != EVERY_PROJECT:
            DatasetKey(project, "any")
        secret = _PREFIX + secrets.token_urlsafe(32)
        key = ApiKey(
            key_id=secrets.token_hex(4),
            project=project,
            role=role,
            created_at=now,
            digest=_digest(secret),
            label=label,
            expires_at=None if expires_in_days is None else now + expires_in_days * _DAY_SECONDS,
            quota=quota or Quota(),
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
            with self._lake.replacing(layout.API_KEYS_FILE) as temporary:
                yield self.all(), partial(_write, temporary)
        finally:
            os.close(descriptor)


def _key(row: dict[str, Any]) -> ApiKey:
    """Return a key as it was written, by an earlier version too."""
    return ApiKey(**{**row, "quota": Quota(**row.get("quota", {}))})


def _row(key: ApiKey, last_used_at: float | None) -> KeyRow:
    return KeyRow(
        key_id=key.key_id,
        project=key.project,
        role=key.role,
        label=key.label,
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=last_used_at,
        **asdict(key.quota),
    )


def _write(path: Path, keys: list[ApiKey]) -> None:
    path.write_text(json.dumps([asdict(key) for key in keys], indent=2))


def _digest(secret: str) -> str:
    return sha256(secret.encode(errors="surrogatepass")).hexdigest()
