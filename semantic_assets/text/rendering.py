"""Answers of a task as text, to embed with a document or in place of a media file."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

_STARTS = ("start", "timestamp", "time")


def parsed(output: str) -> Any:
    """Return the parsed JSON, or the text itself if it is not JSON."""
    try:
        return orjson.loads(output)
    except orjson.JSONDecodeError:
        return output


def as_text(value: Any) -> str:
    """Render a value as text: lists of words with commas, time-stamped parts under headings."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, Mapping):
        return "\n\n".join(filter(None, map(as_text, value.values())))
    if isinstance(value, Sequence):
        return _list(value)
    return "" if value is None else str(value)


def _list(values: Sequence[Any]) -> str:
    if any(isinstance(value, Mapping) for value in values):
        return "\n\n".join(filter(None, map(_part, values)))
    return ", ".join(filter(None, map(as_text, values)))


def _part(value: Any) -> str:
    """Render a part under a heading of its time, which its chunks keep, so a hit tells the time."""
    if not isinstance(value, Mapping):
        return as_text(value)
    start = next((str(value[name]) for name in _STARTS if value.get(name) is not None), None)
    rest = {name: inner for name, inner in value.items() if name not in _STARTS}
    if start is None:
        return " ".join(filter(None, map(as_text, rest.values())))
    return f"## {start}\n\n{as_text(rest)}"


def chosen_text(output: str, fields: Sequence[str]) -> str:
    """Render these fields of an answer, or all of it if none are named."""
    value = parsed(output)
    if fields and isinstance(value, Mapping):
        return as_text({name: value[name] for name in fields if name in value})
    return as_text(value)
