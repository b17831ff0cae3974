"""Answer lines of an embedding job, decoded in blocks and checked against the requests.

Accepted, because all were seen (see the docs on the wire): the key anywhere in the line, an
`error` or a `status` instead of a response, an error with only a code or as a text, int64 as strings,
`usageMetadata` instead of `tokenCount`. Refused: a key not requested, a key twice, a vector of
another size, a value that is not finite, a vector of zeros. A key without a line is an outcome
(`missing`), not a corruption.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
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
_PERMANENT_WORDS = ("INVALID_ARGUMENT", "NOT_FOUND", "OUT_OF_RANGE", "UNIMPLEMENTED")


@dataclass(frozen=True, slots=True)
class AnswerBlock:
    """Up to 1,024 decoded lines. `vectors[i]` is meaningful where `outcomes[i] == "ok"`."""

    vectors: npt.NDArray[np.float32]
    keys: list[str]
    tokens: list[int | None]
    outcomes: list[str]
    error_codes: list[str | None]
    error_messages: list[str | None]

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
    decoder = AnswerDecoder(expected=expected, dimensions=dimensions, normalise=normalise)
    yield from decoder.blocks(lines)
    yield from decoder.rest()


class AnswerDecoder:
    """Decodes the lines of one file as they come, in as many portions as they come in.

    One simdjson parser; its proxies must be dropped before the next line is parsed.
    """

    def __init__(self, *, expected: Iterable[str], dimensions: int, normalise: bool) -> None:
        self._open_keys = set(expected)
        self._normalise = normalise
        self._parser = simdjson.Parser()
        # As parsed; made float32 a block at a time, where what is beyond float32 becomes inf.
        self._values = np.zeros((BLOCK_ROWS, dimensions))
        self._line = 0
        self._begin()

    def _begin(self) -> None:
        self._keys: list[str] = []
        self._tokens: list[int | None] = []
        self._failures: dict[int, Failure] = {}

    def blocks(self, lines: Iterable[bytes]) -> Iterator[AnswerBlock]:
        """Yield the blocks that these lines fill.

        Raises:
            CorruptResult: at the first line that cannot answer the requests.
        """
        for line in lines:
            self._line += 1
            if not line.strip():
                continue
            key = self._decode(line)
            if key not in self._open_keys:
                raise CorruptResult(
                    f"line {self._line}: key {said(key)!r} was not asked for, or answered twice"
                )
            self._open_keys.discard(key)
            if len(self._keys) == BLOCK_ROWS:
                yield self._finished()

    def rest(self) -> Iterator[AnswerBlock]:
        """Yield what is left when there are no more lines."""
        if self._keys:
            yield self._finished()

    def _decode(self, line: bytes) -> str:
        """Append one line to the block and return its key."""
        try:
            root = self._parser.parse(line)
        except (ValueError, RuntimeError) as error:  # the latter: too deep, or a number too long
            raise CorruptResult(f"line {self._line}: not JSON ({error})") from error
        try:
            key = root.get("key") if isinstance(root, simdjson.Object) else None
            if not isinstance(key, str):
                raise CorruptResult(f"line {self._line}: no key")
            failure = self._read_vector(root)
            if failure is not None:
                self._failures[len(self._keys)] = failure
            self._tokens.append(None if failure else _token_count(root))
        finally:
            del root
        self._keys.append(key)
        return key

    def _read_vector(self, root: Any) -> Failure | None:
        row = self._values[len(self._keys)]
        try:
            values = root.at_pointer("/response/embedding/values")
        except (KeyError, ValueError, TypeError, RuntimeError):
            row[:] = 0.0
            return failure_of(root)
        if not isinstance(values, simdjson.Array):
            raise CorruptResult(f"line {self._line}: the values are not a list")
        if len(values) != len(row):
            raise CorruptResult(f"line {self._line}: {len(values)} values, not {len(row)}")
        try:
            row[:] = np.frombuffer(values.as_buffer(of_type="d"), dtype=np.float64)
        except (TypeError, ValueError, RuntimeError) as error:
            raise CorruptResult(f"line {self._line}: a value is not a number ({error})") from error
        return None

    def _finished(self) -> AnswerBlock:
        """Return the block, checked and normalised in one pass of numpy, and begin another."""
        rows, failures = len(self._keys), self._failures
        with np.errstate(over="ignore"):
            vectors = self._values[:rows].astype(np.float32)
        block = AnswerBlock(
            vectors=vectors,
            keys=self._keys,
            tokens=self._tokens,
            outcomes=[Outcome.OK] * rows,
            error_codes=[None] * rows,
            error_messages=[None] * rows,
        )
        for at, failure in failures.items():
            block.outcomes[at] = failure.outcome
            block.error_codes[at], block.error_messages[at] = failure.code, failure.message
        answered = np.ones(rows, dtype=bool)
        answered[list(failures)] = False
        self._begin()
        try:
            unit_vectors(vectors, normalise=self._normalise, answered=answered)
        except BadVectorError as error:
            raise CorruptResult(f"key {block.keys[error.row]}: {error}") from error
        return block


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
        if isinstance(error, str) and error:
            return _failure_in(error)
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


def _failure_in(text: str) -> Failure:
    """Read a failure that is a text, as the Agent Platform has it: `Bad Request: {"error": ...}`."""
    _, _, written = text.partition(": ")
    try:
        envelope = orjson.loads(written)
    except orjson.JSONDecodeError:
        envelope = None
    error = envelope.get("error") if isinstance(envelope, dict) else None
    if not isinstance(error, dict):
        return Failure(Outcome.TRANSIENT, None, said(text))
    code, message = error.get("status") or error.get("code"), error.get("message")
    return Failure(
        Outcome.PERMANENT if code in _PERMANENT_WORDS else Outcome.TRANSIENT,
        None if code is None else said(code),
        None if message is None else said(message),
    )
