"""The requests of a batch: lines of a file, or inlined, read one at a time.

What makes a whole input malformed is decided here; what makes one request invalid is decided by
`embedding.py` and `prompts.py`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import orjson

from semantic_assets.emulator.http import wire
from semantic_assets.emulator.jobs.catalogue import Kind
from semantic_assets.emulator.jobs.known_fields import REQUEST, Message, unknown

# At 768 dimensions a group is about 600 kB of JSON and 15 ms of work.
_GROUP_SIZE = 64
_T = TypeVar("_T")


class MalformedInput(Exception):
    """The input as a whole cannot be read; the batch ends FAILED with this message."""


#: `key` is written last
_NOT_ECHOED = frozenset({"key", "request", "response", "error", "status"})


@dataclass(frozen=True, slots=True)
class Line:
    """One request, and the fields by which its answer is told apart."""

    echo: Mapping[str, Any]
    request: Mapping[str, Any]

    @property
    def key(self) -> str | None:
        """The key a client matches the answer by, wherever it put it."""
        key = self.echo.get("key")
        if key is None and isinstance(self.echo.get("metadata"), dict):
            key = self.echo["metadata"].get("key")
        return key


def read_lines(path: Path, kind: Kind, *, is_inlined: bool) -> Iterator[Line]:
    """Yield the requests of a stored input; blank lines are none.

    Raises:
        MalformedInput: at the first line that is not a request.
    """
    known = REQUEST[kind]
    with path.open("rb") as stored:
        for number, raw in enumerate(stored, start=1):
            if raw.strip():
                yield _decode_line(raw, number, known, is_inlined=is_inlined)


def _decode_line(raw: bytes, number: int, known: Message, *, is_inlined: bool) -> Line:
    try:
        message = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise MalformedInput(f"Failed to parse line {number} of the input: {error}") from error
    request = message.get("request") if isinstance(message, dict) else None
    if not isinstance(request, dict):
        raise MalformedInput(f"Line {number} of the input has no request.")
    # A field the API does not know fails the whole job (ISSUE inspect_ai 3273).
    for name, _ in unknown(request, known):
        raise MalformedInput(f"Line {number} of the input: no such field: {name!r}")
    echo = _echo(message)
    if not is_inlined and not echo.keys() & {"key", "metadata"}:
        raise MalformedInput(f"Line {number} of the input has no key.")
    return Line(echo, request)


def _echo(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the answer repeats of a line: its key last, its arrays empty (go-genai 513)."""
    echo = {
        name: [] if isinstance(value, list) else value
        for name, value in message.items()
        if name not in _NOT_ECHOED
    }
    return echo | ({"key": message["key"]} if "key" in message else {})


def groups(lines: Iterable[_T]) -> Iterator[list[_T]]:
    """Yield the lines in groups."""
    iterator = iter(lines)
    while group := list(islice(iterator, _GROUP_SIZE)):
        yield group


def encode_inlined(requests: list[Any]) -> Iterator[bytes]:
    """Yield inlined requests as lines, so that both kinds of input are kept alike."""
    for request in requests:
        yield wire.encode(request) + b"\n"


def content_text(content: Any) -> str | None:
    """Return the text of a Content; None if a part is anything but text."""
    parts = content.get("parts") if isinstance(content, dict) else None
    if not isinstance(parts, list):
        return ""
    texts = [part["text"] for part in parts if _is_text(part)]
    return " ".join(texts) if len(texts) == len(parts) else None


def _is_text(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("text"), str)
