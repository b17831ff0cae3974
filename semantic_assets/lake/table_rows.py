"""Read rows of a table file by number, decoding one row group at a time without copies."""

from collections import OrderedDict

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

#: Key in a table's metadata: the fingerprint of its content, as the ledger has it.
FINGERPRINT = b"semantic_assets.fingerprint"
_KEPT_GROUPS = 4


class TableRows:
    """An open table, or none, which has no rows."""

    def __init__(self, file: pq.ParquetFile | None, schema: pa.Schema) -> None:
        self.file, self._schema = file, schema
        self._groups: OrderedDict[int, pa.Table] = OrderedDict()
        self._decoded = 0
        self._starts = np.zeros(1, np.int64) if file is None else row_group_starts(file)

    def __len__(self) -> int:
        return int(self._starts[-1])

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
        if self.file is None:
            return self._schema.empty_table().select(names)
        return self.file.read(columns=names, use_threads=False)

    def close(self) -> None:
        if self.file is not None:
            self.file.close()

    def _group(self, number: int) -> pa.Table:
        """Decode a row group; keep it for a while if rows come in order, and for good if not."""
        if number in self._groups:
            self._groups.move_to_end(number)
            return self._groups[number]
        assert self.file is not None
        self._decoded += 1
        if len(self._groups) >= _KEPT_GROUPS and self._decoded <= 2 * self.file.num_row_groups:
            self._groups.popitem(last=False)
        table = self.file.read_row_group(number, use_threads=False)
        self._groups[number] = table.cast(self._schema)
        return self._groups[number]


def row_group_starts(file: pq.ParquetFile) -> npt.NDArray[np.int64]:
    """Return the number of each row group's first row, then the count of all rows."""
    groups = range(file.metadata.num_row_groups)
    return np.cumsum([0, *(file.metadata.row_group(group).num_rows for group in groups)])


def fingerprint_of(file: pq.ParquetFile) -> str:
    """Return the fingerprint in an open table's metadata; empty if it has none."""
    found: bytes = (file.metadata.metadata or {}).get(FINGERPRINT, b"")
    return found.decode()


def count_value(file: pq.ParquetFile, column: str, value: str) -> int:
    """Count an open table's rows with a value; mostly the footer tells that there are none."""
    leaves = range(len(file.schema))
    place = next(leaf for leaf in leaves if file.schema.column(leaf).path == column)
    groups = [
        group
        for group in range(file.metadata.num_row_groups)
        if _may_hold(file.metadata.row_group(group).column(place).statistics, value)
    ]
    held = file.read_row_groups(groups, [column], use_threads=False)[column]
    return sum(item == value for item in held.to_pylist())


def _may_hold(statistics: pq.Statistics | None, value: str) -> bool:
    if statistics is None or not statistics.has_min_max:
        return True
    return bool(statistics.min <= value <= statistics.max)
