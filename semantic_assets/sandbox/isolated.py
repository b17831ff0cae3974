"""Reading of a foreign file in a child process: the records of `parsing.readers`, within limits."""

from collections.abc import Collection, Generator, Iterator
from contextlib import closing
from typing import BinaryIO

from semantic_assets.parsing import formats, readers
from semantic_assets.parsing.records import (
    Columns,
    CountedRecord,
    KnownRecord,
    LineStart,
    ReadingOptions,
    SourceRecord,
)
from semantic_assets.sandbox.frames import Record
from semantic_assets.sandbox.limits import limits_for
from semantic_assets.sandbox.pool import POOL
from semantic_assets.sandbox.process import EndedFromOutside, LimitReached, Request

#: A child would take several times as long as such a file needs.
_PLAIN_BYTES = 1 << 20
_FROM_THE_FIRST_LINE = LineStart(0, 0)
_DEFAULTS = ReadingOptions()
#: A child ended by an operator or for want of memory on the machine is replaced once: more often
#: would be for ever, if the file is what ends it.
_ATTEMPTS = 2


def read_records(
    path: str,
    stream: BinaryIO,
    *,
    columns: Columns,
    skip: int = 0,
    known: Collection[str] = frozenset(),
    start: LineStart = _FROM_THE_FIRST_LINE,
    options: ReadingOptions = _DEFAULTS,
) -> Iterator[SourceRecord | KnownRecord]:
    """Yield the documents of one file, as `parsing.readers.read_records` does, from a child.

    A file that takes more processor, memory or time than its size allows, gives more text, or
    crashes its reader ends with a failed record that names the limit. A small file of valid UTF-8
    text is read here: Python's own decoder and our patterns see it, and nothing else.

    Raises:
        OSError: the stream itself fails, or no child can be started.
    """
    size = stream.seek(0, 2)
    if not formats.is_supported(path):
        return readers.read_records(path, stream, columns=columns, skip=skip)
    if size <= _PLAIN_BYTES:
        stream.seek(0)
        if readers.is_plain_text(path, stream.read()):
            return readers.read_records(path, stream, columns=columns, skip=skip, options=options)
    request = _request(path, size, columns, options)
    request.fields["known"], request.fields["start"] = [*known], [start.offset, start.lines]
    records = _records(request, stream, skip)
    return (record for record in records if not isinstance(record, CountedRecord))


def count_records(
    path: str,
    stream: BinaryIO,
    *,
    columns: Columns,
    skip: int = 0,
    options: ReadingOptions = _DEFAULTS,
) -> Generator[int]:
    """Yield the bytes of text of each record that `read_records` would yield; a child reads them.

    What ends a reading ends a count in the same way, with one record more, which has failed.

    Raises:
        OSError: the stream itself fails, or no child can be started.
    """
    size = stream.seek(0, 2)
    request = _request(path, size, columns, options)
    request.fields["is_counted"] = True
    room = request.limits.output_bytes
    for record in _records(request, stream, skip):
        found = record.text_bytes if isinstance(record, CountedRecord) else 0
        room -= found
        if room < 0:  # a reading would end here
            yield 0
            return
        yield found


def _request(path: str, size: int, columns: Columns, options: ReadingOptions) -> Request:
    limits = limits_for(path, size)
    named = {"record_id": columns.record_id, "title": columns.title, "text": columns.text}
    fields = {
        "path": path,
        "columns": named | {"metadata": columns.metadata},
        "known": [],
        "options": {"html_content": options.html_content},
        "start": [0, 0],
        "is_counted": False,
        "cpu_seconds": limits.cpu_seconds,
        "memory_bytes": limits.memory_bytes,
    }
    return Request(path, fields, size, limits)


def _records(request: Request, stream: BinaryIO, skip: int) -> Iterator[Record]:
    why = "its reader was ended twice from outside: by an operator, or for want of memory here"
    for _ in range(_ATTEMPTS):
        request.fields["skip"] = skip
        try:
            with POOL.child() as child, closing(child.read(request, stream)) as batches:
                for records in batches:
                    records.reverse()
                    while records:
                        skip += 1
                        yield records.pop()  # not held here: it may be the text of a whole file
                return
        except LimitReached as limit:
            why = f"{limit}: split it, or save it in another format"
            break
        except EndedFromOutside:
            continue
    yield readers.failed_file(request.path, why, request.size)
