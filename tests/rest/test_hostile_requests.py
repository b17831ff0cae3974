"""Hostile requests: nothing crashes, nothing is written outside its dataset, memory stays bounded."""

import gzip
import io
import os
import random
import resource
import string
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import uvicorn

from semantic_assets.rest.serving import Limits
from tests.rest.conftest import DOCUMENTS, Served

BODIES = 500
_NASTY = (
    "../../etc/passwd.txt",
    "..\\..\\windows.txt",
    "/etc/cron.d/x.txt",
    "a\x00b.txt",
    "a\r\nSet-Cookie: x=1.txt",
    "\u202etxt.exe",
    ".env",
    "CON.txt",
    "a" * 5_000 + ".txt",
    "00000.segment.jsonl",
    "%2e%2e%2fup.txt",
    "na\u0301me.txt",
    "\ud800.txt",
    "",
)


def _files(served: Served) -> set[Path]:
    return {path for path in served.core.store.settings.sources.rglob("*") if path.is_file()}


def _fuzzed(rng: random.Random) -> tuple[bytes, str]:
    """A multipart body that is broken in one of many ways, and its content type."""
    boundary = "".join(rng.choices(string.ascii_letters, k=rng.randint(1, 80)))
    name = rng.choice([*_NASTY, "ok.txt", "ok.pdf", "ok.jsonl"]).encode(errors="surrogatepass")
    field = rng.choice([b"files[]", b"files", b"", b'files[]"; x="'])
    content = rng.randbytes(rng.randint(0, 4_000))
    part = b'--%s\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\n\r\n%s\r\n' % (
        boundary.encode(),
        field,
        name,
        content,
    )
    body = part * rng.randint(0, 3) + b"--%s--\r\n" % boundary.encode()
    if rng.random() < 0.4:  # cut off, or with a byte changed
        body = body[: rng.randint(0, len(body))]
    elif body and rng.random() < 0.5:
        place = rng.randrange(len(body))
        body = body[:place] + rng.randbytes(1) + body[place + 1 :]
    told = rng.choice([boundary, boundary[:-1], "", boundary + "x", boundary, boundary])
    return body, f"multipart/form-data; boundary={told}"


# The framework leaves a temporary file of a broken body to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_five_hundred_broken_bodies_are_each_answered_and_stay_in_their_dataset(
    served: Served,
) -> None:
    rng = random.Random(20)
    seen: set[int] = set()
    for _ in range(BODIES):
        body, kind = _fuzzed(rng)
        answer = served.client.post(
            DOCUMENTS, params={"mode": "async"}, content=body, headers={"Content-Type": kind}
        )
        seen.add(answer.status_code)
        assert answer.status_code < 500, (answer.text, body[:200])
    assert {202, 400, 422} <= seen
    inside = served.core.store.settings.sources / "acme" / "notes" / "_ingested"
    assert _files(served)
    assert all(inside in path.parents for path in _files(served))


@pytest.mark.parametrize("name", _NASTY)
def test_a_nasty_name_is_refused_or_kept_as_one_name(served: Served, name: str) -> None:
    if not name.isprintable() and any(ord(letter) > 0xD7FF for letter in name):
        name = name.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    answer = served.upload((name, "Some text."), mode="async")
    assert answer.status_code in (202, 400, 422)
    names = [path.name for path in _files(served)]
    assert names in ([], ["00000.segment.jsonl"])


def _bomb(kind: str) -> tuple[str, bytes]:
    zeros = b"0" * (64 << 20)
    if kind == "gzip":
        return "bomb.txt.gz", gzip.compress(zeros * 4, 1)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("bomb.txt", zeros)
    return ("bomb.zip" if kind == "zip" else "bomb.pdf"), packed.getvalue()


@pytest.mark.parametrize("kind", ["gzip", "zip", "zip named pdf"])
def test_bombs_are_refused_with_a_reason_and_little_memory(served: Served, kind: str) -> None:
    name, content = _bomb(kind)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = served.upload((name, content), mode="async")
    assert answer.status_code == 422
    assert name in answer.json()["results"][0]["error"]
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 300 << 10  # kB: a file is read up to its limit of 64 MB of text
    assert _files(served) == set()


@pytest.fixture
def address(serve: Callable[..., Served]) -> Iterator[tuple[str, int]]:
    """The app behind a real socket, with a limit of 20 MB."""
    served = serve(limits=Limits(file_bytes=10 << 20, request_bytes=20 << 20))
    config = uvicorn.Config(
        served.client.app,  # type: ignore[arg-type]
        port=0,
        log_config=None,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        os.sched_yield()
    yield server.servers[0].sockets[0].getsockname()[:2]
    server.should_exit = True
    thread.join()


@pytest.mark.parametrize("tells_length", [True, False])
def test_two_gigabytes_against_a_limit_are_cut_off_early(
    address: tuple[str, int], tells_length: bool
) -> None:
    import socket

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    length = b"Content-Length: 2147483648" if tells_length else b"Transfer-Encoding: chunked"
    head = (
        f"POST {DOCUMENTS} HTTP/1.1\r\nHost: 127.0.0.1:1\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n"
    ).encode() + length
    begin = b'--b\r\nContent-Disposition: form-data; name="files[]"; filename="a.txt"\r\n\r\n'
    block = b"x" * (1 << 20)
    sent = 0
    with socket.create_connection(address, timeout=30) as connection:
        connection.sendall(head + b"\r\n\r\n")
        try:
            for piece in [begin, *([block] * 2_048)]:
                frame = piece if tells_length else b"%x\r\n%s\r\n" % (len(piece), piece)
                connection.sendall(frame)
                sent += len(piece)
        except OSError:
            pass  # the server closed it, as it should
        try:
            answer = connection.recv(1_000)
        except OSError:
            answer = b""
    assert sent < 200 << 20
    assert answer == b"" or b" 413 " in answer
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10


def test_searches_and_uploads_at_once_lose_nothing(served: Served) -> None:
    served.upload(("first.txt", "The first text."), mode="sync")

    def search(_: int) -> int:
        body = {"query": "The first text.", "k": 1}
        return int(served.client.post("/v1/search", json=body).status_code)

    def upload(number: int) -> int:
        answer = served.upload((f"n{number}.txt", f"Upload number {number}."), mode="sync")
        return int(answer.status_code)

    with ThreadPoolExecutor(24) as pool:
        searches = [pool.submit(search, n) for n in range(200)]
        uploads = [pool.submit(upload, n) for n in range(20)]
        assert {one.result() for one in uploads} == {200}
        assert {one.result() for one in searches} == {200}
    listed = served.client.get(DOCUMENTS, params={"limit": 100}).json()["data"]
    assert {row["name"] for row in listed} == {"first.txt", *(f"n{n}.txt" for n in range(20))}
    assert all(row["chunks"] == 1 for row in listed)
