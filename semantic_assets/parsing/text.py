"""Plain text and Markdown, kept unchanged except for Markdown's front matter.

A document is (text, title, metadata); records are made from it in `readers`.
"""

from typing import NamedTuple

from semantic_assets.parsing.encoding import decode
from semantic_assets.parsing.markdown.front_matter import split_front_matter
from semantic_assets.parsing.markdown.naming import naming_heading
from semantic_assets.parsing.records import normal_text
from semantic_assets.parsing.titles import own_title


class ReadDocument(NamedTuple):
    """The content of a single-document format; a title of None means the file's name."""

    text: str
    title: str | None = None
    metadata: dict[str, str] | None = None
    pages: tuple[int, ...] = ()
    #: What of it could not be read, and the remedy; None: all of it was read.
    remark: str | None = None
    #: The title is not the document's own (it comes from a heading further down): it is shown in
    #: hits and not embedded.
    is_title_shown_only: bool = False
    #: Letters of it that were left out, as they surround the content; None: none can be.
    left_out_chars: int | None = None


def read_plain(data: bytes) -> ReadDocument:
    """Return the text unchanged and untitled: plain text has no headings."""
    text, remark = decode(data)
    return ReadDocument(normal_text(text), remark=remark)


def read_markdown(data: bytes) -> ReadDocument:
    """Return the text without its front matter, whose values become metadata."""
    source, remark = decode(data)
    metadata, text, unread = split_front_matter(normal_text(source))
    heading = naming_heading(text)
    title, is_first = heading or (None, True)
    if named := own_title(metadata.get("title", "")):
        del metadata["title"]
        title, is_first = named, True
    found = ReadDocument(text, title, metadata, (), remark, is_title_shown_only=not is_first)
    return also_said(found, unread)


def also_said(document: ReadDocument, remark: str | None) -> ReadDocument:
    """Return a document with one more remark, None for none."""
    parts = [part for part in (remark, document.remark) if part]
    return document._replace(remark="; ".join(parts) or None)


def first_heading(text: str) -> str | None:
    """Return the first heading of Markdown, without its markup."""
    heading = naming_heading(text)
    return heading.title if heading else None
