"""Names of columns that lead into a value: `payload.body` is `body` in the object `payload`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

#: What stands where a row has no such column; None is a value.
MISSING: Final = object()
#: Objects in objects beyond this depth are no columns of their own.
_DEPTH = 4


def value_of(row: Mapping[str, Any], name: str) -> Any:
    """Return the value of a column, or of a dotted name into it; MISSING if there is none.

    A name that leads through a list takes the element of that number, or the values of all.
    """
    return row[name] if name in row else _within(row, name)


def root_of(present: Mapping[str, Any] | Sequence[str], name: str) -> str:
    """Return the column that a name leads into: itself, or what stands before a dot."""
    return name if name in present else name.partition(".")[0]


def without(value: Any, path: str) -> Any:
    """Return a nested value without what is at a path; None if nothing is left."""
    if not isinstance(value, dict):
        return value
    if path in value:
        return {name: held for name, held in value.items() if name != path} or None
    head, _, rest = path.partition(".")
    if not rest or head not in value:
        return value
    inner = without(value[head], rest)
    return {
        name: inner if name == head else held
        for name, held in value.items()
        if name != head or inner is not None
    } or None


def leaves(row: Mapping[str, Any], depth: int = _DEPTH) -> Iterator[tuple[str, Any]]:
    """Yield the values of a row that are no objects, under their dotted names."""
    for name, value in row.items():
        if isinstance(value, Mapping) and depth:
            yield from ((f"{name}.{inner}", held) for inner, held in leaves(value, depth - 1))
        else:
            yield str(name), value


def _within(value: Any, path: str) -> Any:
    if isinstance(value, list):
        return _within_list(value, path)
    if not isinstance(value, Mapping):
        return MISSING
    if path in value:
        return value[path]
    head, _, rest = path.partition(".")
    return _within(value[head], rest) if rest and head in value else MISSING


def _within_list(value: list[Any], path: str) -> Any:
    if value and all(isinstance(item, tuple) and len(item) == 2 for item in value):
        return _within(dict(value), path)  # a map of Parquet
    head, _, rest = path.partition(".")
    if head.isdecimal():
        item = value[int(head)] if int(head) < len(value) else MISSING
        return _within(item, rest) if rest else item
    found = [held for item in value if (held := _within(item, path)) is not MISSING]
    return found or MISSING
