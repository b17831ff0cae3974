"""The formats of source files by their names: MIME type, kind of text, and reader.

A format of documents gives one document a file; a container holds many, each with an id.
"""

from collections.abc import Callable
from typing import NamedTuple

from semantic_assets.parsing.html.page import read_html, read_whole_html
from semantic_assets.parsing.media import MEDIA
from semantic_assets.parsing.pdf import read_pdf
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


_PLAIN = DocumentFormat("text/plain", read_plain)
_MARKDOWN = DocumentFormat("text/markdown", read_markdown, TextKind.MARKUP)
_HTML = DocumentFormat("text/html", read_html, TextKind.MARKUP, read_whole=read_whole_html)

DOCUMENTS: dict[str, DocumentFormat] = {
    ".txt": _PLAIN,
    ".text": _PLAIN,
    ".md": _MARKDOWN,
    ".markdown": _MARKDOWN,
    ".html": _HTML,
    ".htm": _HTML,
    ".xhtml": _HTML,
    ".pdf": DocumentFormat("application/pdf", read_pdf, is_binary=True),
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
CONTAINERS: dict[str, str] = {**RECORDS}
#: What is compressed inside: a gzip around it would only hinder seeking.
_NEVER_PACKED = {".parquet", *(name for name, one in DOCUMENTS.items() if one.is_binary)}
_PLAIN_SUFFIXES = (*DOCUMENTS, *CONTAINERS)
_PACKED = tuple(f"{name}.gz" for name in _PLAIN_SUFFIXES if name not in _NEVER_PACKED)
SUPPORTED_SUFFIXES: frozenset[str] = frozenset((*_PLAIN_SUFFIXES, *_PACKED, *MEDIA))
#: The MIME type of a file that no reader takes.
UNKNOWN = "application/octet-stream"
_KINDS = {one.mime: one.kind for one in DOCUMENTS.values()}
_TEXT_SUFFIXES = (".txt", ".text", ".md", ".markdown")


def suffix_of(name: str) -> str | None:
    """Return the suffix by which a file is read, `.gz` included; None: no reader takes it."""
    lowered = name.lower().replace("\\", "/").rsplit("/", 1)[-1]
    first = lowered.find(".")
    while first >= 0:  # the longest suffix that is known: `.tar.gz` before `.gz`
        if lowered[first:] in SUPPORTED_SUFFIXES:
            return lowered[first:]
        first = lowered.find(".", first + 1)
    return None


def stem_of(name: str) -> str:
    """Return the name of a file without folders and suffix, on one line."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    stem = base[: len(base) - len(suffix_of(base) or "")] or base
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


def mime_of(name: str) -> str:
    """Return the MIME type of the documents of a file, by its name alone."""
    kind = (suffix_of(name) or "").removesuffix(".gz")
    if kind in DOCUMENTS:
        return DOCUMENTS[kind].mime
    return MEDIA.get(kind) or CONTAINERS.get(kind) or UNKNOWN


def text_kind_of(mime: str) -> TextKind:
    """Return the kind of the text that a reader makes of documents of a MIME type."""
    return _KINDS.get(mime, TextKind.PLAIN)
