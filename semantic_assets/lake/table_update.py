"""Write a table from rows that it keeps and new ones: as an amendment beside it, or whole."""

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pyarrow as pa

from semantic_assets.lake import layout
from semantic_assets.lake.lake import Lake
from semantic_assets.lake.layered_table import (
    AFTER,
    DEAD,
    LAYER,
    LayeredTable,
    Opened,
    Rows,
    layer_of,
)
from semantic_assets.lake.table_file import TableFile
from semantic_assets.lake.table_rows import TableRows

#: Each is a file to open: with more the table is written anew.
MAX_AMENDMENTS = 16
_MAX_DEAD_SHARE = 0.25


class TableUpdate:
    """A table that is being written.

    Args:
        file: gets the new rows alone if it amends the present table, else all rows.
        previous: the present table, or one without rows.
    """

    def __init__(self, file: TableFile, previous: TableRows, *, amends: bool) -> None:
        self.rows = 0
        #: The fingerprint of all rows; whoever writes them sets it at the end.
        self.fingerprint = ""
        #: Whether the table is better written anew: too many amendments, or too many dead rows.
        self.is_due = False
        #: The file's own metadata, which may grow until the end.
        self.metadata = file.metadata
        self._file, self._previous, self._amends = file, previous, amends
        self._kept: list[tuple[int, int]] = []

    @property
    def amends(self) -> bool:
        """Whether rows that are kept stay where they are."""
        return self._amends

    def keep(self, first: int, count: int) -> None:
        """Keep rows of the present table; each at most once."""
        if self._amends:
            self.rows += count
            self._kept.append((first, count))
            return
        for piece in self._previous.rows(first, count):
            self.write(piece)

    def write(self, rows: pa.Table | pa.RecordBatch) -> None:
        self.rows += rows.num_rows
        self._file.write(rows)

    def chained(self, digest: str, of: str) -> str:
        """Return the fingerprint of all rows, from that of the new ones and `of` the present table.

        A table of which nothing changed keeps its fingerprint.
        """
        if not self._amends:
            return digest
        dead = self._dead()
        if not len(dead) and not self._file.rows:
            return of
        return blake2b(
            f"{of}\x1f{digest}\x1f".encode() + dead.tobytes(), digest_size=16
        ).hexdigest()

    def close(self, *, can_be_amended: bool, from_bytes: int) -> None:
        """Write into the footer what an amendment amends, or that a base may be amended."""
        if not self._amends:
            if can_be_amended and self._file.path.stat().st_size >= from_bytes:
                self.metadata[LAYER] = uuid.uuid4().hex
            return
        present: Opened | LayeredTable = self._previous.file
        dead = self._dead()
        is_layered = isinstance(present, LayeredTable)
        places = present.places(dead) if is_layered else {"0": dead.tolist()}
        before = layer_of(present.metadata.metadata) or b""
        self.metadata |= {LAYER: uuid.uuid4().hex, AFTER: before.decode()}
        self.metadata[DEAD] = json.dumps(places, separators=(",", ":"))
        self.is_due = _is_due(self.rows, present, self._file.rows)

    def _dead(self) -> Rows:
        """Return the rows of the present table that were not kept."""
        is_dead = np.ones(len(self._previous), np.bool_)
        for first, count in self._kept:
            is_dead[first : first + count] = False
        return np.flatnonzero(is_dead)


@contextmanager
def updating(
    lake: Lake,
    path: str,
    schema: pa.Schema,
    metadata: Mapping[str, str],
    previous: TableRows,
    *,
    amends_from: int,
    whole: bool,
) -> Iterator[TableUpdate]:
    """Write a table from rows of its present file and new ones; a reader sees the old or the new.

    Args:
        previous: the present table, or one without rows.
        amends_from: bytes from which a table is amended by amendments, not written anew.
        whole: write it anew in any case, as most of it is new.
    """
    number = 0 if whole else _next_amendment(previous.file, schema)
    name = layout.amendment(path, number) if number else path
    with lake.replacing(name) as temporary:
        file = TableFile(temporary, schema, dict(metadata))
        update = TableUpdate(file, previous, amends=bool(number))
        try:
            yield update
            update.close(can_be_amended=lake.bucket is None, from_bytes=amends_from)
        finally:
            file.close()
    if not number:
        lake.drop_amendments(path)


def amended_tables(lake: Lake, folder: str) -> list[str]:
    """List the tables below a folder that have amendments."""
    if not layout.is_amended(folder):
        return []
    found = (layout.amended_by(name) for name, _ in lake.below(folder))
    return list(dict.fromkeys(path for path in found if path))


def compact(lake: Lake, path: str) -> bool:
    """Write a table that has amendments as one file of the same rows; False: it has none.

    Its fingerprint stays. Only the holder of its shard's lease may do so.
    """
    with lake.open(path) as table:
        if not isinstance(table, LayeredTable):
            return False
        with lake.replacing(path) as temporary:
            _write_base(temporary, table)
    lake.drop_amendments(path)
    return True


def _is_due(live: int, table: Opened | LayeredTable, new: int) -> bool:
    """Say whether a table with one more amendment is better written anew."""
    if not isinstance(table, LayeredTable):
        physical, amendments = table.metadata.num_rows + new, 1
    else:
        physical, amendments = table.physical_rows + new, table.amendments + 1
    return amendments >= MAX_AMENDMENTS or live < physical * (1 - _MAX_DEAD_SHARE)


def _next_amendment(present: Opened | LayeredTable | None, schema: pa.Schema) -> int:
    """Return the number of the next amendment of a table; 0: it cannot be amended."""
    if present is None or layer_of(present.metadata.metadata) is None:
        return 0
    if not present.schema_arrow.equals(schema):
        return 0
    return 1 + (present.amendments if isinstance(present, LayeredTable) else 0)


def _write_base(path: Path, table: LayeredTable) -> None:
    """Write the live rows as a base of its own, with the table's metadata."""
    stored = table.metadata.metadata.items()
    kept = {key.decode(): value.decode() for key, value in stored if not key.startswith(b"ARROW")}
    file = TableFile(path, table.schema_arrow.remove_metadata(), kept | {LAYER: uuid.uuid4().hex})
    for group in range(table.num_row_groups):
        file.write(table.read_row_group(group))
    file.close()
