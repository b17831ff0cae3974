"""One decoder for the answer files of both kinds of job."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import pyarrow as pa

from semantic_assets.batching.answers import decode_answers
from semantic_assets.batching.generation_answers import AnswerReader, decode_generations
from semantic_assets.model.product import Product
from semantic_assets.model.space import EmbeddingSpace


class Block(Protocol):
    """A block of decoded answer lines."""

    @property
    def keys(self) -> Sequence[str]: ...

    def batch(self, schema: pa.Schema) -> pa.RecordBatch:
        """Return the block as rows of a results file."""


def answer_blocks(
    product: Product, lines: Iterable[bytes], *, expected: Iterable[str]
) -> Iterator[Block]:
    """Return an iterator over blocks of answers in file order.

    Raises:
        CorruptResult: at the first line that cannot answer the requests.
    """
    if isinstance(product, EmbeddingSpace):
        return decode_answers(
            lines,
            expected=expected,
            dimensions=product.dimensions,
            normalise=product.normalise,
        )
    return decode_generations(lines, expected=expected, reader=AnswerReader(product))
