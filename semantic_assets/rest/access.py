"""Access to the REST API: keys, and the protection of a server without them on loopback."""

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.types import ASGIApp, Receive, Scope, Send

from semantic_assets.errors import DatasetRemoved
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.costs.callers import Caller, on_behalf_of
from semantic_assets.pipeline.discovery.named_datasets import named_datasets
from semantic_assets.pipeline.search.searched import searched_of
from semantic_assets.rest.api_keys import ADMIN, EVERY_PROJECT, READ, WRITE, ApiKey
from semantic_assets.rest.names import Name
from semantic_assets.rest.problems import Problem, problem
from semantic_assets.rest.serving import Serving, serving_of
from semantic_assets.system.addresses import host_of, is_loopback

#: What proxies add. On loopback behind one, everybody would be local.
_PROXY = frozenset(
    {"forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "x-cluster-client-ip"}
)
_PROXY_BEGIN = ("x-forwarded-", "x-original-forwarded-", "x-envoy-external-", "cf-connecting-ip")
_log = logging.getLogger("semantic_assets.rest")
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_UNLOCKED = ApiKey(key_id="", project=EVERY_PROJECT, role=ADMIN, created_at=0.0, digest="")
_bearer = HTTPBearer(auto_error=False, description="`Authorization: Bearer sak_...`")
_Given = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


class Access:
    """Find the key of a request, and count the request to it, before anything else is done for it.

    The framework would first read a form of 1 GB. A server without keys checks here that a request
    is local, whatever it asks for.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            # Without keys nothing is read for it: a thread would cost more than the look.
            needs_key = serving_of(request).needs_key
            key = (
                await run_in_threadpool(_counted_key, request)
                if needs_key
                else key_of(request, None)
            )
        except Problem as refused:
            # Without a key one may read what needs none: the page, and the checks of a monitor.
            if not _is_public(request, refused):
                await problem(refused.status, refused.detail, refused.headers)(scope, receive, send)
                return
            request.state.refused = refused
            await self._app(scope, receive, send)
            return
        request.state.key, request.state.is_of_one_project = key, key.is_of_one_project
        with on_behalf_of(caller_of(key)):
            await self._app(scope, receive, send)


def _counted_key(request: Request) -> ApiKey:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    serving = serving_of(request)
    key = key_of(request, secret.strip() if scheme.lower() == "bearer" and secret else None)
    if serving.needs_key:
        serving.usage.count_request(key)
    return key


def _is_public(request: Request, refused: Problem) -> bool:
    return request.method in _READS and refused.status == HTTPStatus.UNAUTHORIZED


def caller_of(key: ApiKey) -> Caller | None:
    """Return to whom the calls of a key are booked, if it has a cap."""
    usd = key.quota.usd_per_day
    return None if usd is None else Caller(key.key_id, usd)


async def _key(request: Request, _: _Given) -> ApiKey:
    """Return the key that was found before the body; the parameter tells OpenAPI of it."""
    refused = getattr(request.state, "refused", None)
    if refused is not None:
        raise refused
    key = request.state.key
    assert isinstance(key, ApiKey)
    return key


def key_of(request: Request, secret: str | None) -> ApiKey:
    """Return the key of a request; without keys, one that may do all, for local requests.

    Raises:
        Problem: the server needs a key and this is none; or, without keys, the request is foreign.
    """
    serving = serving_of(request)
    if not serving.needs_key:
        _require_local(request)
        return _UNLOCKED
    if secret is None:
        raise _unauthorized("this server needs a key: `Authorization: Bearer ...`")
    key = serving.keys.find(secret)
    if key is None:
        raise _unauthorized("this key is not known here, or was taken back")
    if key.is_expired:
        raise _unauthorized("this key has expired: ask the operator for a new one")
    return key


def _unauthorized(detail: str) -> Problem:
    return Problem(HTTPStatus.UNAUTHORIZED, detail, {"WWW-Authenticate": "Bearer"})


def _require_local(request: Request) -> None:
    """Refuse what comes from elsewhere: a proxy or a browser here must not let it in."""
    host = request.headers.get("host", "")
    if not is_loopback(host_of(host)):
        raise _not_local("only localhost is answered", "the Host is another")
    if is_of_another_site(request):
        raise _not_local("a page of another site is refused", "its Origin is another site")
    if added := next(filter(_is_of_a_proxy, request.headers), None):
        raise _not_local("what came through a proxy is refused", f"it has the header {added}")


def is_of_another_site(request: Request) -> bool:
    """Return whether a browser sent this for a page that is not of this server."""
    origin, host = request.headers.get("origin"), request.headers.get("host", "")
    is_foreign = origin is not None and origin.partition("://")[2] != host
    return is_foreign or request.headers.get("sec-fetch-site") == "cross-site"


def _is_of_a_proxy(header: str) -> bool:
    return header in _PROXY or header.startswith(_PROXY_BEGIN)


def _not_local(detail: str, why: str) -> Problem:
    _log.warning(
        "a request was refused, %s: this server runs without keys and answers this machine alone; "
        "for others and behind a proxy run `semantic-assets serve --keys`",
        why,
    )
    return Problem(HTTPStatus.FORBIDDEN, f"without keys {detail}")


Key = Annotated[ApiKey, Depends(_key)]


def _lake(role: str) -> Callable[..., Any]:
    """Return the dependency of lake-wide routes: it requires this role for all projects."""

    async def allowed(key: Key) -> ApiKey:
        if not key.may(role, None):
            raise Problem(
                HTTPStatus.FORBIDDEN, f"this takes a key with the role {role} for all projects"
            )
        return key

    return allowed


def _dataset(role: str) -> Callable[..., Any]:
    """Return the dependency of dataset routes: it requires this role and returns the dataset."""

    async def allowed(project: Name, dataset: Name, key: Key) -> DatasetKey:
        if not key.may(role, project):
            raise Problem(HTTPStatus.FORBIDDEN, f"this takes a key with the role {role} here")
        return DatasetKey(project, dataset)

    return allowed


def _admin(key: Key) -> ApiKey:
    """Return a key that manages the keys of its project, or of all."""
    if not key.may(ADMIN, key.project):
        raise Problem(HTTPStatus.FORBIDDEN, "this takes a key with the role admin")
    return key


KeysAdmin = Annotated[ApiKey, Depends(_admin)]
LakeAdmin = Annotated[ApiKey, Depends(_lake(ADMIN))]
LakeReader = Annotated[ApiKey, Depends(_lake(READ))]
DatasetReader = Annotated[DatasetKey, Depends(_dataset(READ))]
DatasetWriter = Annotated[DatasetKey, Depends(_dataset(WRITE))]


def readable(serving: Serving, key: ApiKey, names: list[str]) -> tuple[DatasetKey, ...]:
    """Return the datasets a request names, or all that the key may read.

    Raises:
        Problem: a named dataset is of another project.
        UnknownName: a named dataset is not there.
        DatasetRemoved: a named dataset was removed; looking at it must not bring it back.
    """
    if not names:
        known = serving.core.reader.ledger.sources.datasets()
        return tuple(dataset for dataset in known if key.may(READ, dataset.project))
    found = tuple(dict.fromkeys(DatasetKey.parse(name) for name in names))
    if not all(key.may(READ, dataset.project) for dataset in found):
        raise Problem(HTTPStatus.FORBIDDEN, "this key is for another project")
    reader = serving.core.reader
    # What serves is not removed.
    if unknown := [one for one in found if one not in searched_of(reader).versions(reader)]:
        asked = map(str, unknown)
        named_datasets(reader, asked, may_see=lambda one: key.may(READ, one.project))
        rows = reader.ledger.datasets.rows()
        if gone := [one for one in unknown if one in rows and rows[one].is_kept_out]:
            raise DatasetRemoved(f"dataset {min(gone)} was removed")
    return found
