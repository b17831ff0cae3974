"""One reading child as its parent sees it: started, given a file, waited for, ended."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from semantic_assets.sandbox import frames
from semantic_assets.sandbox.limits import OUTPUT_RATIO, Limits
from semantic_assets.sandbox.patience import CallerGone, is_watched, require_wanted
from semantic_assets.settings.settings import environment_of_readers

#: Not multiprocessing: that runs the user's main module again, and not from a daemon process.
_PROGRAM = """
import sys
sys.path[:] = {path!r}
from semantic_assets.sandbox.child import serve
serve({connection}, {lifeline})
"""
_START_SECONDS, _END_SECONDS, _PASS_OVER_SECONDS = 120.0, 5.0, 1.0
_LOOK_MILLISECONDS = 500
_MB = 1 << 20
#: Sending the content of a small file takes half the time of passing the open file on.
_INLINE_BYTES = 48 << 10
#: A crash is the reader's own; any other signal came from outside: the kernel's, an operator's.
_CRASHES = {
    int(number): number.name
    for number in (
        *(signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL),
        *(signal.SIGTRAP, signal.SIGFPE, signal.SIGSYS),
    )
}


#: Its kind, its JSON and its texts.
_Message = tuple[bytes, list[Any], memoryview]


class LimitReached(Exception):
    """The file took more than it may, or crashed its reader; the message says what."""


class EndedFromOutside(Exception):
    """The child was ended by somebody else, so that the file may be as good as any."""


@dataclass(frozen=True, slots=True)
class Request:
    """A file to read: the fields that the child needs, the file's size and its limits."""

    path: str
    fields: dict[str, Any]
    size: int
    limits: Limits


