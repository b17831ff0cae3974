"""Values of records as text: numbers as they are written, dates in ISO, nested ones as JSON."""

import json
import math
import re
from collections.abc import Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from semantic_assets.parsing.records import Unreadable, encoded_size

#: Half of a character of JSON, or a byte that is no character: neither can be stored.
_UNDECODABLE = re.compile("[\ud800-\udfff]")
#: Where more than one character in so many is lost, the rest is no text either.
_LOST_IN = 5
_BINARY = "the text holds NUL characters: it is binary, not text"


class Number(str):
    """A number as it is written in its file: a float would round an id of 40 digits."""

    __slots__ = ()


def whole_text(text: str, name: str, said: list[str]) -> str:
    """Return a text without what cannot be stored; `said` gets what that was.

    Raises:
        Unreadable: too little of it would be left.
    """
    if "\0" not in text and (text.isascii() or _is_whole(text)):
        return text
    found, lost = _UNDECODABLE.subn("\ufffd", text.replace("\0", ""))
    nuls = text.count("\0")
    is_noise = lost + nuls > 1 and (lost + nuls) * _LOST_IN > len(text)
    if is_noise or not found.strip("\ufffd \t\r\n"):
        if nuls > lost:
            raise Unreadable(_BINARY)
        encoded_size(text)
    if lost:
        said.append(f"{lost} in column '{name}' cannot be decoded and is U+FFFD now: save as UTF-8")
    if nuls:
        said.append(f"{nuls} NUL in column '{name}' is left out: write the text without it")
    return found


def optional_text(value: object, name: str, said: list[str]) -> str | None:
    """Return a cell as text, None if it is empty or cannot be text, which is said."""
    if value is None:
        return None
    try:
        text = value if isinstance(value, str) else _as_text(value)
        return whole_text(text, name, said).strip() or None
    except RecursionError:
        said.append(f"column '{name}' is left out: it is nested too deeply, flatten it")
    except Unreadable as error:
        said.append(f"column '{name}' is left out: {error}")
    return None


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _as_text(value: object) -> str:
    if type(value) is int:
        return str(value)
    if isinstance(value, bytes):
        return _decoded(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, float) and math.isnan(value):
        return ""  # pandas writes a missing number so
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (timedelta, UUID)):
        return str(value)
    return _as_json(value)


def _as_json(value: Any) -> str:
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, Mapping):
        pairs = [f"{_as_json(str(name))}: {_as_json(held)}" for name, held in value.items()]
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join([_as_json(held) for held in value])}]"
    if isinstance(value, (str, int, float)) or value is None:
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(_nested(value), ensure_ascii=False)


def _nested(value: Any) -> str:
    if isinstance(value, bytes):
        try:
            return _decoded(value)
        except Unreadable:
            return f"{len(value)} bytes"
    return _as_text(value) if isinstance(value, (date, time, Decimal)) else str(value)


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(f"its {len(value)} bytes are no text: write it as UTF-8") from error
