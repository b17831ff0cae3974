"""The app behind a real socket, as `serve` runs it."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from semantic_assets.rest.connections import BoundedConnection
from tests.rest.conftest import Served


@contextmanager
def running(served: Served) -> Iterator[tuple[str, int]]:
    config = uvicorn.Config(
        served.client.app,  # type: ignore[arg-type]
        port=0,
        log_config=None,
        lifespan="off",
        http=BoundedConnection,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[:2]
    server.should_exit = True
    thread.join()


def is_closed_within(connection: socket.socket, seconds: float) -> bool:
    """Whether the other side closes the connection, whatever it says before."""
    connection.settimeout(0.2)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if not connection.recv(4_096):
                return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False
