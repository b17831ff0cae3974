"""Connections: a late header, a slow body and an answer nobody takes end them; others go on."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import httpx2
import pytest

from semantic_assets.rest import body_limit, connections
from tests.rest.conftest import DOCUMENTS, Served
from tests.rest.running import is_closed_within, running

_HALF = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Half: "
_POST = (
    f"POST {DOCUMENTS} HTTP/1.1\r\nHost: localhost\r\n"
    "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n"
).encode()


@pytest.fixture
def address(served: Served) -> Iterator[tuple[str, int]]:
    with running(served) as found:
        yield found


def rest_of(connection: socket.socket) -> bytes:
    """What still comes until the other side ends or resets the connection."""
    received = b""
    with suppress(ConnectionError):
        while block := connection.recv(1 << 20):
            received += block
    return received


def is_healthy(address: tuple[str, int]) -> bool:
    return httpx2.get(f"http://localhost:{address[1]}/healthz", timeout=10).status_code == 200


@pytest.mark.parametrize("sent", [b"", b"G", _HALF], ids=["silent", "a letter", "half a header"])
def test_a_header_that_does_not_come_closes_the_connection(
    address: tuple[str, int], sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.5)
    with socket.create_connection(address) as slow:
        slow.sendall(sent)
        assert is_closed_within(slow, 5)
    assert is_healthy(address)


def test_bytes_that_trickle_keep_no_connection_open(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEADER_SECONDS", 1.0)
    with socket.create_connection(address) as slow:
        slow.sendall(_HALF)
        for _ in range(20):
            if is_closed_within(slow, 0.2):
                break
            slow.sendall(b"x")
        else:
            pytest.fail("it was never closed")


def test_the_second_header_of_a_connection_may_not_be_late_either(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.5)
    with socket.create_connection(address) as slow:
        slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b" 200 " in slow.recv(4_096)
        slow.sendall(_HALF)
        assert is_closed_within(slow, 5)


def test_beyond_the_limit_the_oldest_half_sent_header_makes_room(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 20)
    with ExitStack() as held:
        half = [held.enter_context(socket.create_connection(address)) for _ in range(60)]
        for one in half:
            one.sendall(_HALF)
        assert all(is_healthy(address) for _ in range(3))
        assert sum(is_closed_within(one, 0.3) for one in half[:40]) == 40


def test_a_body_that_trickles_is_answered_408(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_limit, "_PATIENCE_SECONDS", 1.0)
    with socket.create_connection(address, timeout=20) as slow:
        slow.sendall(_POST + b"--b\r\n")
        answer = slow.recv(4_096)
    assert b" 408 " in answer
    assert b"too slowly" in answer


def test_an_answer_that_nobody_takes_closes_the_connection(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "ANSWER_SECONDS", 0.5)
    text = "The ferry leaves at nine. " * 400_000
    assert served.upload(("long.txt", text), mode="async").status_code == 202
    served.core.batch_manager.process_queue()
    (row,) = served.client.get(DOCUMENTS).json()["data"]
    with running(served) as address, socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.connect(address)
        path = f"{DOCUMENTS}/{row['document_id']}"
        deaf.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = deaf.recv(100)
        assert b" 200 " in head
        time.sleep(3)
        assert is_healthy(address)
        assert len(head) + len(rest_of(deaf)) < len(text)
