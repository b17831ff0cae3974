"""The child process: reads one file after another for its parent, and can be ended at any time.

It has no code of its own about formats. The limits of memory and processor are set by itself before
each file, so that the kernel keeps them also inside a library that never comes back.
"""

import fcntl
import io
import os
import resource
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from semantic_assets.parsing.formats import DOCUMENTS
from semantic_assets.parsing.mail.message import read_message
from semantic_assets.parsing.office.reader import read_office
from semantic_assets.parsing.readers import count_records, read_records
from semantic_assets.parsing.records import Columns, LineStart, ReadingOptions
from semantic_assets.sandbox import frames

_BATCH_BYTES = 256 << 10
#: What a record counts for at least, so that sizes alone are sent in time, too.
_RECORD_BYTES = 64
_MEMORY_MAP = "/proc/self/statm"
#: A child that has grown by more makes way for a new one.
_MAX_GROWTH_BYTES = 256 << 20
_OFFICE = ("selectolax.lexbor", "python_calamine", "olefile", "xml.etree.ElementTree", "zipfile")
_LIBRARIES = {
    **{name: _OFFICE for name, one in DOCUMENTS.items() if one.read in (read_office, read_message)},
    ".mbox": _OFFICE,
    ".pdf": ("pypdfium2",),
    ".htm": ("selectolax.lexbor",),
    ".html": ("selectolax.lexbor",),
    ".xhtml": ("selectolax.lexbor",),
    ".parquet": ("pyarrow.parquet", "pyarrow.compute", "numpy"),
}


def serve(connection_number: int, lifeline: int) -> None:
    """Read files for the parent until it has gone."""
    _end_with(lifeline)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    connection, limiter = socket.socket(fileno=connection_number), _Limiter()
    with suppress(EOFError, ConnectionError):
        connection.sendall(frames.READY)
        while _read_one(connection, limiter):
            pass


def _end_with(lifeline: int) -> None:
    """Have the kernel end this process with its parent, also inside a library's endless loop.

    The parent holds the other end of a pipe and never writes; where the kernel sends no signal for
    a pipe (not Linux), the limit of the processor ends the file, and the next word the process.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # sent to a whole group: the parent decides
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    with suppress(OSError):
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
        flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC)


def _read_one(connection: socket.socket, limiter: "_Limiter") -> bool:
    """Read one file; return whether this process may read another."""
    request, data, descriptors = _received(connection)
    if request is None:
        return False
    sender = _Sender(connection)
    with _opened(descriptors, data) as stream:
        kind = _send_records(sender, request, stream, limiter)
    stays = kind != frames.MEMORY and limiter.growth() <= _MAX_GROWTH_BYTES
    sender.end(kind, stays=stays)
    return stays


def _received(
    connection: socket.socket,
) -> tuple[dict[str, Any] | None, bytes | bytearray, list[int]]:
    """Return a request, the content of a small file, or the descriptor of a large one."""
    message, descriptors, *_ = socket.recv_fds(connection, frames.REQUEST_BYTES, 1)
    if not message:
        return None, b"", []
    body_bytes, data_bytes = frames.unpack_request(message)
    end = frames.REQUEST_HEAD_BYTES + body_bytes
    missing = end + data_bytes - len(message)
    if missing:
        message += frames.receive(connection, missing)
    return orjson.loads(message[frames.REQUEST_HEAD_BYTES : end]), message[end:], descriptors


def _opened(descriptors: list[int], data: bytes | bytearray) -> BinaryIO:
    return io.BufferedReader(_SharedFile(descriptors[0])) if descriptors else io.BytesIO(data)


def _send_records(
    sender: "_Sender", request: dict[str, Any], stream: BinaryIO, limiter: "_Limiter"
) -> bytes:
    """Send all batches but the last; return the kind of the last message."""
    try:
        limiter.load(request["path"])
        limiter.set(request["cpu_seconds"], request["memory_bytes"])
        for record in _records(request, stream):
            if not sender.add(frames.encode(record)):
                break
    except MemoryError:
        limiter.lift()
        return frames.MEMORY
    except OSError as error:
        sender.error = error
        return frames.OS_ERROR
    return frames.LAST


def _records(request: dict[str, Any], stream: BinaryIO) -> Iterator[frames.Record]:
    columns = request["columns"]
    if columns["metadata"] is not None:
        columns["metadata"] = tuple(columns["metadata"])
    if request["is_counted"]:
        return count_records(
            request["path"],
            stream,
            columns=Columns(**columns),
            skip=request["skip"],
            options=ReadingOptions(**request["options"]),
        )
    return read_records(
        request["path"],
        stream,
        columns=Columns(**columns),
        skip=request["skip"],
        known=frozenset(request["known"]),
        start=LineStart(*request["start"]),
        options=ReadingOptions(**request["options"]),
    )


class _Limiter:
    """Sets this process's limits, counted from what it has used before the file."""

    def __init__(self) -> None:
        self._loaded: set[str] = set()
        self._base = 0
        try:
            self._map = os.open(_MEMORY_MAP, os.O_RDONLY)
        except OSError:  # not Linux: no limit of memory is kept there
            self._map = -1

    def load(self, path: str) -> None:
        """Import what this format needs, so that its size does not count as the file's."""
        suffix = Path(path.lower()).suffix
        if suffix in self._loaded:
            return
        self.lift()
        for name in _LIBRARIES.get(suffix, ()):
            import_module(name)
        if suffix == ".parquet":
            _keep_arrow_small()
        self._loaded.add(suffix)
        self._base += self.growth()

    def set(self, cpu_seconds: int, memory_bytes: int) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        used = int(time.process_time()) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (_within(used + cpu_seconds, hard), hard))
        if self._map >= 0:
            self._limit_memory(self._addresses() + memory_bytes)

    def lift(self) -> None:
        """Let this process have as much memory as it may ever have."""
        self._limit_memory(resource.RLIM_INFINITY)

    def growth(self) -> int:
        """Return the bytes of addresses taken since the last library; 0 where that cannot be told."""
        return self._addresses() - self._base

    def _addresses(self) -> int:
        if self._map < 0:
            return 0
        return int(os.pread(self._map, 100, 0).split()[0]) * resource.getpagesize()

    def _limit_memory(self, wanted: int) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (_within(wanted, hard), hard))


