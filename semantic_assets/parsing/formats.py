"""The formats of source files by their names: MIME type, kind of text, and reader.

A format of documents gives one document a file; a container holds many, each with an id.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from semantic_assets.parsing.archives.archive import ARCHIVES, PACKED_ARCHIVES
from semantic_assets.parsing.code.languages import CODE, NAMES, PLAIN, WHOLE_NAMES
from semantic_assets.parsing.mail import mailbox
from semantic_assets.parsing.markup.formats_of_markup import MARKUP
from semantic_assets.parsing.media import MEDIA
from semantic_assets.parsing.text import ReadDocument, read_markdown, read_plain
from semantic_assets.text.kinds import TextKind


class DocumentFormat(NamedTuple):
    """A format whose files are documents; the content is held in memory whole."""

    mime: str
    read: Callable[[bytes], ReadDocument]
    kind: TextKind = TextKind.PLAIN
    #: Bytes are mostly pictures or compressed: they may be more than a text may be.
    is_binary: bool = False
    #: The reader that leaves nothing out around the content, if `read` does.
    read_whole: Callable[[bytes], ReadDocument] | None = None


# Readers are imported by the first file of their format: a listing needs the names alone, and they
# are 60 modules.
def _read_html(content: bytes) -> ReadDocument:
    from semantic_assets.parsing.html.page import read_html

    return read_html(content)


def _read_whole_html(content: bytes) -> ReadDocument:
    from semantic_assets.parsing.html.page import read_whole_html

    return read_whole_html(content)


def _read_message(content: bytes) -> ReadDocument:
    from semantic_assets.parsing.mail.message import read_message

    return read_message(content)


def _read_office(content: bytes) -> ReadDocument:
    from semantic_assets.parsing.office.reader import read_office

    return read_office(content)


def _read_pdf(content: bytes) -> ReadDocument:
    from semantic_assets.parsing.pdf.pdf_file import read_pdf

    return read_pdf(content)


_PLAIN = DocumentFormat("text/plain", read_plain)
_MARKDOWN = DocumentFormat("text/markdown", read_markdown, TextKind.MARKUP)
_MAIL = DocumentFormat(mailbox.MIME, _read_message, is_binary=True)


def _office(mime: str) -> DocumentFormat:
    """Return the format of an office file: one reader takes all, by their content."""
    return DocumentFormat(mime, _read_office, TextKind.MARKUP, is_binary=True)


_WORD, _SLIDES, _SHEETS = (
    _office(f"application/vnd.openxmlformats-officedocument.{name}")
    for name in ("wordprocessingml.document", "presentationml.presentation", "spreadsheetml.sheet")
)
_OPEN = "application/vnd.oasis.opendocument"
_HTML = DocumentFormat("text/html", _read_html, TextKind.MARKUP, read_whole=_read_whole_html)

DOCUMENTS: dict[str, DocumentFormat] = {
    ".txt": _PLAIN,
    ".text": _PLAIN,
    ".md": _MARKDOWN,
    ".markdown": _MARKDOWN,
    **dict.fromkeys((".mdx", ".qmd", ".rmd"), _MARKDOWN),
    ".html": _HTML,
    ".htm": _HTML,
    ".xhtml": _HTML,
    ".pdf": DocumentFormat("application/pdf", _read_pdf, is_binary=True),
    **{name: DocumentFormat(mime, read, TextKind.MARKUP) for name, (mime, read) in MARKUP.items()},
    **{name: DocumentFormat(mime, read_plain, TextKind.CODE) for name, mime in CODE.items()},
    **{name: DocumentFormat(mime, read_plain) for name, mime in PLAIN.items()},
    **dict.fromkeys((".docx", ".docm", ".dotx", ".dotm"), _WORD),
    **dict.fromkeys((".pptx", ".pptm", ".ppsx", ".ppsm", ".potx"), _SLIDES),
    **dict.fromkeys((".xlsx", ".xlsm", ".xltx"), _SHEETS),
    ".xlsb": _office("application/vnd.ms-excel.sheet.binary.macroenabled.12"),
    ".doc": _office("application/msword"),
    ".ppt": _office("application/vnd.ms-powerpoint"),
    ".xls": _office("application/vnd.ms-excel"),
    **dict.fromkeys((".odt", ".ott"), _office(f"{_OPEN}.text")),
    **dict.fromkeys((".odp", ".otp"), _office(f"{_OPEN}.presentation")),
    **dict.fromkeys((".ods", ".ots"), _office(f"{_OPEN}.spreadsheet")),
    ".epub": _office("application/epub+zip"),
    ".rtf": _office("application/rtf"),
    ".msg": _office("application/vnd.ms-outlook"),
    **dict.fromkeys((".eml", ".mht", ".mhtml"), _MAIL),
}
#: Files of records, whose texts are plain unless the dataset says otherwise.
RECORDS: dict[str, str] = {
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".ndjson": "application/x-ndjson",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".parquet": "application/vnd.apache.parquet",
}
CONTAINERS: dict[str, str] = {**RECORDS, **ARCHIVES, ".mbox": mailbox.MIME}
#: What is compressed inside: a gzip around it would only hinder seeking.
_NEVER_PACKED = {
    ".parquet",
    *PACKED_ARCHIVES,
    *(name for name, one in DOCUMENTS.items() if one.is_binary),
}
_PLAIN_SUFFIXES = (*DOCUMENTS, *CONTAINERS)
_PACKED = tuple(f"{name}.gz" for name in _PLAIN_SUFFIXES if name not in _NEVER_PACKED)
SUPPORTED_SUFFIXES: frozenset[str] = frozenset((*_PLAIN_SUFFIXES, *_PACKED, *MEDIA))
#: The MIME type of a file that no reader takes.
UNKNOWN = "application/octet-stream"
_KINDS = {one.mime: one.kind for one in DOCUMENTS.values()}
_RECORD_MIMES = frozenset(RECORDS.values())
_NAME_END = re.compile(r"[.-]")
_TEXT_SUFFIXES = (".txt", ".text", ".md", ".markdown")


def suffix_of(name: str) -> str | None:
    """Return the suffix by which a file is read, `.gz` included; None: no reader takes it."""
    lowered = name.lower().replace("\\", "/").rsplit("/", 1)[-1]
    if lowered in WHOLE_NAMES:
        return WHOLE_NAMES[lowered]
    first = lowered.find(".")
    while first >= 0:  # the longest suffix that is known: `.tar.gz` before `.gz`
        if lowered[first:] in SUPPORTED_SUFFIXES:
            return lowered[first:]
        first = lowered.find(".", first + 1)
    return _suffix_of_name(lowered)


def _suffix_of_name(lowered: str) -> str | None:
    """Return the suffix by which a file known by its whole name is read, as a Makefile is."""
    packed = ".gz" if lowered.endswith(".gz") else ""
    head = _NAME_END.split(lowered.removesuffix(".gz"), maxsplit=1)[0]
    return f"{NAMES[head]}{packed}" if head in NAMES else None


def stem_of(name: str) -> str:
    """Return the name of a file without folders and suffix, on one line."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    suffix = suffix_of(base) or ""
    # One that is known by its whole name keeps it.
    stem = base[: len(base) - len(suffix)] if base.lower().endswith(suffix) else base
    stem = stem or base
    return " ".join(stem.split())  # a name may hold newlines, a title is one line


