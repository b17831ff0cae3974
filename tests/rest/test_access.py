"""Keys: every route that needs one refuses without, with a wrong one and with another project's."""

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Callable

import httpx2
import pytest

from semantic_assets import errors
from semantic_assets.rest.api_keys import ApiKeys
from tests.interfaces.nasty import NASTY, harms
from tests.rest.conftest import DOCUMENTS, Served

#: What needs no key: whether the process lives, and the page with nothing in it.
_OPEN = {"/healthz", "/readyz", "/", "/page.js", "/page.css"}

#: There another project's key sees none of ours.
_OWN_ALONE = {"/v1/datasets", "/v1/keys", "/v1/keys/acme"}


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
    if path.endswith(("estimate", "facets")):
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
        if path not in _OWN_ALONE:
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
    counted = locked.client.post("/v1/facets", json={}, headers=headers).json()
    assert counted == {"object": "facets", "project": {}, "dataset": {}, "kind": {}, "year": {}}
    theirs = locked.client.post("/v1/facets", json={"datasets": ["acme"]}, headers=headers)
    assert theirs.status_code == 403
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


@pytest.mark.parametrize(
    "header",
    [
        *("Forwarded", "Via", "X-Real-IP", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP"),
        *("X-Forwarded-For", "X-Forwarded-Host", "x-forwarded-proto", "X-Forwarded-Anything"),
    ],
)
def test_without_keys_what_came_through_a_proxy_is_refused(
    serve: Callable[..., Served], header: str, caplog: pytest.LogCaptureFixture
) -> None:
    """On loopback behind a proxy, `POST /v1/batches` once made a job for anyone."""
    served = serve()
    headers = {header: "203.0.113.9"}
    for method, path in [("GET", "/"), ("GET", "/healthz"), *_routes(served)]:
        answer = served.client.request(method, path, headers=headers)
        assert answer.status_code == 403, (method, path)
        assert answer.headers["content-type"] == "application/problem+json"
        assert "proxy" in answer.json()["detail"]
    assert served.remote_jobs() == 0
    assert f"header {header.lower()}" in caplog.text
    assert "`semantic-assets serve --keys`" in caplog.text


def test_with_keys_a_proxy_may_stand_in_front(locked: Served) -> None:
    _, secret = locked.keys.make(project="*", role="read")
    headers = {"Authorization": f"Bearer {secret}", "Host": "search.example"}
    headers |= {"X-Forwarded-For": "203.0.113.9", "Via": "1.1 proxy"}
    assert locked.client.get("/v1/status", headers=headers).status_code == 200


@pytest.mark.parametrize("host", ["testserver", "testserver:80", "localhost.evil.example", ""])
def test_only_the_names_of_this_machine_are_answered(served: Served, host: str) -> None:
    for path in ("/", "/v1/status"):
        assert served.client.get(path, headers={"Host": host}).status_code == 403


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.GeminiUnavailable, 503),
        (errors.RateLimited, 429),
        (errors.ScopePaused, 503),
        (errors.ModelRefused, 503),
        (errors.SourceMissing, 503),
        (errors.SetupError, 503),
        (errors.TransientError, 503),
        (errors.RequestRejected, 502),
        (errors.CorruptResult, 502),
    ],
)
def test_trouble_upstream_is_a_fixed_sentence_and_a_line_of_the_log(
    served: Served,
    error: type[errors.SemanticAssetsError],
    status: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> None:
        raise error("project 4711 of acme-billing says no")

    served.client.app.add_api_route("/fail", fail)  # type: ignore[attr-defined]
    answer = served.client.get("/fail")
    assert answer.status_code == status
    assert "4711" not in answer.text
    assert answer.json()["detail"]
    assert "project 4711 of acme-billing says no" in caplog.text


def test_googles_words_for_a_suspended_key_reach_no_caller(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert served.upload(("a.txt", "One."), mode="sync").status_code == 200
    fault = {"name": "key-revoked", "times": None, "parameters": {}}
    armed = httpx2.post(f"{served.emulator_url}/emulator/faults", json=fault)
    assert armed.status_code == 200, armed.text
    answer = served.client.post("/v1/search", json={"query": "never asked before"})
    assert answer.status_code in (429, 502, 503)
    assert answer.json()["detail"].endswith("tell its operator")


def test_the_page_shows_what_a_text_hides(served: Served) -> None:
    """The page's own function over all characters, where Node is installed to run it."""
    if (node := shutil.which("node")) is None:
        pytest.skip("needs Node")
    script = served.client.get("/page.js").text
    function = script[script.index("function shown") : script.index("// Everything from the lake")]
    asked = f"{function}\nprocess.stdout.write(shown(JSON.parse(require('fs').readFileSync(0))));"
    run = subprocess.run(
        [node, "-e", asked], input=json.dumps(f"{NASTY}\r\n\tend"), capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert harms(run.stdout.replace("\t", "")) == []
    assert run.stdout.endswith("\n\tend")
    assert "<script>" in run.stdout  # as text: no line of the page parses HTML
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", script)
