"""The records that readers return: one `SourceRecord` a document, readable or not.

It also converts a row of a record file to a record. Other modules open and decode files.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from hashlib import blake2b
from typing import Any

from semantic_assets.errors import SemanticAssetsError
from semantic_assets.model.statuses import ParseStatus

MAX_TEXT_BYTES = 64 << 20
_MAX_REASON_CHARS = 1000
_NAMED_COLUMNS = 20


class Unreadable(SemanticAssetsError):
    """This content cannot be read."""

    # The error never leaves the package: `readers.read_records` turns it into a failed record.


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """One document of a source file, as read."""

    record_id: str | None
    title: str | None
    text: str
    mime: str
    bytes: int
    metadata: dict[str, str]
    pages: tuple[int, ...]
    parse_status: ParseStatus
    #: Why it could not be read; of a readable one, what of it could not.
    parse_error: str | None
    #: The title is the file's name or comes from further down: it is not embedded.
    is_title_shown_only: bool = False
    #: Letters left out around its content; None: its format has no surroundings.
    left_out_chars: int | None = None
    #: A digest of the record as it is in its file; None if none was made.
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class KnownRecord:
    """A record that was not read again, because the caller knows its signature."""

    signature: str


@dataclass(frozen=True, slots=True)
class LineStart:
    """The start of a partial read of a file of lines: an offset in bytes, behind `lines` lines."""

    offset: int
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The names of a record file's id, title, text and metadata columns."""

    record_id: str = "id"
    title: str = "title"
    text: str = "text"
    #: Columns kept as metadata; None: all others.
    metadata: tuple[str, ...] | None = None

    @property
    def named(self) -> tuple[str, str, str]:
        """The columns that are not metadata."""
        return (self.record_id, self.title, self.text)

    def is_metadata(self, name: str) -> bool:
        kept = self.metadata is None or name in self.metadata
        return kept and name not in self.named


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingOptions:
    """What a dataset says about the reading of its documents."""

    #: Of a page of HTML: `main`, its content; `all`, with what surrounds it.
    html_content: str = "main"


def normal_text(text: str) -> str:
    """Return the text to store: newlines as LF, no white space at the ends.

    The rest stays as it is, so that offsets into the stored text stay explainable.

    Raises:
        Unreadable: the text holds NUL characters.
    """
    if "\0" in text:
        raise Unreadable("the text holds NUL characters: it is binary, not text")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.strip()


def encoded_size(text: str) -> int:
    """Return the length in UTF-8; raise Unreadable if the text has undecodable characters."""
    if text.isascii():
        return len(text)
    try:
        return len(text.encode())
    except UnicodeEncodeError as error:
        raise Unreadable("it holds characters that cannot be decoded: save it as UTF-8") from error


def failed_record(
    *,
    reason: str,
    mime: str,
    size: int,
    title: str | None = None,
    record_id: str | None = None,
) -> SourceRecord:
    """Return the record of unreadable content."""
    return SourceRecord(
        record_id=record_id,
        title=title,
        text="",
        mime=mime,
        bytes=size,
        metadata={},
        pages=(),
        parse_status=ParseStatus.FAILED,
        parse_error=reason[:_MAX_REASON_CHARS].encode(errors="backslashreplace").decode(),
    )


def signature_of(record: bytes | memoryview, salt: bytes = b"") -> str:
    return blake2b(record, digest_size=16, key=salt[:64]).hexdigest()


def record_from_row(
    row: Mapping[str, Any],
    *,
    columns: Columns,
    mime: str,
    size: int = 0,
    signature: str | None = None,
) -> SourceRecord:
    """Return the record of one row; `size` counts only if the row has no text.

    Raises:
        Unreadable: the row as a whole is no record.
    """
    record_id = optional_text(row.get(columns.record_id))
    title = optional_text(row.get(columns.title))
    text = _row_text(row, columns.text)
    if not text:
        reason = f"record has no text in column '{columns.text}'"
        return failed_record(reason=reason, mime=mime, size=size, title=title, record_id=record_id)
    size = encoded_size(text)
    if size > MAX_TEXT_BYTES:
        raise Unreadable(f"its text is over {MAX_TEXT_BYTES >> 20} MB: split it")
    return SourceRecord(
        record_id=record_id,
        title=title,
        text=text,
        mime=mime,
        bytes=size,
        metadata=_row_metadata(row, columns),
        pages=(),
        parse_status=ParseStatus.OK,
        parse_error=None,
        signature=signature,
    )


def missing_column(name: str, present: list[str]) -> Unreadable:
    """Return the error of a record without the text column; it names the columns present."""
    names = ", ".join(column[:50] for column in present[:_NAMED_COLUMNS]) or "none"
    more = len(present) - _NAMED_COLUMNS
    return Unreadable(
        f"record has no column '{name}', it has: {names}{f' and {more} more' * (more > 0)};"
        " name the text column in the dataset's columns"
    )


def optional_text(value: object) -> str | None:
    """Return a cell as text, None if it is empty."""
    if value is None:
        return None
    text = value if isinstance(value, str) else _as_text(value)
    encoded_size(text)
    return text.strip() or None


def _row_text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if value is None:
        if name not in row:
            raise missing_column(name, [str(key) for key in row])
        return ""
    if isinstance(value, bytes):  # some Parquet writers leave text columns unannotated
        try:
            value = value.decode()
        except UnicodeDecodeError as error:
            raise Unreadable(f"column '{name}' is not UTF-8") from error
    if not isinstance(value, str):
        raise Unreadable(f"column '{name}' holds {type(value).__name__}, not text")
    return normal_text(value)


def _row_metadata(row: Mapping[str, Any], columns: Columns) -> dict[str, str]:
    metadata: dict[str, str] = {}
    for key, value in row.items():
        if columns.is_metadata(key) and (text := optional_text(value)) is not None:
            encoded_size(key)
            metadata[key] = text
    return metadata


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, float) and math.isnan(value):
        return ""  # pandas writes a missing number so
    if type(value) is int:
        return str(value)
    try:
        # The standard library's encoder: orjson refuses integers beyond 64 bits.
        return json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError as error:
        raise Unreadable("it is nested too deeply: flatten it") from error