def is_supported(name: str) -> bool:
    """Return whether a file of this name has a reader."""
    return suffix_of(name) is not None


def is_multi_record(name: str) -> bool:
    """Return whether a file of this name holds records, each a document of its own."""
    return (suffix_of(name) or "").removesuffix(".gz") in CONTAINERS


def grows_by_lines(name: str) -> bool:
    """Return whether lines appended to a file of this name can be read alone."""
    return suffix_of(name) in (".jsonl", ".ndjson")


def is_text_file(name: str) -> bool:
    """Return whether a file of this name is text that no library has to parse."""
    return suffix_of(name) in _TEXT_SUFFIXES


def is_read_as_is(name: str) -> bool:
    """Return whether the text of a file of this name is its content, as that of source code is."""
    suffix = suffix_of(name) or ""
    return suffix in _TEXT_SUFFIXES or (
        suffix in DOCUMENTS and DOCUMENTS[suffix].read is read_plain
    )


def mime_of(name: str) -> str:
    """Return the MIME type of the documents of a file, by its name alone."""
    kind = (suffix_of(name) or "").removesuffix(".gz")
    if kind in DOCUMENTS:
        return DOCUMENTS[kind].mime
    return MEDIA.get(kind) or CONTAINERS.get(kind) or UNKNOWN


def text_kind_of(mime: str, *, records: TextKind = TextKind.PLAIN) -> TextKind:
    """Return the kind of the text of documents of a MIME type; `records`: of those from records."""
    return records if mime in _RECORD_MIMES else _KINDS.get(mime, TextKind.PLAIN)
