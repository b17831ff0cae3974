"""Keys: every route that needs one refuses without, with a wrong one and with another project's."""

import asyncio
import re
from collections.abc import Callable

import pytest

from semantic_assets.rest.api_keys import ApiKeys
from tests.rest.conftest import DOCUMENTS, Served

#: What needs no key: whether the process lives, and the page with nothing in it.
_OPEN = {"/healthz", "/readyz", "/", "/page.js", "/page.css"}


@pytest.fixture
def locked(serve: Callable[..., Served]) -> Served:
    return serve(needs_key=True)


def _routes(served: Served) -> list[tuple[str, str]]:
    paths = served.client.get("/openapi.json").json()["paths"]
    return [
        (method.upper(), re.sub(r"\{[^}]+\}", "acme", path))
        for path, methods in paths.items()
        if path not in _OPEN
        for method in methods
    ]


def _ask(served: Served, method: str, path: str, key: str | None) -> int:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    body = {"query": "x", "datasets": ["acme/acme"]} if path.endswith("search") else None
    if path.endswith("estimate"):
        body = {"datasets": ["acme/acme"]}
    if path.endswith("/batches") and method == "POST":
        body = {}
    files = [("files[]", ("a.txt", b"x"))] if path.endswith("documents") and body is None else None
    if method == "GET":
        files = None
    return int(
        served.client.request(method, path, json=body, files=files, headers=headers).status_code
    )


def test_every_route_needs_a_key_of_the_right_project(locked: Served) -> None:
    routes = _routes(locked)
    assert len(routes) >= 13
    _, theirs = locked.keys.make(project="zeta", role="admin")
    _, ours = locked.keys.make(project="*", role="admin")
    for method, path in routes:
        assert _ask(locked, method, path, None) == 401, (method, path)
        assert _ask(locked, method, path, "sak_wrong") == 401, (method, path)
        if path != "/v1/datasets":  # there another project's key sees none of ours
            assert _ask(locked, method, path, theirs) == 403, (method, path)
        assert _ask(locked, method, path, ours) not in (401, 403), (method, path)


def test_what_needs_no_key_shows_nothing_of_the_lake(locked: Served) -> None:
    for path in sorted(_OPEN):
        assert locked.client.get(path).status_code == 200
    assert locked.client.get("/openapi.json").status_code == 200


def test_a_role_may_what_those_before_it_may(locked: Served) -> None:
    keys = {role: locked.keys.make(project="acme", role=role)[1] for role in ("read", "write")}

    def upload(role: str) -> int:
        headers = {"Authorization": f"Bearer {keys[role]}"}
        return int(locked.upload(("a.txt", "One."), headers=headers, mode="sync").status_code)

    assert upload("read") == 403
    assert upload("write") == 200
    for role in keys:
        headers = {"Authorization": f"Bearer {keys[role]}"}
        assert locked.client.get(DOCUMENTS, headers=headers).status_code == 200
        assert locked.client.post("/v1/batches", json={}, headers=headers).status_code == 403


def test_a_key_searches_and_lists_its_own_project_alone(locked: Served) -> None:
    _, all_of_them = locked.keys.make(project="*", role="admin")
    _, zeta = locked.keys.make(project="zeta", role="read")
    locked.upload(
        ("a.txt", "A secret of acme."),
        headers={"Authorization": f"Bearer {all_of_them}"},
        mode="sync",
    )
    headers = {"Authorization": f"Bearer {zeta}"}
    found = locked.client.post("/v1/search", json={"query": "secret"}, headers=headers).json()
    assert found["data"] == []
    assert locked.client.get("/v1/datasets", headers=headers).json()["data"] == []
    quote = locked.client.post("/v1/estimate", json={}, headers=headers).json()
    assert (quote["texts"], quote["unread_files"]) == (0, 0)


def test_a_key_taken_back_is_refused_at_once(locked: Served) -> None:
    key, secret = locked.keys.make(project="*", role="admin")
    headers = {"Authorization": f"Bearer {secret}"}
    assert locked.client.get("/v1/status", headers=headers).status_code == 200
    locked.keys.revoke(key.key_id)
    assert locked.client.get("/v1/status", headers=headers).status_code == 401


def test_a_key_is_nowhere_on_disk(locked: Served) -> None:
    _, secret = locked.keys.make(project="*", role="admin")
    root = locked.core.store.lake.root
    held = [
        path for path in root.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()
    ]
    assert held == []
    assert (root / "api_keys.json").stat().st_mode & 0o077 == 0
    assert secret not in repr(ApiKeys(locked.core.store.lake).all())


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "localhost:8000", "Origin": "https://evil.example"},
        {"Host": "localhost:8000", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_without_keys_a_page_of_another_site_is_refused(
    served: Served, headers: dict[str, str]
) -> None:
    assert served.upload(("a.txt", "x"), headers=headers).status_code == 403
    assert served.client.get("/v1/status", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "host", ["127.0.0.2:8000", "[::1]:8000", "[::1]", "localhost", "127.0.0.1"]
)
def test_this_machine_is_answered_by_all_its_names(served: Served, host: str) -> None:
    assert served.client.get("/v1/status", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("authorization", [b"", b"Bearer sak_wrong", b"Basic eA=="])
def test_the_body_of_an_unknown_caller_is_not_read(locked: Served, authorization: bytes) -> None:
    read, sent = 0, []

    async def receive() -> dict[str, object]:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": b"x" * 1_000, "more_body": read < 500}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    headers = [(b"authorization", authorization), (b"host", b"example.org")]
    headers.append((b"content-type", b"multipart/form-data; boundary=b"))
    scope = {"type": "http", "http_version": "1.1", "method": "POST", "path": DOCUMENTS}
    scope |= {"query_string": b"", "headers": headers, "scheme": "http", "root_path": ""}
    asyncio.run(locked.client.app(scope, receive, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 401
    assert read < 10
