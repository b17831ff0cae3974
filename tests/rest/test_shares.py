"""One caller's share: slow uploads, quotas and places of one key leave those of another alone."""

import os
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx2
import pytest

from semantic_assets.rest import turns
from semantic_assets.rest.api_keys import Quota
from semantic_assets.sandbox.pool import MAX_CHILDREN
from tests.hostile.files import many_attributes
from tests.rest.conftest import DOCUMENTS, Served
from tests.rest.running import running

Bearer = dict[str, str]


def key_of(served: Served, **rights: object) -> Bearer:
    asked = {"project": "acme", "role": "write", **rights}
    return {"Authorization": f"Bearer {served.keys.make(**asked)[1]}"}  # type: ignore[arg-type]


def _post(name: str, content: bytes, headers: Bearer) -> bytes:
    """An upload, as it is sent."""
    body = b'--b\r\nContent-Disposition: form-data; name="files[]"; filename="%s"\r\n\r\n%s\r\n--b--\r\n'
    body %= (name.encode(), content)
    lines = [f"POST {DOCUMENTS}?mode=async HTTP/1.1", "Host: localhost"]
    lines += [f"Content-Length: {len(body)}", "Content-Type: multipart/form-data; boundary=b"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.fixture
def locked(serve: Callable[..., Served]) -> Served:
    return serve(needs_key=True)


def upload(served: Served, name: str, content: bytes | str, headers: Bearer, **query: str) -> int:
    answer = served.upload((name, content), headers=headers, **{"mode": "async", **query})
    return int(answer.status_code)


def test_monitors_searches_and_small_uploads_go_on_while_many_files_are_parsed(
    locked: Served,
) -> None:
    honest, hostile = key_of(locked), key_of(locked)
    assert upload(locked, "a.txt", "The ferry leaves at nine.", honest, mode="sync") == 200
    body = {"query": "When does the ferry leave?", "datasets": ["acme/notes"]}
    bomb, seconds = _post("a.html", many_attributes(), hostile), []
    with running(locked) as address, ExitStack() as held:
        for _ in range(45):
            held.enter_context(socket.create_connection(address)).sendall(bomb)
        time.sleep(1)
        for number in range(3):
            began = time.monotonic()
            assert locked.client.get("/readyz").status_code == 200
            assert locked.client.post("/v1/search", json=body, headers=honest).status_code == 200
            assert upload(locked, f"n{number}.txt", "Honest.", honest) == 202
            page = (f"<p>Page {number}.").encode()
            assert upload(locked, f"n{number}.html", page, honest) == 202
            seconds.append(time.monotonic() - began)
    assert max(seconds) < 8


def test_no_key_gets_all_places_for_reading_files(locked: Served) -> None:
    parsing = locked.client.app.state.serving.parsing  # type: ignore[attr-defined]
    held = 0
    with ThreadPoolExecutor(MAX_CHILDREN) as pool:

        def hold(_: int) -> None:
            nonlocal held
            with parsing.turn("greedy", lambda: False):
                held += 1
                time.sleep(1)

        busy = [pool.submit(hold, n) for n in range(MAX_CHILDREN)]
        time.sleep(0.3)
        assert 0 < held < MAX_CHILDREN
        with parsing.turn("modest", lambda: False):
            assert not any(one.done() for one in busy)


def test_a_key_with_too_many_requests_inside_is_told_to_wait(
    locked: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those count too whose bodies have not come yet: each may take a gigabyte of disk."""
    monkeypatch.setattr(turns, "_MAX_INSIDE", 5)
    honest, hostile = key_of(locked), key_of(locked)
    slow = _post("a.txt", b"x" * 100_000, hostile)[:-90_000]
    with running(locked) as address, ExitStack() as held:
        for _ in range(5):
            held.enter_context(socket.create_connection(address)).sendall(slow)
        time.sleep(1)
        refused = httpx2.post(
            f"http://localhost:{address[1]}{DOCUMENTS}",
            files=[("files[]", ("b.txt", b"x"))],
            headers=hostile,
        )
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "5")
        assert upload(locked, "c.txt", "Honest.", honest) == 202


def test_the_reading_of_a_file_ends_when_its_caller_has_gone(served: Served) -> None:
    with running(served) as address:
        with socket.create_connection(address) as caller:
            caller.sendall(_post("a.html", many_attributes(), {}))
            time.sleep(1.5)
        began = os.times()
        time.sleep(3.0)
        after = os.times()
        metrics = served.client.get("/metrics").text
    assert 'status="499"' in metrics
    # Its child was ended and waited for, after less than the 5 CPU seconds that it may take.
    assert after.children_user - began.children_user < 3
    assert served.client.get(DOCUMENTS).json()["data"] == []


def test_requests_beyond_those_of_a_minute_are_told_when_to_come_back(locked: Served) -> None:
    limited = key_of(locked, role="read", quota=Quota(requests_per_minute=3))
    answers = [locked.client.get("/v1/datasets", headers=limited) for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 61
    assert locked.client.get("/v1/datasets", headers=key_of(locked)).status_code == 200


@pytest.mark.parametrize("tells_length", [True, False])
def test_bytes_beyond_those_of_a_day_are_refused(locked: Served, tells_length: bool) -> None:
    limited = key_of(locked, quota=Quota(upload_bytes_per_day=3_000))

    def post(number: int) -> int:
        content = b"--b\r\n" + (
            b'Content-Disposition: form-data; name="files[]"; filename="%d.txt"\r\n\r\n' % number
        )
        content += b"x" * 1_000 + b"\r\n--b--\r\n"
        headers = {**limited, "Content-Type": "multipart/form-data; boundary=b"}
        sent = content if tells_length else iter([content[:500], content[500:]])
        answer = locked.client.post(
            DOCUMENTS, params={"mode": "async"}, content=sent, headers=headers
        )
        return int(answer.status_code)

    assert [post(number) for number in range(4)] == [202, 202, 429, 429]
    long = {"query": "x" * 5_000, "datasets": []}
    searched = locked.client.post("/v1/search", json=long, headers=limited)
    assert searched.status_code == 200  # a question is no upload
    assert upload(locked, "n.txt", "x", key_of(locked)) == 202


def test_a_key_stores_into_as_many_datasets_as_it_may(locked: Served) -> None:
    limited = key_of(locked, quota=Quota(datasets=2))

    def post(dataset: str) -> int:
        answer = locked.client.post(
            f"/v1/projects/acme/datasets/{dataset}/documents",
            params={"mode": "async"},
            files=[("files[]", ("a.txt", b"x"))],
            headers=limited,
        )
        return int(answer.status_code)

    assert [post(name) for name in ("d1", "d2", "d3", "d1")] == [202, 202, 403, 202]
    assert not (locked.core.store.settings.sources / "acme/d3").exists()


def test_over_its_dollars_of_a_day_a_key_gets_nothing_in_real_time(locked: Served) -> None:
    poor, rich = key_of(locked, quota=Quota(usd_per_day=1e-9)), key_of(locked)
    assert upload(locked, "poor.txt", "A text.", poor, mode="sync") == 202
    assert locked.remote_jobs() == 0
    assert upload(locked, "rich.txt", "Another text.", rich, mode="sync") == 200


def test_an_expired_key_is_refused_and_says_so(locked: Served) -> None:
    short = key_of(locked, expires_in_days=1 / 86_400)
    assert locked.client.get("/v1/datasets", headers=short).status_code == 200
    time.sleep(1.1)
    answer = locked.client.get("/v1/datasets", headers=short)
    assert answer.status_code == 401
    assert "expired" in answer.json()["detail"]


def test_the_admin_of_a_project_lists_and_revokes_its_keys_and_no_others(locked: Served) -> None:
    admin, writer = key_of(locked, role="admin"), key_of(locked, label="the crawler")
    theirs, _ = locked.keys.make(project="zeta", role="read")
    assert locked.client.get("/v1/datasets", headers=writer).status_code == 200
    assert locked.client.get("/v1/keys", headers=writer).status_code == 403
    listed = locked.client.get("/v1/keys", headers=admin).json()["data"]
    assert {row["project"] for row in listed} == {"acme"}
    (row,) = (row for row in listed if row["label"] == "the crawler")
    assert time.time() - row["last_used_at"] < 60
    assert "digest" not in row
    gone = locked.client.delete(f"/v1/keys/{theirs.key_id}", headers=admin)
    assert gone.status_code == 404
    (own,) = (row for row in listed if row["role"] == "admin")
    kept = locked.client.delete(f"/v1/keys/{own['key_id']}", headers=admin)
    assert kept.status_code == 409
    gone = locked.client.delete(f"/v1/keys/{row['key_id']}", headers=admin)
    assert gone.status_code == 200, gone.text
    assert locked.client.get("/v1/datasets", headers=writer).status_code == 401
    assert {one.key_id for one in locked.keys.all()} >= {theirs.key_id}


def test_keys_of_an_earlier_version_are_read(locked: Served) -> None:
    place = locked.core.store.lake.path("api_keys.json")
    key_of(locked)
    import json

    rows = json.loads(place.read_text())
    old = ("key_id", "project", "role", "created_at", "digest")
    place.write_text(json.dumps([{name: row[name] for name in old} for row in rows]))
    (key,) = locked.keys.all()
    assert (key.label, key.expires_at, key.quota) == ("", None, Quota())
