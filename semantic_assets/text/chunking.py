"""Chunking of texts, with boundaries anchored in the content.

A document above the size limit is divided at its highest heading, or else at the paragraph break
whose own text has the lowest hash, and each part again, until every part fits. The lowest break
does not depend on the text elsewhere, so an inserted paragraph changes the one or two chunks
round it and no other (an ordinary splitter shifts every boundary behind it).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from semantic_assets.text import code_outline, fingerprint, markdown_outline
from semantic_assets.text.dividing import divide
from semantic_assets.text.heading_names import shortened
from semantic_assets.text.kinds import TextKind
from semantic_assets.text.outline import NO_OUTLINE, Outline
from semantic_assets.text.preamble import Preamble, weight_before
from semantic_assets.text.tokens import tokens_of
from semantic_assets.text.units import Places, Source, Units, find_units

CODE_VERSION = "4"

#: A chunk holds at most this many estimated tokens. The model truncates in silence at 2,048;
#: an estimate may be wrong by a factor of 2.5 before that happens.
MAX_TOKENS = 800
#: No division leaves a part smaller than this, where there is a choice.
MIN_TOKENS = 120


@dataclass(frozen=True, slots=True)
class ChunkSizes:
    """The largest and the smallest wanted chunk, in estimated tokens."""

    max_tokens: int = MAX_TOKENS
    min_tokens: int = MIN_TOKENS


_DEFAULT_SIZES = ChunkSizes()
_OUTLINES: dict[TextKind, Callable[[str], Outline]] = {
    TextKind.PLAIN: lambda _: NO_OUTLINE,
    TextKind.MARKUP: markdown_outline.outline_of,
    TextKind.CODE: code_outline.outline_of,
}


class TextToSplit(NamedTuple):
    """A document to be split."""

    document_id: str
    #: Placed before each chunk's text when that is embedded, as the headings are.
    title: str | None
    text: str
    #: Text placed between the headings and each chunk's text when that is embedded.
    context: str | None = None
    kind: TextKind = TextKind.MARKUP


class Span(NamedTuple):
    """One chunk of a document: offsets into its text, its headings, and the text to embed."""

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
    document_id: str, title: str | None, text: str, sizes: ChunkSizes = _DEFAULT_SIZES
) -> list[Span]:
    """Split one document. Every character that is not white space is in exactly one chunk."""
    (spans,) = split_documents([TextToSplit(document_id, title, text)], sizes)
    return spans


def split_documents(
    documents: Sequence[TextToSplit], sizes: ChunkSizes = _DEFAULT_SIZES
) -> Iterator[list[Span]]:
    """Yield the chunks of each document. About a million characters at once are fastest."""
    # Apart, because one character that is not ASCII makes all of a batch four times as wide.
    plain = [document for document in documents if document.text.isascii()]
    wide = [document for document in documents if not document.text.isascii()]
    cut = {True: _cut(plain, sizes), False: _cut(wide, sizes)}
    for document in documents:
        yield next(cut[document.text.isascii()])


def _cut(documents: Sequence[TextToSplit], sizes: ChunkSizes) -> Iterator[list[Span]]:
    if not documents:
        return
    preambles = [_preamble_of(document, sizes.max_tokens) for document in documents]
    sources = [
        Source(document.text, document.kind, preamble.outline, preamble.weight_at)
        for document, preamble in zip(documents, preambles, strict=True)
    ]
    units = find_units(sources, sizes.max_tokens * 100)
    for number, (document, preamble) in enumerate(zip(documents, preambles, strict=True)):
        edges = _edges(units, number, sizes)
        yield _spans(document, preamble, units.cumulative[units.firsts[number] :], edges)


def _preamble_of(document: TextToSplit, max_tokens: int) -> Preamble:
    outline = _OUTLINES[document.kind](document.text)
    title = shortened(document.title) if document.title else None
    return Preamble(document.text, title, document.context, outline, max_tokens * 100)


def _edges(units: Units, number: int, sizes: ChunkSizes) -> list[int]:
    """Return the offsets of a document's part edges, 0 and the text's length included."""
    first, last = units.firsts[number], units.lasts[number]
    begin, end = units.edges[number : number + 2].tolist()
    if end - begin < 2:
        return [0, last - first]
    starts = units.starts[begin:end]
    prefix = np.append(units.cumulative[starts], units.cumulative[last])
    limits = {"max_weight": sizes.max_tokens * 100, "min_weight": sizes.min_tokens * 100}
    headings = units.heading_weights[begin:end]
    cuts = divide(prefix.tolist(), units.ranks[begin:end], headings.tolist(), **limits)
    return [0, *(starts[cuts] - first).tolist(), last - first]


def _spans(
    document: TextToSplit, preamble: Preamble, cumulative: Places, edges: list[int]
) -> list[Span]:
    text = document.text
    chunk_id = fingerprint.chunk_ids(document.document_id)
    spans: list[Span] = []
    seen: dict[str, int] = {}
    for begin, end in pairwise(edges):
        body = text[begin:end].strip()
        if not body:
            continue
        start = begin if text[begin] == body[0] else text.index(body[0], begin)
        stop = start + len(body)
        above = preamble.at(start)
        encoded = body.encode()
        body_hash = fingerprint.text_hash(encoded)
        occurrence = seen.get(body_hash, 0)
        seen[body_hash] = occurrence + 1
        weight = int(cumulative[stop] - cumulative[start]) + weight_before(above)
        spans.append(
            Span(
                chunk_id(body_hash, occurrence),
                len(spans),
                start,
                stop,
                " > ".join(preamble.outline.trail(start)) or None,
                body,
                above + body,
                fingerprint.text_hash(above.encode() + encoded) if above else body_hash,
                tokens_of(weight),
            )
        )
    return spans
