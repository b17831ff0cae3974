"""Values of JSON text, its numbers as they are written, and what is nearly JSON where it is plain.

A byte that does not decode becomes a surrogate, which costs its character and not the file.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, cast

from semantic_assets.parsing.record_files.column_names import unique_names
from semantic_assets.parsing.record_files.values import Number
from semantic_assets.parsing.records import Unreadable

#: Strings are taken first, so that what is in them stays; then comments, and commas before an end.
_EXTRAS = re.compile(r'("(?:[^"\\]|\\.)*+"?)|//[^\n]*|/\*.{0,10000}?\*/|,(?=\s*+[}\]])', re.DOTALL)
#: Between values: also the separator of RFC 7464, a byte order mark, and the comma of an array.
_AROUND = "\ufeff\x1e \t\r\n,"
_BETWEEN = re.compile("[\\s,\x1e\ufeff]*+")
_NEXT_OBJECT = re.compile(r"(?:\n|(?<=\}),)[ \t]{0,20}(?=\{)")
#: A file with more broken values is not what it seems; each may have been searched to its end.
_MOST_BROKEN = 100


class NotJson(Unreadable):
    """This text is no value of JSON."""


class Doubled(dict[str, Any]):
    """An object of whose names some stand twice."""


def parse(source: bytes | str) -> Any:
    """Return the one value of JSON text.

    Raises:
        Unreadable: it is no JSON, not one value, or nested too deeply.
    """
    # Imported late, like all third-party readers here: a corpus without JSON does not need it.
    import orjson

    try:
        value = orjson.loads(source)
    except orjson.JSONDecodeError as error:
        return _parsed_leniently(_text(source), error)
    try:
        return _exact(_text(source)) if _is_inexact(source, value) else value
    except ValueError:  # what the two parsers do not agree on is rare, and no reason to lose it
        return value


def parse_each(source: bytes | str) -> Iterator[tuple[int, Any]]:
    """Yield each value of a text of several, or of an array, with the number of its first line.

    An Unreadable stands for what is no value; reading goes on at the next object after it.
    """
    text, position, line, broken = _without_brackets(_text(source)), 0, 1, 0
    while True:
        start = _after(text, position)
        line += text.count("\n", position, start)
        if start >= len(text):
            return
        try:
            value, position = _DECODER.raw_decode(text, start)
            yield line, value
        except (ValueError, RecursionError) as error:
            broken += 1
            yield line, NotJson(f"not valid JSON: {error}: correct it")
            following = _NEXT_OBJECT.search(text, start)
            if following is None or broken >= _MOST_BROKEN:
                return
            position = following.start()
        line += text.count("\n", start, position)


def _without_brackets(text: str) -> str:
    if not text.startswith("[", _after(text, 0)):
        return text
    return text.replace("[", " ", 1).rstrip().removesuffix("]")


def is_part(first: bytes = b"", second: bytes = b"") -> bool:
    """Return whether a file's first line is not one value: an array, several, or the begin of one.

    A line that is cut off has a sound one behind it.
    """
    text = _text(first).strip(_AROUND)
    if text.startswith("["):
        return True
    error = _fault(text)
    if error is None or not text.startswith("{"):
        return False
    if error.msg == "Extra data":
        return True
    return error.pos >= len(text) and _fault(_text(second).strip(_AROUND)) is not None


def _fault(text: str) -> json.JSONDecodeError | None:
    try:
        _DECODER.decode(text)
    except json.JSONDecodeError as error:
        return error
    except (ValueError, RecursionError):
        return None
    return None


def _after(text: str, position: int) -> int:
    found = _BETWEEN.match(text, position)
    return found.end() if found else position


def _text(source: bytes | str) -> str:
    return source if isinstance(source, str) else source.decode(errors="surrogateescape")


def _exact(text: str) -> Any:
    return _DECODER.decode(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    names = unique_names([name for name, _ in pairs])
    return Doubled(zip(names, (value for _, value in pairs), strict=True))


#: Python's NaN is read, and a line break in a string.
_DECODER = json.JSONDecoder(
    parse_float=cast(Any, Number),
    parse_int=cast(Any, Number),
    object_pairs_hook=_object,
    strict=False,
)


def _parsed_leniently(text: str, refusal: ValueError) -> Any:
    try:
        return _exact(text.strip(_AROUND))
    except RecursionError as error:
        raise Unreadable("JSON is nested too deeply: flatten it") from error
    except ValueError:
        plain = _EXTRAS.sub(lambda found: found[1] or "", text)
    try:
        return _exact(plain.strip())
    except RecursionError as error:
        raise Unreadable("JSON is nested too deeply: flatten it") from error
    except ValueError as error:
        raise NotJson(f"not valid JSON: {refusal}: correct it") from error


def _is_inexact(source: bytes | str, value: Any) -> bool:
    """Return whether the fast parser may have rounded a number, or left out a name of two."""
    if type(value) is not dict and type(value) is not list:
        return isinstance(value, float)
    names, nested = 0, [value]
    for held in nested:
        names += len(held) * (type(held) is dict)
        for one in held.values() if type(held) is dict else held:
            kind = type(one)
            if kind is float:
                return True
            if kind is dict or kind is list:
                nested.append(one)
    return names < _colons(source)


def _colons(source: bytes | str) -> int:
    if isinstance(source, str):
        return source.count('":') + source.count('" :')
    return source.count(b'":') + source.count(b'" :')
