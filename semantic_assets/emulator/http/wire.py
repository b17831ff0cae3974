"""Proto-JSON as Google speaks it: both spellings of a field, times, page tokens.

Not here: what a field means.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from semantic_assets.emulator.http.errors import invalid_argument

_CAPITAL = re.compile(r"[A-Z]")


def snake(name: str) -> str:
    """Return the snake_case spelling of a field."""
    return _CAPITAL.sub(lambda match: "_" + match.group().lower(), name)


def spellings(names: Iterable[str]) -> frozenset[str]:
    """Return field names in camelCase and in snake_case."""
    camel = list(names)
    return frozenset(camel) | frozenset(map(snake, camel))


def field(message: Mapping[str, Any], name: str) -> Any:
    """Return a field given in camelCase, or in the snake_case the SDK sends for some."""
    value = message.get(name)
    return message.get(snake(name)) if value is None else value


def message_field(message: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a field that holds a message; an absent one is empty.

    Raises:
        GoogleError: the field holds something else.
    """
    value = field(message, name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid_argument(f"Invalid value at '{name}': expected a message.")
    return value


def decode_message(body: bytes) -> Mapping[str, Any]:
    """Decode a request body; an empty one is an empty message."""
    if not body:
        return {}
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise invalid_argument(f"Invalid JSON payload received. {error}") from error
    if not isinstance(message, dict):
        raise invalid_argument("Invalid JSON payload received. Root element must be a message.")
    return message


def encode(message: Any) -> bytes:
    """Encode a message; a row of a matrix becomes a list of numbers, eight or nine digits each."""
    return orjson.dumps(message, option=orjson.OPT_SERIALIZE_NUMPY)


def timestamp(seconds: float) -> str:
    """Format a time as RFC 3339 with nine decimals, as live replies have (third-party reports)."""
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}000Z"


def counts(**numbers: int) -> dict[str, str]:
    """Return int64 fields as strings, without zeros."""
    return {name: str(number) for name, number in numbers.items() if number}


def page_token(sequence: int) -> str:
    """Return an opaque token for the page that starts below `sequence`."""
    return base64.urlsafe_b64encode(b"p%d" % sequence).decode()


def decode_page_token(token: str | None) -> int | None:
    """Return the sequence number a page starts below; None for the first page."""
    if not token:
        return None
    try:
        return int(base64.urlsafe_b64decode(token)[1:])
    except (ValueError, binascii.Error) as error:
        raise invalid_argument("The provided page token is invalid.") from error


def page_size(text: str | None, *, default: int, limit: int) -> int:
    """Parse a page size; 0 means the default, and too much is refused (guess: live may cut it)."""
    try:
        size = int(text or 0)
    except ValueError as error:
        raise invalid_argument(f"Invalid value at 'page_size': {text!r}") from error
    if size < 0:
        raise invalid_argument("page_size must not be negative.")
    if size > limit:
        raise invalid_argument(f"page_size must not be over {limit}, got {size}.")
    return size or default


#: what every method takes beside its own parameters
_COMMON_PARAMETERS = frozenset({"alt", "key", "fields", "prettyPrint", "$alt", "$prettyPrint"})


def require_parameters(query: Mapping[str, str], *names: str) -> None:
    """Refuse parameters of a query that the method does not have.

    Raises:
        GoogleError: 400, as Google words it.
    """
    if unknown := query.keys() - spellings(names) - _COMMON_PARAMETERS:
        name = min(unknown)
        raise invalid_argument(
            f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter. '
            f"Field '{name}' could not be found in request message."
        )
