"""A Redis server of the tests' own, with TLS and a password. Nothing is kept on disk."""

import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

_START_SECONDS = 30.0
_PASSWORD = "redis-secret"


def missing_for_redis() -> str | None:
    """Why no server can be run here; None where one can."""
    if find_spec("cryptography") is None:
        return "nothing that makes certificates is installed (cryptography)"
    return None if shutil.which("redis-server") else "no Redis server is installed (redis-server)"


@dataclass(frozen=True, slots=True)
class RedisServer:
    host: str
    port: int
    authority: Path

    def url(self, database: int, *, password: str = _PASSWORD) -> str:
        """As CELERY_BROKER_URL takes it."""
        place = f"rediss://:{password}@{self.host}:{self.port}/{database}"
        return f"{place}?ssl_ca_certs={self.authority}"


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """On a free port of the loopback address."""
    from tests.services.tls import HOST, new_certificate

    with tempfile.TemporaryDirectory(prefix="sa-redis-") as folder:
        made = new_certificate(Path(folder))
        server = RedisServer(HOST, _free_port(), made.authority)
        process = subprocess.Popen(
            [
                *("redis-server", "--port", "0", "--tls-port", str(server.port)),
                *("--bind", HOST, "--dir", folder, "--requirepass", _PASSWORD),
                *("--tls-cert-file", str(made.certificate), "--tls-key-file", str(made.key)),
                *("--tls-auth-clients", "no", "--save", "", "--appendonly", "no"),
            ],
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait_for(process, server)
            yield server
        finally:
            process.terminate()
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], server: RedisServer) -> None:
    context = ssl.create_default_context(cafile=server.authority)
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, f"redis-server ended with {process.returncode}"
        with (
            suppress(OSError),
            socket.create_connection((server.host, server.port), timeout=1) as plain,
            context.wrap_socket(plain, server_hostname=server.host) as asked,
        ):
            asked.sendall(b"PING\r\n")
            if asked.recv(16).startswith(b"-NOAUTH"):
                return
        time.sleep(0.05)
    raise AssertionError(f"redis-server did not answer within {_START_SECONDS} s")


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port: int = free.getsockname()[1]
    return port
