"""A digest for each row of an Arrow batch, at the speed of copying it.

Rows become bytes column by column and are then joined, so that Python runs once a row and not once
a cell. The lengths of the cells follow them: no two rows become the same bytes.
"""

from itertools import pairwise
from typing import Any

from semantic_assets.parsing.records import signature_of


def row_signatures(batch: Any) -> list[str | None]:
    """Return the signature of each row; all None if a column has no plain form (nested ones)."""
    import pyarrow as pa

    try:
        rows = _as_bytes(batch)
    except (pa.ArrowException, MemoryError):
        return [None] * batch.num_rows
    salt = repr([*zip(batch.schema.names, map(str, batch.schema.types), strict=True)]).encode()
    head = signature_of(salt).encode()
    view = memoryview(rows.buffers()[2] or b"")
    edges = _offsets(rows)
    return [signature_of(view[first:last], head) for first, last in pairwise(edges)]


def _as_bytes(batch: Any) -> Any:
    """Return one large_binary value per row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = [_plain(column) for column in batch.columns]
    lengths = [
        pc.cast(pc.cast(pc.binary_length(cell), pa.string()), pa.large_binary()) for cell in cells
    ]
    separator = pa.scalar(b"\x1f", pa.large_binary())
    return pc.binary_join_element_wise(
        *cells, *lengths, separator, null_handling="replace", null_replacement=b""
    )


def _plain(column: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as types

    if types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    if types.is_temporal(column.type):
        column = _counted(column)  # as text, a time would need a zone that is known here
    is_bytes = types.is_large_binary(column.type) or types.is_binary(column.type)
    if not (is_bytes or types.is_string(column.type) or types.is_large_string(column.type)):
        column = pc.cast(column, pa.string())
    return pc.cast(column, pa.large_binary())


def _counted(column: Any) -> Any:
    import pyarrow as pa

    return column.view(pa.int32() if column.type.bit_width == 32 else pa.int64())


def _offsets(rows: Any) -> list[int]:
    import numpy as np

    found: list[int] = np.frombuffer(rows.buffers()[1], dtype=np.int64)[
        rows.offset : rows.offset + len(rows) + 1
    ].tolist()
    return found
