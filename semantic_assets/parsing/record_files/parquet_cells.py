"""Cells of Arrow columns as Python values; a value that Python lacks is given as Arrow writes it.

Python has no nanoseconds, no year 10000 and no time zone that this machine does not know.
"""

from collections.abc import Iterator
from typing import Any

from semantic_assets.parsing.record_files.column_names import unique_names


def rows_of(batch: Any) -> Iterator[dict[str, Any]]:
    """Yield the rows of a batch by the names of its columns, of which each stands once."""
    names = unique_names(batch.schema.names)
    for values in zip(*map(_cells, batch.columns), strict=True):
        yield dict(zip(names, values, strict=True))


def _cells(column: Any) -> list[Any]:
    try:
        cells: list[Any] = column.to_pylist()
    except _refusals():
        return [_cell(scalar) for scalar in column]
    return cells


def _refusals() -> tuple[type[Exception], ...]:
    import pyarrow as pa

    # LookupError: a time zone without a name here.
    return (ValueError, OverflowError, LookupError, pa.ArrowException)


def _cell(scalar: Any) -> Any:
    import pyarrow as pa

    try:
        return scalar.as_py()
    except _refusals():
        pass
    if isinstance(scalar, pa.StructScalar):
        return {name: _cell(inner) for name, inner in scalar.items()}
    if isinstance(scalar, pa.MapScalar):
        return [tuple(_cell(inner) for inner in pair.values()) for pair in scalar.values]
    if isinstance(scalar, pa.ListScalar):
        return [_cell(inner) for inner in scalar.values]
    if isinstance(scalar, (pa.DictionaryScalar, pa.ExtensionScalar)):
        return _cell(scalar.value)
    if isinstance(scalar, (pa.StringScalar, pa.StringViewScalar)):
        return scalar.as_buffer().to_pybytes().decode(errors="surrogateescape")
    return _written(scalar)


def _written(scalar: Any) -> str:
    import pyarrow as pa
    import pyarrow.types as types

    kind = scalar.type
    if types.is_duration(kind):
        return f"{scalar.value} {kind.unit}"
    try:
        return str(scalar.cast(pa.string()).as_py()).replace(" ", "T")
    except _refusals():
        if not types.is_timestamp(kind):
            return str(scalar)
    in_utc = pa.scalar(scalar.value, pa.timestamp(kind.unit)).cast(pa.string())
    return f"{str(in_utc.as_py()).replace(' ', 'T')}Z"
