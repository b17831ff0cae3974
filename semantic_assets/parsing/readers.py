"""The package's interface: picks a reader by file name and turns errors into failed records.

The module of each format knows its content.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import PurePath
from typing import BinaryIO

from semantic_assets.model.statuses import ParseStatus
from semantic_assets.parsing.archives.archive import ARCHIVES, read_archive
from semantic_assets.parsing.blocks import MAX_WHOLE_BYTES, read_whole
from semantic_assets.parsing.code.endings import kind_of
from semantic_assets.parsing.encoding import looks_like_html
from semantic_assets.parsing.formats import (
    DOCUMENTS,
    RECORDS,
    is_multi_record,
    is_supported,
    is_text_file,
    mime_of,
    stem_of,
    suffix_of,
)
from semantic_assets.parsing.mail.mailbox import read_mailbox
from semantic_assets.parsing.media import MEDIA, read_media, scanned_pdf
from semantic_assets.parsing.record_files.csv_rows import read_csv
from semantic_assets.parsing.record_files.json_file import read_json
from semantic_assets.parsing.record_files.json_lines import read_json_lines
from semantic_assets.parsing.record_files.parquet import read_parquet
from semantic_assets.parsing.records import (
    MAX_TEXT_BYTES,
    Columns,
    CountedRecord,
    KnownRecord,
    LineStart,
    ReadingOptions,
    SourceRecord,
    Unreadable,
    Untranscribed,
    encoded_size,
    failed_record,
)
from semantic_assets.text.characters import canonical

_FROM_THE_FIRST_LINE = LineStart(0, 0)
_DEFAULTS = ReadingOptions()


def is_plain_text(name: str, data: bytes) -> bool:
    """Return whether a file is text in UTF-8, which no library has to decode or parse."""
    if not is_text_file(name) or b"\0" in data or looks_like_html(data):
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def read_records(
    path: str,
    stream: BinaryIO,
    *,
    columns: Columns,
    skip: int = 0,
    known: Container[str] = frozenset(),
    start: LineStart = _FROM_THE_FIRST_LINE,
    options: ReadingOptions = _DEFAULTS,
) -> Iterator[SourceRecord | KnownRecord]:
    """Yield the documents of one file in file order, without the first `skip` records.

    Unreadable content gives a failed record, of just its line or row if the rest is readable. A
    record whose signature is `known` gives a KnownRecord. `start` is for `grows_by_lines`. A file
    that no reader takes gives a failed record that says so, and is not opened.

    Raises:
        OSError: the stream itself fails.
        MemoryError: this process may not have as much as the file needs.
    """
    suffix = suffix_of(path)
    if suffix is None:
        size = stream.seek(0, 2)
        return iter(() if skip else (failed_file(path, no_reader(path), size),))
    return _with_failures(_Reading(path, suffix, stream, columns, skip, known, start, options))


def count_records(
    path: str,
    stream: BinaryIO,
    *,
    columns: Columns,
    skip: int = 0,
    options: ReadingOptions = _DEFAULTS,
) -> Iterator[CountedRecord]:
    """Yield the size of each document that `read_records` would yield, by reading them.

    Raises as `read_records`.
    """
    for record in read_records(path, stream, columns=columns, skip=skip, options=options):
        yield CountedRecord(_text_bytes(record))


def _text_bytes(record: SourceRecord | KnownRecord) -> int:
    try:
        return encoded_size(record.text) if isinstance(record, SourceRecord) else 0
    except Unreadable:
        return 0  # it becomes a failed record, without a text


def no_reader(path: str) -> str:
    """Return the reason for a file that no reader takes."""
    name = PurePath(path).name.lower()
    what, remedy = kind_of(name if name == ".env" else PurePath(name).suffix)
    return f"no reader takes {what}: {remedy}"


def failed_file(path: str, reason: str, size: int) -> SourceRecord:
    """Return the failed record for a whole file, or for the rest of a file."""
    title = None if is_multi_record(path) else canonical(stem_of(path))
    return failed_record(reason=reason, mime=mime_of(path), size=size, title=title)


@dataclass(frozen=True, slots=True)
class _Reading:
    path: str
    suffix: str
    stream: BinaryIO
    columns: Columns
    skip: int
    known: Container[str]
    start: LineStart
    options: ReadingOptions
    #: How many levels of archives within archives are read.
    levels: int = 1


class _Members:
    """Reads the members of an archive as files."""

    def __init__(self, columns: Columns, options: ReadingOptions) -> None:
        self._columns, self._options = columns, options

    def is_multi(self, name: str) -> bool:
        return is_multi_record(name)

    def refusal(self, name: str) -> str | None:
        """Return why a member is not read, by its name alone."""
        return None if is_supported(name) else no_reader(name)

    def failed(self, name: str, reason: str, size: int) -> SourceRecord:
        return failed_file(name, reason, size)

    def read(self, name: str, content: BinaryIO, levels: int) -> Iterator[SourceRecord]:
        suffix = suffix_of(name) or ""
        of_file = _FROM_THE_FIRST_LINE
        reading = _Reading(
            name, suffix, content, self._columns, 0, frozenset(), of_file, self._options, levels
        )
        return (record for record in _with_failures(reading) if isinstance(record, SourceRecord))


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
        return iter(
            [None if skip else read_media(stream, MEDIA[kind], stem_of(reading.path), size)]
        )
    if kind in ARCHIVES:
        members = _Members(columns, reading.options)
        return read_archive(
            stream,
            kind,
            size,
            members,
            compressed=compressed,
            skip=skip,
            levels=reading.levels,
        )
    if kind in DOCUMENTS:
        return iter([None if skip else _document(reading, kind, size)])
    if kind == ".parquet":
        return read_parquet(stream, columns=columns, skip=skip, known=known)
    if kind == ".json":
        return read_json(stream, columns=columns, compressed=compressed, skip=skip)
    if kind == ".mbox":
        return read_mailbox(stream, compressed=compressed, skip=skip)
    if kind in (".csv", ".tsv"):
        return read_csv(
            stream,
            columns=columns,
            compressed=compressed,
            skip=skip,
            known=known,
            mime=RECORDS[kind],
        )
    return read_json_lines(
        stream,
        columns=columns,
        compressed=compressed,
        skip=skip,
        known=known,
        start=reading.start,
    )


def _document(reading: _Reading, kind: str, size: int) -> SourceRecord:
    path, compressed = reading.path, reading.suffix.endswith(".gz")
    limit = MAX_WHOLE_BYTES if DOCUMENTS[kind].is_binary else MAX_TEXT_BYTES
    data = read_whole(reading.stream, compressed=compressed, limit=limit)
    if not data:
        raise Unreadable("file is empty")
    is_page = is_text_file(path.removesuffix(".gz")) and looks_like_html(data)
    found = DOCUMENTS[".html" if is_page else kind]
    is_all = reading.options.html_content == "all"
    try:
        document = (found.read_whole or found.read)(data) if is_all else found.read(data)
    except Untranscribed as scan:
        return scanned_pdf(reading.stream, scan, stem_of(path), size)
    if not document.text:
        raise Unreadable("document has no text")
    if len(document.text) > MAX_TEXT_BYTES:
        raise Unreadable(f"its text is over {MAX_TEXT_BYTES >> 20} MB: split it")
    text, pages = _canonical_text(document.text, document.pages)
    metadata = document.metadata or {}
    return SourceRecord(
        record_id=None,
        title=canonical(document.title or stem_of(path)),
        text=text,
        mime=found.mime,
        bytes=size,
        metadata={canonical(key): canonical(value) for key, value in metadata.items()},
        pages=pages,
        parse_status=ParseStatus.OK,
        parse_error=document.remark,
        is_title_shown_only=document.title is None or document.is_title_shown_only,
        left_out_chars=document.left_out_chars,
    )


def _canonical_text(text: str, pages: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
    """Return a text with its characters in one form, and where its pages begin in it."""
    if not pages:
        return canonical(text), pages
    parts = [canonical(text[begin:end]) for begin, end in pairwise((*pages, len(text)))]
    head = canonical(text[: pages[0]])
    starts = accumulate(map(len, parts[:-1]), initial=len(head))
    return head + "".join(parts), tuple(starts)
