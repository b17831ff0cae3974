"""Chunks one by one, by the plain functions: what the fast path has to give, byte for byte."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from semantic_assets.text import fingerprint
from semantic_assets.text.chunking import ChunkSizes, DividedText, TextToSplit, divide_documents
from semantic_assets.text.tokens import estimate_tokens

_SIZES = ChunkSizes()


class Span(NamedTuple):
    """A chunk with its texts as such."""

    chunk_id: str
    chunk_index: int
    start_char: int
    end_char: int
    heading_path: str | None
    text: str
    vector_text: str
    text_hash: str
    token_estimate: int


def split_document(
    document_id: str, title: str | None, text: str, sizes: ChunkSizes = _SIZES
) -> list[Span]:
    (spans,) = split_documents([TextToSplit(document_id, title, text, sizes=sizes)])
    return spans


def split_documents(documents: Sequence[TextToSplit]) -> Iterator[list[Span]]:
    return map(made, divide_documents(documents))


def made(divided: DividedText) -> list[Span]:
    """The chunks as the pipeline gets them."""
    return [
        Span(
            *one[:5],
            text=one.text.decode(),
            vector_text=(one.above + one.text).decode(),
            text_hash=one.text_hash,
            token_estimate=one.token_estimate,
        )
        for one in divided.chunks()
    ]


def plain(divided: DividedText) -> list[Span]:
    """The same, each chunk on its own: its text cut out, hashed and counted by itself."""
    document, text = divided.document, divided.document.text
    spans: list[Span] = []
    seen: dict[str, int] = {}
    for begin, end in pairwise(divided.edges):
        body = text[begin:end].strip()
        if not body:
            continue
        start = text.index(body[0], begin)
        vector_text = divided.preamble.at(start) + body
        body_hash = fingerprint.text_hash(body)
        occurrence = seen.get(body_hash, 0)
        seen[body_hash] = occurrence + 1
        spans.append(
            Span(
                fingerprint.chunk_id(document.document_id, body_hash, occurrence),
                len(spans),
                start,
                start + len(body),
                " > ".join(divided.preamble.outline.trail(start)) or None,
                body,
                vector_text,
                fingerprint.text_hash(vector_text),
                estimate_tokens(vector_text),
            )
        )
    return spans
