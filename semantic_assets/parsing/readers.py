"""The package's interface: picks a reader by file name and turns errors into failed records.

The module of each format knows its content.
"""

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from semantic_assets.errors import ConfigError
from semantic_assets.model.statuses import ParseStatus
from semantic_assets.parsing.blocks import MAX_WHOLE_BYTES, read_whole
from semantic_assets.parsing.csv_rows import read_csv
from semantic_assets.parsing.encoding import looks_like_html
from semantic_assets.parsing.html import read_html
from semantic_assets.parsing.json_lines import read_json, read_json_lines
from semantic_assets.parsing.media import MEDIA, read_media
from semantic_assets.parsing.parquet import read_parquet
from semantic_assets.parsing.pdf import read_pdf
from semantic_assets.parsing.records import (
    MAX_TEXT_BYTES,
    Columns,
    KnownRecord,
    LineStart,
    SourceRecord,
    Unreadable,
    failed_record,
)
from semantic_assets.parsing.text import ReadDocument, read_markdown, read_plain

_DOCUMENTS: dict[str, tuple[str, Callable[[bytes], ReadDocument]]] = {
    ".txt": ("text/plain", read_plain),
    ".md": ("text/markdown", read_markdown),
    ".html": ("text/html", read_html),
    ".htm": ("text/html", read_html),
    ".pdf": ("application/pdf", read_pdf),
}
_RECORDS = {
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
}
_PLAIN = (*_DOCUMENTS, *_RECORDS)
#: PDF and Parquet are compressed inside; a gzip around them would only hinder seeking.
_COMPRESSED = tuple(f"{name}.gz" for name in _PLAIN if name not in (".pdf", ".parquet"))
SUPPORTED_SUFFIXES: frozenset[str] = frozenset((*_PLAIN, *_COMPRESSED, *MEDIA))
_FROM_THE_FIRST_LINE = LineStart(0, 0)


def is_supported(name: str) -> bool:
    """Return whether a file of this name has a reader."""
    return _suffix(name) is not None


def is_multi_record(name: str) -> bool:
    """Return whether a file of this name holds records, each a document of its own."""
    return (_suffix(name) or "").removesuffix(".gz") in _RECORDS


def is_plain_text(name: str, data: bytes) -> bool:
    """Return whether a file is text in UTF-8, which no library has to decode or parse."""
    if _suffix(name) not in (".txt", ".md") or b"\0" in data or looks_like_html(data):
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def grows_by_lines(name: str) -> bool:
    """Return whether lines appended to a file of this name can be read alone."""
    return _suffix(name) == ".jsonl"


def require_supported(path: str) -> None:
    """Raise ConfigError if no reader takes the name."""
    _known_suffix(path)


def read_records(
    path: str,
    stream: BinaryIO,
    *,
    columns: Columns,
    skip: int = 0,
    known: Container[str] = frozenset(),
    start: LineStart = _FROM_THE_FIRST_LINE,
) -> Iterator[SourceRecord | KnownRecord]:
    """Yield the documents of one file in file order, without the first `skip` records.

    Unreadable content gives a failed record, of just its line or row if the rest is readable. A
    record whose signature is `known` gives a KnownRecord. `start` is for `grows_by_lines`.

    Raises:
        ConfigError: no reader takes the name.
        OSError: the stream itself fails.
        MemoryError: this process may not have as much as the file needs.
    """
    reading = _Reading(path, _known_suffix(path), stream, columns, skip, known, start)
    return _with_failures(reading)


def failed_file(path: str, reason: str, size: int) -> SourceRecord:
    """Return the failed record for a whole file, or for the rest of a file.

    Raises:
        ConfigError: no reader takes the name.
    """
    kind = _known_suffix(path).removesuffix(".gz")
    is_document = kind in _DOCUMENTS or kind in MEDIA
    mime = MEDIA.get(kind) or _RECORDS.get(kind) or _DOCUMENTS[kind][0]
    return failed_record(
        reason=reason, mime=mime, size=size, title=_stem(path) if is_document else None
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    path: str
    suffix: str
    stream: BinaryIO
    columns: Columns
    skip: int
    known: Container[str]
    start: LineStart


def _with_failures(reading: _Reading) -> Iterator[SourceRecord | KnownRecord]:
    """Yield records and failures; skips count here, as a whole file's failure is a record too."""
    size = reading.stream.seek(0, 2)
    position, skip = 0, reading.skip
    try:
        if not size:
            raise Unreadable("file is empty")
        for record in _records(reading, size):
            position += 1
            if record is not None and position > skip:
                yield record
    except Unreadable as error:
        if position >= skip:
            yield failed_file(reading.path, str(error), size)
    except (OSError, MemoryError):
        raise
    except Exception as error:  # the content of one file must not stop the others
        if position >= skip:
            what = f"{type(error).__name__}: {error}"
            yield failed_file(reading.path, f"its reader failed, please report it: {what}", size)


def _records(reading: _Reading, size: int) -> Iterator[SourceRecord | KnownRecord | None]:
    stream, columns, skip, known = reading.stream, reading.columns, reading.skip, reading.known
    kind = reading.suffix.removesuffix(".gz")
    compressed = reading.suffix.endswith(".gz")
    if kind in MEDIA:
        return iter([None if skip else read_media(stream, MEDIA[kind], _stem(reading.path), size)])
    if kind in _DOCUMENTS:
        return iter([None if skip else _document(reading.path, kind, stream, compressed, size)])
    if kind == ".parquet":
        return read_parquet(stream, columns=columns, skip=skip, known=known)
    if kind == ".json":
        return read_json(stream, columns=columns, compressed=compressed, skip=skip)
    if kind == ".csv":
        return read_csv(stream, columns=columns, compressed=compressed, skip=skip, known=known)
    return read_json_lines(
        stream,
        columns=columns,
        compressed=compressed,
        skip=skip,
        known=known,
        start=reading.start,
    )


def _document(path: str, kind: str, stream: BinaryIO, compressed: bool, size: int) -> SourceRecord:
    limit = MAX_WHOLE_BYTES if kind == ".pdf" else MAX_TEXT_BYTES
    data = read_whole(stream, compressed=compressed, limit=limit)
    if not data:
        raise Unreadable("file is empty")
    is_page = kind in (".txt", ".md") and looks_like_html(data)
    mime, read = _DOCUMENTS[".html" if is_page else kind]
    document = read(data)
    if not document.text:
        raise Unreadable("document has no text")
    if len(document.text) > MAX_TEXT_BYTES:
        raise Unreadable(f"its text is over {MAX_TEXT_BYTES >> 20} MB: split it")
    return SourceRecord(
        record_id=None,
        title=document.title or _stem(path),
        text=document.text,
        mime=mime,
        bytes=size,
        metadata=document.metadata or {},
        pages=document.pages,
        parse_status=ParseStatus.OK,
        parse_error=None,
    )


def _known_suffix(path: str) -> str:
    suffix = _suffix(path)
    if suffix is None:
        names = ", ".join(sorted((*_PLAIN, *MEDIA)))
        raise ConfigError(f"no reader for {path}: supported are {names}")
    return suffix


def _suffix(name: str) -> str | None:
    lowered = name.lower()
    return next(
        (known for known in (*_COMPRESSED, *_PLAIN, *MEDIA) if lowered.endswith(known)), None
    )


def _stem(path: str) -> str:
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    stem = name[: -len(_suffix(name) or "")] or name
    return " ".join(stem.split())  # a name may hold newlines, a title is one line
