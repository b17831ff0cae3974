"""Answer lines of a generation job, decoded, validated and checked against the requests.

Every line is an outcome: an answer that fits its schema, or a failure. A failure that another
attempt may mend (cut off, not JSON, not of the schema) is `transient` and comes back up to the
limit of attempts; any other (a blocked prompt) is `permanent`. Tokens count either way: they
are billed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs
import orjson
import pyarrow as pa

from semantic_assets.batching.answers import failure_of
from semantic_assets.errors import CorruptResult
from semantic_assets.model.statuses import Outcome
from semantic_assets.model.task import GenerationTask
from semantic_assets.text.foreign import said

_BLOCK_ROWS = 1_024
_FENCE = "```"
_MAX_MESSAGE = 300

BLOCKED, CUT_OFF, EMPTY = "BLOCKED", "MAX_TOKENS", "EMPTY"
INVALID_JSON, SCHEMA = "INVALID_JSON", "SCHEMA"
#: Finish reasons that the same prompt would meet again.
_FINAL_REASONS = frozenset({"SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "IMAGE_SAFETY"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """The outcome of one request. `output` is JSON if the task has a schema, else plain text.

    An answer that does not fit is kept in `output` too, with the reason in `error_message`.
    """

    outcome: str
    output: str | None = None
    finish_reason: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    #: Billed tokens: of the prompt, and of the answer with its thoughts.
    tokens: int | None = None
    output_tokens: int | None = None


@dataclass(slots=True)
class GeneratedBlock:
    """Up to 1,024 outcomes with their keys."""

    keys: list[str] = field(default_factory=list)
    rows: list[Generated] = field(default_factory=list)

    def batch(self, schema: pa.Schema) -> pa.RecordBatch:
        columns = [self.keys if f.name == "text_hash" else self._column(f.name) for f in schema]
        arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
        return pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _column(self, name: str) -> list[Any]:
        source = "tokens" if name == "token_count" else name
        return [getattr(row, source) for row in self.rows]


class AnswerReader:
    """Reads the GenerateContentResponses of one task."""

    def __init__(self, task: GenerationTask) -> None:
        schema = task.schema
        # Masked: an answer quoted back would be the longest part of the error message.
        self._validator = (
            None if schema is None else jsonschema_rs.validator_for(schema, mask="the value")
        )
        self._limit = task.max_output_tokens

    def read(self, answer: Mapping[str, Any]) -> Generated:
        """Read one answer line, or the `{"response": ...}` of a real-time call."""
        response = answer.get("response")
        if not isinstance(response, dict) or not response:
            found = failure_of(answer)
            return Generated(
                outcome=found.outcome, error_code=found.code, error_message=found.message
            )
        usage = _mapping(response.get("usageMetadata"))
        billed: dict[str, Any] = {
            "tokens": _count(usage.get("promptTokenCount")),
            "output_tokens": _sum(usage, "candidatesTokenCount", "thoughtsTokenCount"),
        }
        if reason := _mapping(response.get("promptFeedback")).get("blockReason"):
            message = f"the prompt was blocked: {said(reason)}"
            return _failed(Outcome.PERMANENT, BLOCKED, message, **billed)
        candidate = _mapping(next(iter(_items(response.get("candidates"))), None))
        return self._candidate(candidate, billed)

    def _candidate(self, candidate: Mapping[str, Any], billed: dict[str, Any]) -> Generated:
        finish = said(candidate.get("finishReason") or "") or None
        text = _text_of(candidate)
        billed = {**billed, "finish_reason": finish, "output": text or None}
        if finish in _FINAL_REASONS:
            return _failed(
                Outcome.PERMANENT, str(finish), f"the answer was stopped: {finish}", **billed
            )
        if finish == CUT_OFF:
            message = f"the answer was cut off after {self._limit} tokens"
            return _failed(Outcome.TRANSIENT, CUT_OFF, message, **billed)
        if not text:
            message = f"the answer has no text (finish reason {finish or 'not given'})"
            return _failed(Outcome.TRANSIENT, EMPTY, message, **billed)
        return self._validated(text, billed)

    def _validated(self, text: str, billed: dict[str, Any]) -> Generated:
        if self._validator is None:
            return Generated(outcome=Outcome.OK, **billed)
        try:
            value = orjson.loads(_unfenced(text))
        except orjson.JSONDecodeError as error:
            return _failed(
                Outcome.TRANSIENT, INVALID_JSON, f"the answer is not JSON: {error}", **billed
            )
        for problem in self._validator.iter_errors(value):
            place = "/".join(map(str, problem.instance_path)) or "the answer"
            message = f"{place}: {problem.message}"[:_MAX_MESSAGE]
            return _failed(Outcome.TRANSIENT, SCHEMA, message, **billed)
        return Generated(outcome=Outcome.OK, **{**billed, "output": orjson.dumps(value).decode()})


def decode_generations(
    lines: Iterable[bytes], *, expected: Iterable[str], reader: AnswerReader
) -> Iterator[GeneratedBlock]:
    """Yield blocks of outcomes in file order.

    Raises:
        CorruptResult: a line is not JSON, or its key is missing, not requested or a duplicate.
    """
    decoder = GenerationDecoder(expected=expected, reader=reader)
    yield from decoder.blocks(lines)
    yield from decoder.rest()


class GenerationDecoder:
    """Decodes the lines of one file as they come, in as many portions as they come in."""

    def __init__(self, *, expected: Iterable[str], reader: AnswerReader) -> None:
        self._open_keys, self._reader = set(expected), reader
        self._block, self._line = GeneratedBlock(), 0

    def blocks(self, lines: Iterable[bytes]) -> Iterator[GeneratedBlock]:
        """Yield the blocks that these lines fill.

        Raises:
            CorruptResult: a line is not JSON, or its key is missing, not requested or a duplicate.
        """
        for line in lines:
            self._line += 1
            if not line.strip():
                continue
            self._append(_loaded(self._line, line))
            if len(self._block.keys) == _BLOCK_ROWS:
                yield from self.rest()

    def rest(self) -> Iterator[GeneratedBlock]:
        """Yield what is left when there are no more lines."""
        block, self._block = self._block, GeneratedBlock()
        if block.keys:
            yield block

    def _append(self, answer: dict[str, Any]) -> None:
        key = answer.get("key")
        if not isinstance(key, str):
            raise CorruptResult(f"line {self._line}: no key")
        if key not in self._open_keys:
            raise CorruptResult(
                f"line {self._line}: key {said(key)!r} was not asked for, or answered twice"
            )
        self._open_keys.discard(key)
        self._block.keys.append(key)
        self._block.rows.append(self._reader.read(answer))


def _loaded(number: int, line: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise CorruptResult(f"line {number}: not JSON ({error})") from error
    if not isinstance(answer, dict):
        raise CorruptResult(f"line {number}: not an object")
    return answer


def _failed(outcome: str, code: str, message: str, **values: Any) -> Generated:
    return Generated(outcome=outcome, error_code=code, error_message=message, **values)


def _unfenced(text: str) -> str:
    """Return what is inside a Markdown fence around an answer, or else the answer.

    No pattern: one took the cube of the line ends that a document can ask a model for.
    """
    whole = text.strip()
    if len(whole) < 2 * len(_FENCE) or not (whole.startswith(_FENCE) and whole.endswith(_FENCE)):
        return text
    first, line_end, content = whole[len(_FENCE) : -len(_FENCE)].partition("\n")
    return content.strip() if line_end and first.strip() in ("", "json") else text


def _text_of(candidate: Mapping[str, Any]) -> str:
    """Join the text parts of an answer, thoughts left out."""
    parts = _items(_mapping(candidate.get("content")).get("parts"))
    return "".join(
        part["text"]
        for part in parts
        if isinstance(part, dict) and isinstance(part.get("text"), str) and not part.get("thought")
    )


def _items(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _count(value: object) -> int | None:
    """Convert a count to int, from a string too, as int64 values may come; else None."""
    try:
        count = int(str(value))
    except ValueError:
        return None
    return count if 0 <= count < 2**31 else None


def _sum(usage: Mapping[str, Any], *names: str) -> int | None:
    counts = [count for name in names if (count := _count(usage.get(name))) is not None]
    return sum(counts) if counts else None
