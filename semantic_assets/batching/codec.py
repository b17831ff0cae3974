"""One decoder for the answer files of both kinds of job, fed with a file as it comes in."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Protocol

import pyarrow as pa

from semantic_assets.batching.answers import AnswerDecoder
from semantic_assets.batching.generation_answers import AnswerReader, GenerationDecoder
from semantic_assets.errors import CorruptResult, CutOffResult
from semantic_assets.model.product import Product
from semantic_assets.model.space import EmbeddingSpace

#: No answer is so long: 3,072 numbers are 80 kB, 65,536 tokens a few megabytes. Parsed, a line takes
#: up to eight times its bytes.
MAX_LINE_BYTES = 16 << 20
#: Empty lines are passed over, but not without end.
_MAX_SPARE_LINES = 100_000


class Block(Protocol):
    """A block of decoded answer lines."""

    @property
    def keys(self) -> Sequence[str]: ...

    def batch(self, schema: pa.Schema) -> pa.RecordBatch:
        """Return the block as rows of a results file."""


class Decoder(Protocol):
    """Decodes lines in portions."""

    def blocks(self, lines: Iterable[bytes]) -> Iterator[Block]: ...
    def rest(self) -> Iterator[Block]: ...


class AnswerStream:
    """Decodes a file from its parts, which end anywhere; holds back a line that is not whole."""

    def __init__(self, product: Product, expected: Collection[str]) -> None:
        self._decoder = _decoder(product, expected)
        self._most_lines = len(expected) + _MAX_SPARE_LINES
        self._rest = b""

    def feed(self, part: bytes) -> Iterator[Block]:
        """Yield the blocks that the next part of the file fills.

        Raises:
            CorruptResult: at the first line that cannot answer the requests.
        """
        *lines, self._rest = (self._rest + part).split(b"\n")
        self._most_lines -= len(lines)
        if self._most_lines < 0:
            raise CorruptResult("the file has more lines than texts were asked for")
        if len(self._rest) > MAX_LINE_BYTES:
            raise CorruptResult(f"a line is longer than {MAX_LINE_BYTES:,} bytes")
        yield from self._decoder.blocks(lines)

    def finish(self) -> Iterator[Block]:
        """Yield what is left at the end of the file, whose last line need not end.

        Raises:
            CutOffResult: it cannot answer a request, as when the file was cut off in it.
        """
        try:
            yield from self._decoder.blocks([self._rest])
        except CorruptResult as error:
            raise CutOffResult(str(error)) from error
        yield from self._decoder.rest()


def _decoder(product: Product, expected: Iterable[str]) -> Decoder:
    if isinstance(product, EmbeddingSpace):
        return AnswerDecoder(
            expected=expected, dimensions=product.dimensions, normalise=product.normalise
        )
    return GenerationDecoder(expected=expected, reader=AnswerReader(product))