class ReadingChild:
    """A process that reads one file at a time; for one thread at a time."""

    def __init__(self, niceness: int = 0) -> None:
        """Start it and wait until it can read.

        Args:
            niceness: how far it stands back for other processes, 0 to 19.

        Raises:
            OSError: it cannot be started.
        """
        self._connection, theirs = socket.socketpair()
        reading, self._lifeline = os.pipe()
        program = _PROGRAM.format(path=_import_path(), connection=theirs.fileno(), lifeline=reading)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", program],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), reading),
                cwd="/",
                env=environment_of_readers(),
                start_new_session=True,
            )
        except OSError:
            self.forget()
            raise
        finally:
            theirs.close()
            os.close(reading)
        if niceness:
            os.setpriority(os.PRIO_PROCESS, self._process.pid, niceness)
        #: Whether it may get another file.
        self.is_idle = False
        self._wait_until_ready()

    @property
    def pid(self) -> int:
        return self._process.pid

    def read(
        self, request: Request, stream: BinaryIO
    ) -> Generator[list[frames.Record], None, None]:
        """Yield the records of a file in batches; the child stops when the caller does.

        Raises:
            LimitReached: a limit ended the reading, after the records that came before.
            EndedFromOutside: something else ended the child.
            OSError: the file itself cannot be read any more.
        """
        self.is_idle, self._limits = False, request.limits
        self._patience = float(request.limits.wall_seconds)
        self._room = request.limits.output_bytes
        try:
            self._send(request, stream)
            while (message := self._next())[0] == frames.MORE:
                records = frames.decode(*message[1:])
                # Let go of: one text may be the whole file, and its bytes were held beside it.
                del message
                try:
                    yield records
                except GeneratorExit:
                    self._pass_over()
                    raise
                self._connection.sendall(frames.GO_ON)
            kind, items, texts = message
            (self.is_idle, error), *items = items
            records = frames.decode(items, texts)
            del message, items, texts
            yield records
        except (EOFError, ConnectionError):
            raise self._ending() from None
        if kind == frames.MEMORY:
            raise LimitReached(_too_large(self._limits))
        if error is not None:
            raise OSError(*error)

    def kill(self) -> None:
        """End it at once."""
        self.is_idle = False
        self._process.kill()
        self._process.wait()
        self.forget()

    def forget(self) -> None:
        """Close this process's ends, and leave the child to the process that started it."""
        self._connection.close()
        with suppress(OSError):
            os.close(self._lifeline)

    def _wait_until_ready(self) -> None:
        self._connection.settimeout(_START_SECONDS)
        try:
            frames.receive(self._connection, len(frames.READY))
        except (EOFError, OSError) as error:
            self.kill()
            raise OSError(f"a process for reading files did not start: {sys.executable}") from error
        self.is_idle = True

    def _send(self, request: Request, stream: BinaryIO) -> None:
        """Send a small file's content, or its open file; a stream in memory is sent whole."""
        descriptor = _descriptor(stream) if request.size > _INLINE_BYTES else None
        data = b"" if descriptor is not None else _whole(stream)
        message = frames.pack_request(orjson.dumps(request.fields), data)
        self._connection.settimeout(self._patience)
        passed = [] if descriptor is None else [descriptor]
        sent = socket.send_fds(self._connection, [message], passed)
        if sent < len(message):
            self._connection.sendall(memoryview(message)[sent:])

    def _next(self) -> _Message:
        """Return the next message; only waiting for it counts as waiting."""
        began = time.monotonic()
        try:
            self._connection.settimeout(max(self._patience, 0.001))
            if is_watched():
                self._wait()
            head = frames.receive(self._connection, frames.HEAD_BYTES)
            kind, size, texts = frames.unpack_head(head)
            self._room -= size + texts
            if self._room < 0:
                raise LimitReached(_too_much(self._limits))
            body = memoryview(frames.receive(self._connection, size + texts))
            return kind, orjson.loads(body[:size]), body[size:]
        except TimeoutError:
            raise LimitReached(f"reading it takes over {self._limits.wall_seconds} s") from None
        finally:
            self._patience -= time.monotonic() - began

    def _wait(self) -> None:
        """Wait for a message while the one this reads for waits too.

        Raises:
            CallerGone: that one has gone; the child is ended, as it is not idle.
        """
        until = time.monotonic() + self._patience
        poll = select.poll()
        poll.register(self._connection, select.POLLIN)
        require_wanted()
        while not poll.poll(_LOOK_MILLISECONDS):
            require_wanted()
            if time.monotonic() > until:
                raise TimeoutError

    def _pass_over(self) -> None:
        """Take what was under way when the caller stopped; a child that is not done soon is not kept."""
        self._patience = _PASS_OVER_SECONDS
        with suppress(CallerGone, LimitReached, EOFError, OSError):
            self._connection.sendall(frames.STOP)
            while (message := self._next())[0] == frames.MORE:
                self._connection.sendall(frames.STOP)
            self.is_idle = bool(message[1][0][0])

    def _ending(self) -> Exception:
        """Return why the child has ended."""
        try:
            code = -self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            return EndedFromOutside()
        if code == signal.SIGXCPU:
            return LimitReached(f"reading it takes over {self._limits.cpu_seconds} CPU seconds")
        if code in _CRASHES:
            allowed = self._limits.memory_bytes // _MB
            return LimitReached(
                f"it crashed its reader ({_CRASHES[code]}): it is damaged, or needs over {allowed} MB "
                "of memory"
            )
        return EndedFromOutside()


def _too_large(limits: Limits) -> str:
    return f"reading it takes over {limits.memory_bytes // _MB} MB of memory"


def _too_much(limits: Limits) -> str:
    given, ratio = limits.output_bytes // _MB, limits.output_ratio
    if ratio == OUTPUT_RATIO:
        return f"it gives over {given} MB of text, {ratio} times its size"
    return (
        f"it gives over {given} MB, {ratio} times its size: its records repeat long names of columns. "
        "Shorten the names, or name the columns to keep in dataset.toml: [columns] metadata"
    )


def _descriptor(stream: BinaryIO) -> int | None:
    try:
        return stream.fileno()
    except OSError:  # it is in memory
        return None


def _whole(stream: BinaryIO) -> bytes:
    stream.seek(0)
    return stream.read()


def _import_path() -> list[str]:
    """Return where this process finds its modules, from any folder."""
    package = Path(__file__).resolve().parents[2]
    return [*(str(Path(entry).absolute()) for entry in sys.path), str(package)]
