"""A hostile request is answered or its connection closed, in time; the next caller is answered."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import httpx2
import pytest

from tests.hostile.requests import REQUESTS
from tests.rest.conftest import Served, serve  # noqa: F401
from tests.rest.running import running

_MOST_SECONDS = 10.0


@pytest.fixture
def address(serve: Callable[..., Served]) -> Iterator[tuple[str, int]]:  # noqa: F811
    served = serve()
    served.upload(("honest.txt", "The heron stands in the shallow water."), mode="sync")
    with running(served) as found:
        yield found


def answer_to(address: tuple[str, int], request: bytes) -> bytes:
    """Send, end the sending side, and return the beginning of what is answered."""
    with socket.create_connection(address, timeout=_MOST_SECONDS) as connection:

        def send() -> None:
            with suppress(OSError):  # refused before all of it was read
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)

        sending = threading.Thread(target=send)
        sending.start()
        with suppress(ConnectionError):
            answer = connection.recv(4_096)
        sending.join()
    return answer if "answer" in locals() else b""


@pytest.mark.sample(12)
@pytest.mark.parametrize("name", REQUESTS)
def test_hostile_request_ends_in_time_and_the_next_is_answered(
    address: tuple[str, int], name: str
) -> None:
    began = time.monotonic()
    answer = answer_to(address, REQUESTS[name])
    assert time.monotonic() - began < _MOST_SECONDS
    assert answer == b"" or answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 4")), answer[:200]
    body = {"query": "Where does the heron stand?", "datasets": ["acme/notes"]}
    url = f"http://localhost:{address[1]}/v1/search"
    found = httpx2.post(url, json=body, timeout=_MOST_SECONDS).json()
    assert [hit["text"] for hit in found["data"]] == ["The heron stands in the shallow water."]
