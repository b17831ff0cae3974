"""Chunking of texts, with boundaries anchored in the content.

A document above the size limit is divided at its highest heading, or else at the paragraph break
whose own text has the lowest hash, and each part again, until every part fits. The lowest break
does not depend on the text elsewhere, so an inserted paragraph changes the one or two chunks
round it and no other (an ordinary splitter shifts every boundary behind it).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import NamedTuple

from semantic_assets.text import code_outline, fingerprint, markdown_outline
from semantic_assets.text.dividing import divide
from semantic_assets.text.heading_names import shortened
from semantic_assets.text.kinds import TextKind
from semantic_assets.text.outline import NO_OUTLINE, Outline
from semantic_assets.text.preamble import Preamble, weight_before
from semantic_assets.text.tokens import tokens_of, weight_of
from semantic_assets.text.units import Source, Units, find_units

CODE_VERSION = "4"

#: A chunk holds at most this many estimated tokens. The model truncates in silence at 2,048;
#: an estimate may be wrong by a factor of 2.5 before that happens.
MAX_TOKENS = 800
#: About so many characters at once: with four times as many, numpy's arrays are too large for the
#: heap, and each batch costs thousands of page faults.
_BATCH_CHARS = 300_000
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
    sizes: ChunkSizes = _DEFAULT_SIZES


class Chunk(NamedTuple):
    """One chunk of a document: offsets into its text, its headings, and the text to embed."""

    chunk_id: str
    chunk_index: int
    start_char: int
    end_char: int
    heading_path: str | None
    #: In UTF-8, as it is hashed and stored.
    text: bytes
    #: What is embedded before the text, in UTF-8.
    above: bytes
    #: Hash of both.
    text_hash: str
    token_estimate: int


@dataclass(frozen=True, slots=True)
class DividedText:
    """A document, the offsets of its parts, and the weight of each in hundredths of a token."""

    document: TextToSplit
    preamble: Preamble
    edges: list[int]
    weights: list[int]

    def chunks(self) -> Iterator[Chunk]:
        """Yield the parts that are not blank; each character that is no space is in one of them."""
        text, preamble = self.document.text, self.preamble
        chunk_id, text_hash = fingerprint.chunk_ids(self.document.document_id), _TextHashes()
        seen: dict[str, int] = {}
        parts = zip(pairwise(self.edges), self.weights, strict=True)
        for index, (start, body, weight) in enumerate(_stripped(text, parts)):
            above, encoded = preamble.at(start), body.encode()
            body_hash = fingerprint.text_hash(encoded)
            occurrence = seen.get(body_hash, 0)
            seen[body_hash] = occurrence + 1
            before = text_hash.above(above)
            yield Chunk(
                chunk_id(body_hash, occurrence),
                index,
                start,
                start + len(body),
                preamble.heading_path(start),
                encoded,
                before,
                text_hash.of(encoded) if above else body_hash,
                tokens_of(weight + weight_before(above)),
            )


def divide_documents(documents: Sequence[TextToSplit]) -> list[DividedText]:
    """Return where each document is divided; the more at once, the faster."""
    divided: list[DividedText | None] = [None] * len(documents)
    for batch in _batches(documents):
        some = [documents[number] for number in batch]
        for number, one in zip(batch, _divided(some), strict=True):
            divided[number] = one
    return [one for one in divided if one is not None]


def _batches(documents: Sequence[TextToSplit]) -> Iterator[list[int]]:
    """Yield the numbers of documents that are divided together: of one width, and of some length.

    One character that is not ASCII makes all of a batch twice as wide.
    """
    waiting: dict[tuple[bool, ChunkSizes], list[int]] = {}
    held: dict[tuple[bool, ChunkSizes], int] = {}
    for number, document in enumerate(documents):
        key = document.text.isascii(), document.sizes
        waiting.setdefault(key, []).append(number)
        held[key] = held.get(key, 0) + len(document.text)
        if held[key] >= _BATCH_CHARS:
            yield waiting.pop(key)
            del held[key]
    yield from waiting.values()


def _divided(documents: Sequence[TextToSplit]) -> Iterator[DividedText]:
    sizes = documents[0].sizes
    preambles = [_preamble_of(document) for document in documents]
    sources = [
        Source(document.text, document.kind, preamble.outline, preamble.weight_at)
        for document, preamble in zip(documents, preambles, strict=True)
    ]
    units = find_units(sources, sizes.max_tokens * 100)
    for number, (document, preamble) in enumerate(zip(documents, preambles, strict=True)):
        yield DividedText(document, preamble, *_parts(units, number, len(document.text), sizes))


def _preamble_of(document: TextToSplit) -> Preamble:
    outline = _OUTLINES[document.kind](document.text)
    title = shortened(document.title) if document.title else None
    most = document.sizes.max_tokens * 100
    return Preamble(document.text, title, document.context, outline, most)


def _parts(
    units: Units, number: int, length: int, sizes: ChunkSizes
) -> tuple[list[int], list[int]]:
    """Return the offsets of a document's parts, 0 and the text's length included, and their weights."""
    begin, end = units.edges[number : number + 2]
    if end - begin < 2:
        return [0, length], [units.weights[number]]
    first, last = units.firsts[number], units.before_last[number]
    prefix = [*units.before[begin:end], last]
    limits = {"max_weight": sizes.max_tokens * 100, "min_weight": sizes.min_tokens * 100}
    headings = units.heading_weights[begin:end]
    cuts = [0, *divide(prefix, units.ranks[begin:end], headings, **limits)]
    edges = [units.starts[begin + cut] - first for cut in cuts]
    before = [*(prefix[cut] for cut in cuts), last]
    return [*edges, length], [stop - start for start, stop in pairwise(before)]


def _stripped(
    text: str, parts: Iterable[tuple[tuple[int, int], int]]
) -> Iterator[tuple[int, str, int]]:
    """Yield start, text and weight of each part without the white space around it."""
    for (begin, end), weight in parts:
        part = text[begin:end]
        body = part.rstrip()
        weight -= weight_of(part[len(body) :])
        if body[:1].isspace():
            part, body = body, body.lstrip()
            weight -= weight_of(part[: len(part) - len(body)])
            begin += len(part) - len(body)
        if body:
            yield begin, body, weight


class _TextHashes:
    """Hashes of texts behind what is embedded before them: one preamble is hashed once."""

    def __init__(self) -> None:
        self._above: str | None = None
        self._encoded = b""
        self._begun = blake2b(digest_size=16)

    def above(self, text: str) -> bytes:
        """Begin with what is embedded before the next texts; return it in UTF-8."""
        if text is not self._above:
            self._above, self._encoded = text, text.encode()
            self._begun = blake2b(self._encoded, digest_size=16)
        return self._encoded

    def of(self, encoded: bytes) -> str:
        digest = self._begun.copy()
        digest.update(encoded)
        return digest.hexdigest()
