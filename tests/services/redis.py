"""A Redis server of the tests' own, from the binary of this machine. Nothing is kept on disk."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

_START_SECONDS = 30.0


def missing_for_redis() -> str | None:
    """Why no server can be run here; None where one can."""
    return None if shutil.which("redis-server") else "no Redis server is installed (redis-server)"


@contextmanager
def redis_server() -> Iterator[str]:
    """On a free port of the loopback address; yields `redis://host:port`, to which `/0` is added."""
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="sa-redis-") as folder:
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder]
        process = subprocess.Popen(
            [*command, "--save", "", "--appendonly", "no"], stdout=subprocess.DEVNULL
        )
        try:
            _wait_for(process, port)
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, f"redis-server ended with {process.returncode}"
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as asked:
            asked.sendall(b"PING\r\n")
            if asked.recv(16).startswith(b"+PONG"):
                return
        time.sleep(0.05)
    raise AssertionError(f"redis-server did not answer within {_START_SECONDS} s")


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port: int = free.getsockname()[1]
    return port
