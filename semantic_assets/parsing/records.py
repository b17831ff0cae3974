"""The records that readers return: one `SourceRecord` a document, readable or not.

Other modules open and decode files.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from semantic_assets.errors import SemanticAssetsError
from semantic_assets.model.statuses import ParseStatus
from semantic_assets.text.characters import canonical

MAX_TEXT_BYTES = 64 << 20
_MAX_REASON_CHARS = 1000


class Unreadable(SemanticAssetsError):
    """This content cannot be read."""

    # The error never leaves the package: `readers.read_records` turns it into a failed record.


class Untranscribed(Unreadable):
    """The content is pictures of text, which a generation task can write down."""

    def __init__(self, reason: str, pages: int) -> None:
        super().__init__(reason)
        self.pages = pages


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
class CountedRecord:
    """A record that was read to be counted: the bytes of its text alone."""

    text_bytes: int


@dataclass(frozen=True, slots=True)
class LineStart:
    """The start of a partial read of a file of lines: an offset in bytes, behind `lines` lines."""

    offset: int
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The names of a record file's id, title, text and metadata columns.

    A name may lead into objects, as `payload.body`.
    """

    record_id: str = "id"
    title: str = "title"
    #: A name, or a text with names in braces: "{summary}\n\n{body}".
    text: str = "text"
    #: Columns kept as metadata; None: all others.
    metadata: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingOptions:
    """What a dataset says about the reading of its documents."""

    #: Of a page of HTML: `main`, its content; `all`, with what surrounds it.
    html_content: str = "main"


def normal_text(text: str) -> str:
    """Return the text to store: newlines as LF, no white space at the ends, canonical characters.

    The rest stays as it is, so that offsets into the stored text stay explainable.

    Raises:
        Unreadable: the text holds NUL characters.
    """
    if "\0" in text:
        raise Unreadable("the text holds NUL characters: it is binary, not text")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return canonical(text).strip()


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
        parse_error=one_reason([reason]),
    )


def one_reason(parts: Sequence[str]) -> str | None:
    """Return what is said of a record, on one line that can be stored; None if it is nothing."""
    if not parts:
        return None
    line = " ".join("; ".join(parts).split())[:_MAX_REASON_CHARS]
    return line.encode(errors="backslashreplace").decode() or None


def signature_of(record: bytes | memoryview, salt: bytes = b"") -> str:
    return blake2b(record, digest_size=16, key=salt[:64]).hexdigest()
