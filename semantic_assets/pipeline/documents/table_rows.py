"""Read rows of a table file by number, decoding one row group at a time without copies."""

from collections import OrderedDict

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from semantic_assets.lake.lake import row_group_starts

_KEPT_GROUPS = 4


class TableRows:
    """An open table file, or none, which has no rows."""

    def __init__(self, file: pq.ParquetFile | None, schema: pa.Schema) -> None:
        self._file, self._schema = file, schema
        self._groups: OrderedDict[int, pa.Table] = OrderedDict()
        self._decoded = 0
        self._starts = np.zeros(1, np.int64) if file is None else row_group_starts(file)

    def rows(self, first: int, count: int) -> list[pa.Table]:
        """Return `count` rows from `first` on, one piece per row group."""
        found, last = [], first + count
        while first < last:
            group = int(np.searchsorted(self._starts, first, side="right")) - 1
            piece = self._group(group).slice(first - int(self._starts[group]), last - first)
            found.append(piece)
            first += piece.num_rows
        return found

    def columns(self, names: list[str]) -> pa.Table:
        """Return whole columns; meant for small ones."""
        if self._file is None:
            return self._schema.empty_table().select(names)
        return self._file.read(columns=names, use_threads=False)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _group(self, number: int) -> pa.Table:
        """Decode a row group; keep it for a while if rows come in order, and for good if not."""
        if number in self._groups:
            self._groups.move_to_end(number)
            return self._groups[number]
        assert self._file is not None
        self._decoded += 1
        if len(self._groups) >= _KEPT_GROUPS and self._decoded <= 2 * self._file.num_row_groups:
            self._groups.popitem(last=False)
        table = self._file.read_row_group(number, use_threads=False)
        self._groups[number] = table.cast(self._schema)
        return self._groups[number]
