"""Answer lines of an embedding job, decoded in blocks and checked against the requests.

Accepted, because all were seen (see the docs on the wire): the key anywhere in the line, an
`error` or a `status` instead of a response, an error with only a code, int64 as strings,
`usageMetadata` instead of `tokenCount`. Refused: a key not requested, a key twice, a vector of
another size, a value that is not finite, a vector of zeros. A key without a line is an outcome
(`missing`), not a corruption.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import simdjson

from semantic_assets.errors import CorruptResult
from semantic_assets.model.statuses import Outcome
from semantic_assets.model.vectors import BadVectorError, unit_vectors
from semantic_assets.text.foreign import said

#: Rows decoded before they are written: 3 MB at 768 dimensions, held three times over.
BLOCK_ROWS = 1_024

#: A count that the column cannot hold is no count.
_MOST_TOKENS = 2**31 - 1

#: google.rpc codes a rerun cannot change: invalid argument, not found, out of range, unimplemented.
_PERMANENT_CODES = frozenset({3, 5, 11, 12})


@dataclass(slots=True)
class AnswerBlock:
    """Up to 1,024 decoded lines. `vectors[i]` is meaningful where `outcomes[i] == "ok"`."""

    vectors: npt.NDArray[np.float32]
    keys: list[str] = field(default_factory=list)
    tokens: list[int | None] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    error_codes: list[str | None] = field(default_factory=list)
    error_messages: list[str | None] = field(default_factory=list)

    def batch(self, schema: pa.Schema) -> pa.RecordBatch:
        """As rows of a results file."""
        failed = pa.array([word != Outcome.OK for word in self.outcomes], pa.bool_())
        vectors = pa.FixedSizeListArray.from_arrays(
            pa.array(self.vectors.reshape(-1)), self.vectors.shape[1], mask=failed
        )
        return pa.RecordBatch.from_arrays(
            [
                pa.array(self.keys, pa.string()),
                vectors,
                pa.array(self.tokens, pa.int32()),
                pa.array(self.outcomes, pa.string()),
                pa.array(self.error_codes, pa.string()),
                pa.array(self.error_messages, pa.string()),
            ],
            schema=schema,
        )


@dataclass(frozen=True, slots=True)
class Failure:
    """The reason a line has no answer: `permanent` if a rerun cannot help, else `transient`."""

    outcome: str
    code: str | None
    message: str | None


def decode_answers(
    lines: Iterable[bytes], *, expected: Iterable[str], dimensions: int, normalise: bool
) -> Iterator[AnswerBlock]:
    """Yield blocks of answers in file order; vectors are float32, shape (rows, dimensions).

    Raises:
        CorruptResult: at the first line that cannot answer the requests.
    """
    open_keys = set(expected)
    decoder = _LineDecoder(dimensions)
    block = _empty(dimensions)
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        key = decoder.decode(number, line, block)
        if key not in open_keys:
            raise CorruptResult(
                f"line {number}: key {said(key)!r} was not asked for, or answered twice"
            )
        open_keys.discard(key)
        if len(block.keys) == BLOCK_ROWS:
            yield _finished(block, normalise)
            block = _empty(dimensions)
    if block.keys:
        yield _finished(block, normalise)


def _empty(dimensions: int) -> AnswerBlock:
    return AnswerBlock(vectors=np.zeros((BLOCK_ROWS, dimensions), dtype=np.float32))


class _LineDecoder:
    """One simdjson parser; its proxies must be dropped before the next line is parsed."""

    def __init__(self, dimensions: int) -> None:
        self._parser = simdjson.Parser()
        self._dimensions = dimensions

    def decode(self, number: int, line: bytes, block: AnswerBlock) -> str:
        """Append one line to the block and return its key."""
        try:
            root = self._parser.parse(line)
        except (ValueError, RuntimeError) as error:  # the latter: too deep, or a number too long
            raise CorruptResult(f"line {number}: not JSON ({error})") from error
        try:
            key = root.get("key") if isinstance(root, simdjson.Object) else None
            if not isinstance(key, str):
                raise CorruptResult(f"line {number}: no key")
            self._append(number, key, root, block)
        finally:
            del root
        return key

    def _append(self, number: int, key: str, root: Any, block: AnswerBlock) -> None:
        failure = self._vector_into(number, root, block.vectors[len(block.keys)])
        block.keys.append(key)
        block.tokens.append(None if failure else _token_count(root))
        block.outcomes.append(failure.outcome if failure else Outcome.OK)
        block.error_codes.append(failure.code if failure else None)
        block.error_messages.append(failure.message if failure else None)

    def _vector_into(self, number: int, root: Any, row: npt.NDArray[np.float32]) -> Failure | None:
        try:
            values = root.at_pointer("/response/embedding/values")
        except (KeyError, ValueError, TypeError, RuntimeError):
            return failure_of(root)
        if not isinstance(values, simdjson.Array):
            raise CorruptResult(f"line {number}: the values are not a list")
        if len(values) != self._dimensions:
            raise CorruptResult(f"line {number}: {len(values)} values, not {self._dimensions}")
        try:
            with np.errstate(over="ignore"):  # beyond float32 is inf, and refused with its block
                row[:] = np.frombuffer(values.as_buffer(of_type="d"), dtype=np.float64)
        except (TypeError, ValueError, RuntimeError) as error:
            raise CorruptResult(f"line {number}: a value is not a number ({error})") from error
        return None


def _token_count(root: Any) -> int | None:
    for pointer in ("/response/tokenCount", "/response/usageMetadata/promptTokenCount"):
        try:
            count = int(root.at_pointer(pointer))
            return count if 0 <= count <= _MOST_TOKENS else None
        except (KeyError, ValueError, TypeError, RuntimeError):
            continue
    return None


def failure_of(root: Any) -> Failure:
    """Return the failure that an answerless line reports; `root` is a dict or simdjson's object."""
    for name in ("error", "status"):
        error = root.get(name)
        if isinstance(error, simdjson.Object | dict):
            code = error.get("code")
            message = error.get("message")
            permanent = isinstance(code, int) and code in _PERMANENT_CODES
            return Failure(
                Outcome.PERMANENT if permanent else Outcome.TRANSIENT,
                None if code is None else said(code),
                None if message is None else said(message),
            )
    return Failure(Outcome.TRANSIENT, None, "the line has neither an answer nor an error")


def _finished(block: AnswerBlock, normalise: bool) -> AnswerBlock:
    """Trim, check and normalise a full block in one pass of numpy."""
    rows = len(block.keys)
    vectors = block.vectors[:rows]
    answered = np.fromiter((word == Outcome.OK for word in block.outcomes), dtype=bool, count=rows)
    try:
        unit_vectors(vectors, normalise=normalise, answered=answered)
    except BadVectorError as error:
        raise CorruptResult(f"key {block.keys[error.row]}: {error}") from error
    block.vectors = vectors
    return block
