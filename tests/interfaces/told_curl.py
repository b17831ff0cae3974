"""`curl` for shell scripts, which says on standard error what each of its answers was.

`curl -s` ends well whatever a server answers, so an example that is refused looked like one that
works.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

_MARK = "curl was answered"
_ANSWER = re.compile(rf"{_MARK} (\d+) (\S*)")


def put_curl(folder: Path) -> None:
    """Write the executable into a folder that the script finds first."""
    real, command = shutil.which("curl"), folder / "curl"
    assert real is not None
    line = f"%{{stderr}}{_MARK} %{{http_code}} %{{content_type}}\\n"
    command.write_text(f"#!/bin/sh\nexec {real} -w '{line}' \"$@\"\n")
    command.chmod(0o755)


def refusals(stderr: str) -> list[str]:
    """Return the answers of a script that are errors or problem details; `000`: nobody answered."""
    found = ((answer[0], answer[1], answer[2]) for answer in _ANSWER.finditer(stderr))
    return [
        line for line, code, kind in found if code[0] in "45" or kind == "application/problem+json"
    ]


@contextmanager
def one_answer(status: int, content_type: str) -> Iterator[str]:
    """Serve one answer with an empty object; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        thread.join()
