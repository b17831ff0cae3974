"""What kind of text a document is: it decides where its headings and its divisions are."""

from enum import StrEnum


class TextKind(StrEnum):
    #: Prose without marks: a `#` is a sign like any other.
    PLAIN = "plain"
    #: Markdown, or what a reader writes as Markdown: headings, fences, tables.
    MARKUP = "markup"
    #: Source code: divided where a definition begins.
    CODE = "code"
