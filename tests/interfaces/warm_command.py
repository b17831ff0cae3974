"""`semantic-assets` for shell scripts, forked from a process that has imported already.

A page of docs/ calls it twenty times, and two seconds of each call would be imports. Arguments,
folder, environment, input and output are the caller's; each call is a process of its own.
"""

import importlib
import json
import os
import shlex
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import thrift

_PRELOADED = (
    "google.genai",
    "rich.console",
    "semantic_assets.emulator.server",
    "semantic_assets.api.functions",
    "semantic_assets.cli.terminal_tables",
    "semantic_assets.pipeline.reports.checks",
)
_MESSAGE_BYTES = 1 << 20
_CALLER = """
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({path!r})
    call = {{"arguments": sys.argv[1:], "folder": os.getcwd(), "environ": dict(os.environ)}}
    socket.send_fds(server, [json.dumps(call).encode()], [0, 1, 2])
    server.shutdown(socket.SHUT_WR)
    sys.exit(int(server.recv(16) or 70))
"""


@contextmanager
def warm_command(folder: Path) -> Iterator[Path]:
    """The path of an executable in `folder` that works while the block runs."""
    path, command = folder / "warm.socket", folder / "semantic-assets"
    caller = shlex.join([sys.executable, "-S", "-c", _CALLER.format(path=str(path))])
    command.write_text(f'#!/bin/sh\nexec {caller} "$@"\n')
    command.chmod(0o755)
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.interfaces.warm_command", str(path)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert server.stdout is not None
    try:
        assert server.stdout.readline() == b"ready\n"
        yield command
    finally:
        server.kill()  # Dagster, imported there, ignores SIGTERM where SIGINT was ignored
        server.wait()
        server.stdout.close()


def serve(path: str) -> None:
    for name in _PRELOADED:
        importlib.import_module(name)
    from semantic_assets.cli import main

    main.get_help(main.make_context("semantic-assets", [], resilient_parsing=True))
    thrift.collect_garbage_rarely()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        os.write(1, b"ready\n")
        while True:
            caller, _ = listener.accept()
            with caller:
                if os.fork() == 0:
                    listener.close()
                    _answer(caller)
            while _reaped():
                pass


def _reaped() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return False


def _answer(caller: socket.socket) -> None:
    """Be the command that was called, and end."""
    code = 70
    try:
        message, files, _, _ = socket.recv_fds(caller, _MESSAGE_BYTES, 3)
        while more := caller.recv(_MESSAGE_BYTES):
            message += more
        call = json.loads(message)
        for place, file in enumerate(files):
            os.dup2(file, place)
        os.chdir(call["folder"])
        os.environ.clear()
        os.environ.update(call["environ"])
        code = _run(call["arguments"])
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        caller.sendall(str(code).encode())
        os._exit(code)


def _run(arguments: list[str]) -> int:
    from semantic_assets.cli import main

    try:
        main(arguments, prog_name="semantic-assets")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


if __name__ == "__main__":
    serve(sys.argv[1])
