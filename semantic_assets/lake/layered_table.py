"""A table as its base file and the amendments that amend it, read as one table.

A large table is not written again for a small change. An amendment is a file beside the base: it holds
new rows, and in its footer the numbers of the rows before it that no longer count. It names the
layer it was written upon: what was written upon another file of that name counts for nothing, as
after a new base, or where a writer that slept replaced an amendment after its lease was lost.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from semantic_assets.lake import layout

#: Key in a layer's metadata: its own name, given when it was written.
LAYER = "semantic_assets.layer"
#: Key in an amendment's metadata: the name of the layer before it.
AFTER = "semantic_assets.after"
#: Key in an amendment's metadata: the numbers of dead rows, for each layer before it.
DEAD = "semantic_assets.dead"
_ROWS_AT_ONCE = 4_096
Rows = npt.NDArray[np.int64]
Opened: TypeAlias = pq.ParquetFile


@dataclass(frozen=True, slots=True)
class _Layer:
    """The base or an amendment, with the rows that still count; None: all of them."""

    file: Opened
    live: npt.NDArray[np.bool_] | None

    @property
    def rows(self) -> Rows:
        count = self.file.metadata.num_rows
        return np.arange(count) if self.live is None else np.flatnonzero(self.live)


@dataclass(frozen=True, slots=True)
class _Group:
    """A row group of a layer."""

    layer: _Layer
    number: int
    live: npt.NDArray[np.bool_] | None

    @property
    def num_rows(self) -> int:
        if self.live is not None:
            return int(self.live.sum())
        return int(self.layer.file.metadata.row_group(self.number).num_rows)

    def column(self, place: int) -> Any:
        """Return the metadata of a column; its statistics include dead rows."""
        return self.layer.file.metadata.row_group(self.number).column(place)

    def read(self, columns: Sequence[str] | None) -> pa.Table:
        table = self.layer.file.read_row_group(self.number, columns, use_threads=False)
        return table if self.live is None else table.filter(pa.array(self.live))

    def batches(self, rows: int, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        start = 0
        found = self.layer.file.iter_batches(rows, [self.number], columns, use_threads=False)
        for batch in found:
            live = None if self.live is None else self.live[start : start + len(batch)]
            start += len(batch)
            held = batch if live is None else batch.filter(pa.array(live))
            if len(held):
                yield held


@dataclass(frozen=True, slots=True)
class _Metadata:
    """What `ParquetFile.metadata` tells, of the live rows."""

    metadata: Mapping[bytes, bytes]
    groups: tuple[_Group, ...]

    @property
    def num_rows(self) -> int:
        return sum(group.num_rows for group in self.groups)

    @property
    def num_row_groups(self) -> int:
        return len(self.groups)

    def row_group(self, number: int) -> _Group:
        return self.groups[number]


class LayeredTable:
    """The live rows of a base and its amendments; it is read like a `ParquetFile`."""

    def __init__(self, files: Sequence[Opened]) -> None:
        dead = _dead_of(files)
        self._layers = [_layer(file, dead[number]) for number, file in enumerate(files)]
        groups = [group for layer in self._layers for group in _groups(layer)]
        last = {
            key: value
            for key, value in (files[-1].metadata.metadata or {}).items()
            if key not in (DEAD.encode(), AFTER.encode())
        }
        self.metadata = _Metadata(last, tuple(groups))
        self.schema_arrow = files[0].schema_arrow
        self.schema = files[0].schema

    @property
    def num_row_groups(self) -> int:
        return self.metadata.num_row_groups

    @property
    def amendments(self) -> int:
        return len(self._layers) - 1

    @property
    def physical_rows(self) -> int:
        return sum(layer.file.metadata.num_rows for layer in self._layers)

    @property
    def dead(self) -> list[list[int]]:
        """The rows of each layer that no longer count."""
        return [
            [] if layer.live is None else np.flatnonzero(~layer.live).tolist()
            for layer in self._layers
        ]

    def places(self, rows: Rows) -> dict[str, list[int]]:
        """Map each layer's number to the numbers that these rows have in its file."""
        of_layer = [layer.rows for layer in self._layers]
        layers = np.repeat(np.arange(len(of_layer)), [len(found) for found in of_layer])[rows]
        inside = np.concatenate(of_layer)[rows]
        return {
            str(number): np.sort(inside[layers == number]).tolist()
            for number in np.unique(layers).tolist()
        }

    def read(self, columns: Sequence[str] | None = None, *, use_threads: bool = False) -> pa.Table:
        """Return the live rows of all layers."""
        found = []
        for layer in self._layers:
            table = layer.file.read(columns, use_threads=use_threads)
            found.append(table if layer.live is None else table.filter(pa.array(layer.live)))
        return pa.concat_tables(found)

    def read_row_group(
        self, number: int, columns: Sequence[str] | None = None, *, use_threads: bool = False
    ) -> pa.Table:
        return self.metadata.groups[number].read(columns)

    def read_row_groups(
        self,
        numbers: Sequence[int],
        columns: Sequence[str] | None = None,
        *,
        use_threads: bool = False,
    ) -> pa.Table:
        if not numbers:
            return self._layers[0].file.read_row_groups([], columns)
        return pa.concat_tables(self.metadata.groups[number].read(columns) for number in numbers)

    def iter_batches(
        self,
        batch_size: int = _ROWS_AT_ONCE,
        row_groups: Sequence[int] | None = None,
        columns: Sequence[str] | None = None,
        *,
        use_threads: bool = False,
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches of live rows, none of them empty, each of one row group."""
        for number in range(self.num_row_groups) if row_groups is None else row_groups:
            yield from self.metadata.groups[number].batches(batch_size, columns)

    def close(self) -> None:
        for layer in self._layers:
            layer.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


Values = Mapping[bytes, bytes]
ValuesOf = Callable[[str, str], Values | None]


def open_table(
    path: str, open_file: Callable[[str, str], Opened | None], values_of: ValuesOf
) -> "Opened | LayeredTable | None":
    """Open a table with the amendments that amend it; None: there is no such table.

    Whoever writes the table anew replaces the base first and deletes its amendments then: if the base
    is still the same after the amendments were looked for, none of them was missed.

    Args:
        open_file: opens a file; the second path is what errors name. None: there is none.
        values_of: reads the metadata in a file's footer alike.
    """
    while True:
        base = open_file(path, path)
        if base is None:
            return None
        name = first = layer_of(base.metadata.metadata)
        files = [base]
        while name is not None:
            found = open_file(layout.amendment(path, len(files)), path)
            if found is None:
                break
            files.append(found)
            if _after(found.metadata.metadata) != name:
                files.pop().close()
                break
            name = layer_of(found.metadata.metadata)
        if first is None or layer_of(values_of(path, path)) == first:
            return base if len(files) == 1 else LayeredTable(files)
        for file in files:
            file.close()


def values_of_table(path: str, values_of: ValuesOf) -> Values | None:
    """Return the metadata of a table: that of its last amendment; None: there is no such table."""
    while True:
        last = base = values_of(path, path)
        name, number = layer_of(base), 1
        while name is not None:
            found = values_of(layout.amendment(path, number), path)
            if found is None or _after(found) != name:
                break
            last, name, number = found, layer_of(found), number + 1
        if layer_of(base) is None or layer_of(values_of(path, path)) == layer_of(base):
            return last


def drop_amendments(
    path: str, exists: Callable[[str], bool], delete: Callable[[str], None]
) -> None:
    """Delete the amendments of a table, the last one first: a crash leaves no gap."""
    number = 1
    while exists(layout.amendment(path, number)):
        number += 1
    for last in range(number - 1, 0, -1):
        delete(layout.amendment(path, last))


def with_amendments(
    found: dict[str, str], stamps: Callable[[list[str]], Mapping[str, str]]
) -> dict[str, str]:
    """Return the stamps of tables with those of their amendments."""
    for path in filter(layout.is_amended, list(found)):
        number = 1
        while more := stamps([name := layout.amendment(path, number)]):
            found[path], number = f"{found[path]} {more[name]}", number + 1
    return found


def layer_of(metadata: Values | None) -> bytes | None:
    """Return the name of a layer; None: it belongs to no table that can be amended."""
    return (metadata or {}).get(LAYER.encode())


def _after(metadata: Values | None) -> bytes | None:
    return (metadata or {}).get(AFTER.encode())


def _dead_of(files: Sequence[Opened]) -> list[Rows]:
    found: list[list[int]] = [[] for _ in files]
    for file in files[1:]:
        dead = json.loads((file.metadata.metadata or {}).get(DEAD.encode(), b"{}"))
        for layer, rows in dead.items():
            found[int(layer)] += rows
    return [np.asarray(rows, np.int64) for rows in found]


def _layer(file: Opened, dead: Rows) -> _Layer:
    if not len(dead):
        return _Layer(file, None)
    live = np.ones(file.metadata.num_rows, np.bool_)
    live[dead] = False
    return _Layer(file, live)


def _groups(layer: _Layer) -> Iterator[_Group]:
    start = 0
    for number in range(layer.file.metadata.num_row_groups):
        count = layer.file.metadata.row_group(number).num_rows
        live = None if layer.live is None else layer.live[start : start + count]
        start += count
        yield _Group(layer, number, None if live is None or live.all() else live)
