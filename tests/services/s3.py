"""An S3 server on a free port of this machine, in a process of its own, with an empty bucket."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.request import Request, urlopen
from xml.etree import ElementTree

import pytest

_PROJECT = Path(__file__).resolve().parents[2]
_BUCKET, _KEY, _SECRET, _REGION = "bucket", "testing", "s3-secret", "us-east-1"
_PATIENCE_SECONDS = 60

needs_s3 = pytest.mark.skipif(
    not all(find_spec(name) for name in ("moto", "flask", "flask_cors")),
    reason="needs a local S3 server: pip install 'moto[s3,server]'",
)


@dataclass(frozen=True)
class S3Server:
    endpoint: str

    def url(self, prefix: str) -> str:
        return f"s3://{_BUCKET}/{prefix}"

    @property
    def environment(self) -> dict[str, str]:
        """Variables by which clients of S3 find it and are let in."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": _KEY,
            "AWS_SECRET_ACCESS_KEY": _SECRET,
            "AWS_REGION": _REGION,
            "AWS_DEFAULT_REGION": _REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def options(self) -> dict[str, str]:
        """The same as storage options, for clients that take them as arguments."""
        return {
            "endpoint": self.endpoint,
            "allow_http": "true",
            "access_key_id": _KEY,
            "secret_access_key": _SECRET,
            "region": _REGION,
        }

    def keys(self, prefix: str = "") -> list[str]:
        """Names of the objects below a prefix; at most 1,000."""
        with urlopen(f"{self.endpoint}/{_BUCKET}?list-type=2&prefix={prefix}") as answer:
            listing = ElementTree.fromstring(answer.read())
        return [found.text or "" for found in listing.iterfind(".//{*}Contents/{*}Key")]

    def put(self, key: str, content: bytes = b"") -> None:
        self._put(f"{_BUCKET}/{key}", content)

    def keep_versions(self) -> None:
        """From now on, of all objects: its answers then say more than its listings."""
        status = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        self._put(f"{_BUCKET}?versioning", status)

    def make_bucket(self) -> None:
        self._put(_BUCKET, b"")

    def _put(self, path: str, content: bytes) -> None:
        # Without a type urllib says that it is a form, and the server keeps nothing of it.
        headers = {"Content-Type": "application/octet-stream"}
        urlopen(Request(f"{self.endpoint}/{path}", content, headers, method="PUT")).close()


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """It ends with the block, and with the process that started it."""
    command = [sys.executable, "-m", "tests.services.s3"]
    with subprocess.Popen(
        command, cwd=_PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        server = S3Server(process.stdout.readline().strip())
        assert server.endpoint, "the S3 server did not start: its words are on stderr"
        try:
            server.make_bucket()
            yield server
        finally:
            process.communicate(timeout=_PATIENCE_SECONDS)


def _serve_until_stdin_ends() -> None:
    from moto.server import ThreadedMotoServer
    from werkzeug.serving import WSGIRequestHandler

    WSGIRequestHandler.protocol_version = "HTTP/1.1"  # a connection is kept for many requests
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    sys.stdout.write(f"http://{host}:{port}\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    _serve_until_stdin_ends()