def _keep_arrow_small() -> None:
    """Have Arrow reserve little: 64 MB of addresses a thread, a GB for an allocator of its own."""
    import pyarrow as pa

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    pa.set_memory_pool(pa.system_memory_pool())


def _within(wanted: int, hard: int) -> int:
    if resource.RLIM_INFINITY in (wanted, hard):
        return hard if wanted == resource.RLIM_INFINITY else wanted
    return min(wanted, hard)


class _Sender:
    """Sends records in batches, and no more than the parent takes."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._batch: list[frames.Encoded] = []
        self._bytes = self._waiting = 0
        self.error: OSError | None = None

    def add(self, record: frames.Encoded) -> bool:
        """Add a record; return whether the parent wants more."""
        self._batch.append(record)
        self._bytes += max(_RECORD_BYTES, len(record.fields) + len(record.text))
        if self._bytes < _BATCH_BYTES:
            return True
        self._connection.sendall(frames.pack(frames.MORE, self._batch))
        self._batch, self._bytes = [], 0
        self._waiting += 1
        return self._waiting < frames.WINDOW or self._take_word()

    def end(self, kind: bytes, *, stays: bool) -> None:
        while self._waiting:
            self._take_word()
        error = None if self.error is None else [self.error.errno, str(self.error)]
        ending = frames.Encoded(orjson.dumps([stays, error]), b"")
        self._connection.sendall(frames.pack(kind, [ending, *self._batch]))

    def _take_word(self) -> bool:
        self._waiting -= 1
        return frames.receive(self._connection, 1) == frames.GO_ON


class _SharedFile(io.RawIOBase):
    """A file read at a position of its own: the parent has the same open file and moves in it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._position = descriptor, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = os.preadv(self._descriptor, [buffer], self._position)
        self._position += count
        return count

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        size = os.fstat(self._descriptor).st_size
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: size}[whence]
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()
