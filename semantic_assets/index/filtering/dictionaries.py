"""Columns that store each of their values once: rows of a document share its metadata."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


def encoded(column: pa.Array) -> pa.DictionaryArray:
    """Return a column with a dictionary of just its values: one cut out of others holds more."""
    if not isinstance(column, pa.DictionaryArray):
        return column.dictionary_encode()
    used = column.indices.unique().drop_null()
    found = column.dictionary.take(used).dictionary_encode()
    return found.take(pc.index_in(column.indices, used))


def stored_column(
    columns: pa.Table, name: str, live: npt.NDArray[np.int64] | None
) -> pa.Array | None:
    """Return a column of the live rows as it is stored; None: an earlier release did not write it."""
    if name not in columns.column_names:
        return None
    found = columns[name].combine_chunks()
    return found if live is None else found.take(pa.array(live))


def codes_of(column: pa.DictionaryArray) -> npt.NDArray[np.int32]:
    """Return for each row the place of its value in the dictionary; -1: it has none."""
    return np.asarray(column.indices.fill_null(-1).to_numpy(zero_copy_only=False))


def same_values(one: Any, other: Any) -> npt.NDArray[np.bool_]:
    """Say for each row whether two columns of one dictionary type agree; none is equal to none."""
    left, right = (
        column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        for column in (one, other)
    )
    # The place of each value of one dictionary in the other; -2: it is not there.
    place = pc.index_in(left.dictionary, right.dictionary).fill_null(-2).to_numpy()
    of_left = np.append(place, -1)[codes_of(left)]
    same: npt.NDArray[np.bool_] = of_left == codes_of(right)
    return same
