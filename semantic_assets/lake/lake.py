"""Files of the lake: read by their footer, written whole or not at all."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from semantic_assets.lake.folder import Folder
from semantic_assets.lake.objects import Objects
from semantic_assets.lake.table_file import TableFile
from semantic_assets.objects.bucket import Bucket

#: Key in a Parquet file's metadata: what the file's content is, for the ledger to agree with.
FINGERPRINT = b"semantic_assets.fingerprint"
#: And what it was made of.
INPUT = "semantic_assets.input"
_BUFFER_BYTES = 1 << 20
_OPENINGS = 3
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Lake:
    """Files by their path below a root, as `layout` gives them: in a folder, or in a bucket.

    `root` is a folder of this machine: the lake itself, or what is kept here of one in a bucket.
    """

    root: Path
    bucket: Bucket | None = None
    _place: Folder | Objects = field(init=False, repr=False)

    def __post_init__(self) -> None:
        place = Folder(self.root) if self.bucket is None else Objects(self.bucket, self.root)
        object.__setattr__(self, "_place", place)

    @property
    def shown(self) -> str:
        """Where the lake is."""
        return str(self.root) if self.bucket is None else self.bucket.url

    def address(self, relative: str) -> str:
        """Where a file of it is, for people to read."""
        return f"{self.shown}/{relative}"

    def path(self, relative: str) -> Path:
        """A path of this machine: of a file of the lake only where that is in a folder."""
        return self.root / relative

    def exists(self, relative: str) -> bool:
        return self._place.size(relative) is not None

    def size(self, relative: str) -> int:
        """In bytes; 0 where there is no such file."""
        return self._place.size(relative) or 0

    def names(self, directory: str) -> list[str]:
        """Names of the finished Parquet files of one directory, sorted."""
        return sorted(name for name in self._place.inside(directory)[1] if _is_finished(name))

    def etags(self, directory: str, only: str | None = None) -> dict[str, str]:
        """Of the finished Parquet files of one directory, or one of them, by name: which content.

        In a folder all are alike: there every process shares what it derives from them.
        """
        found = self._place.etags(directory, only)
        return {name: found[name] for name in sorted(found) if _is_finished(name)}

    def notes(self, directory: str, suffix: str) -> list[str]:
        """Names of the other files of one directory that end so, sorted."""
        return sorted(name for name in self._place.inside(directory)[1] if name.endswith(suffix))

    def folders(self, directory: str) -> list[str]:
        """Names of the folders of one directory, sorted."""
        return sorted(self._place.inside(directory)[0])

    def below(self, directory: str) -> Iterator[tuple[str, int]]:
        """(relative path, bytes) of all files below a directory."""
        return self._place.below(directory)

    def fingerprint(self, relative: str) -> str | None:
        """The fingerprint a file carries; None where there is no such file or it has none."""
        try:
            metadata = self._footer(relative).metadata
        except FileNotFoundError:
            return None
        found = (metadata or {}).get(FINGERPRINT)
        return found.decode() if found is not None else None

    def read_marked(self, relative: str, columns: list[str]) -> tuple[pa.Table, str]:
        """Columns and fingerprint of one and the same file, whatever takes its place meanwhile."""
        with self.open(relative) as file:
            return file.read(columns, use_threads=False), fingerprint_of(file)

    def metadata(self, relative: str) -> dict[str, str]:
        """The file's own key-value metadata, without Arrow's."""
        found = self._footer(relative).metadata or {}
        return {k.decode(): v.decode() for k, v in found.items() if not k.startswith(b"ARROW")}

    def read(self, relative: str, columns: list[str] | None = None) -> pa.Table:
        with self.open(relative) as file:
            return file.read(columns)

    def open(self, relative: str) -> pq.ParquetFile:
        """Open a table to read a little of it at a time.

        Buffers for whole columns cost 170 MB for a shard, and 1.2 CPU seconds in faulting pages.

        Raises:
            FileNotFoundError: there is no such file.
        """
        return self._opened(
            relative,
            lambda path: pq.ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER_BYTES),
        )

    def read_columns(self, relative: str, columns: list[str]) -> pa.Table:
        """A few columns of a wide table: in a bucket no more than they are travels.

        Raises:
            FileNotFoundError: there is no such file.
        """
        source = self._place.footer(relative)
        with pq.ParquetFile(source, pre_buffer=False, buffer_size=_BUFFER_BYTES) as file:
            return file.read(columns, use_threads=False)

    def _opened(self, relative: str, open_one: Callable[[Path], _T]) -> _T:
        """A copy may go between its coming and its opening: then it comes again."""
        for _ in range(_OPENINGS):
            with suppress(FileNotFoundError):
                return open_one(self._place.fetched(relative))
            if not self.exists(relative):
                break
        raise FileNotFoundError(self.address(relative))

    def _footer(self, relative: str) -> pq.FileMetaData:
        return pq.read_metadata(self._place.footer(relative))

    def count(self, relative: str, column: str, value: str) -> int:
        """How many rows have a value; of most files the footers tell that none has."""
        with self.open(relative) as file:
            leaves = range(len(file.schema))
            place = next(leaf for leaf in leaves if file.schema.column(leaf).path == column)
            groups = [
                group
                for group in range(file.metadata.num_row_groups)
                if _may_hold(file.metadata.row_group(group).column(place).statistics, value)
            ]
            held = file.read_row_groups(groups, [column], use_threads=False)[column]
        return sum(item == value for item in held.to_pylist())

    def head(self, relative: str, columns: list[str], rows: int) -> pa.Table:
        """The first rows, without reading the rest."""
        with self.open(relative) as file:
            batches = file.iter_batches(batch_size=rows, columns=columns)
            first = next(batches, None)
            schema = pa.schema([file.schema_arrow.field(name) for name in columns])
        return pa.Table.from_batches([] if first is None else [first], schema)

    @contextmanager
    def replacing(self, relative: str) -> Iterator[Path]:
        """A temporary path that takes the file's place; a reader sees the old file or the new one."""
        with self._place.replacing(relative) as temporary:
            yield temporary

    @contextmanager
    def writing(
        self, relative: str, schema: pa.Schema, metadata: Mapping[str, str]
    ) -> Iterator[TableFile]:
        """Replace one table file from batches; `metadata` may still be added to while writing."""
        with self.replacing(relative) as temporary:
            file = TableFile(temporary, schema, dict(metadata))
            try:
                yield file
            finally:
                file.close()

    def digest(self, relative: str) -> str | None:
        """Of all bytes of a file, as the place it is in gives them now; None where there is none."""
        return self._place.digest(relative)

    def copy_out(self, relative: str, to: Path) -> None:
        """Raises:
        FileNotFoundError: there is no such file.
        """
        self._place.copy_out(relative, to)

    def read_text(self, relative: str) -> str | None:
        """A small file; None where there is none."""
        try:
            return self._opened(relative, Path.read_text)
        except FileNotFoundError:
            return None

    def write_text(self, relative: str, text: str) -> None:
        with self.replacing(relative) as path:
            path.write_text(text)

    def delete(self, relative: str) -> None:
        self._place.delete(relative)

    def delete_tree(self, relative: str) -> None:
        """Here too, where it is in a bucket."""
        self._place.delete_tree(relative)

    def has_tree(self, relative: str) -> bool:
        return self._place.has_tree(relative)

    def fetched_tree(self, relative: str, *, only: str = "") -> Path:
        """A folder with all that is below a directory, or the files that end so; it need not be."""
        return self._place.fetched_tree(relative, only=only)

    def publish_tree(self, relative: str, *, only: str = "") -> None:
        """Make durable for all machines what was written to that folder here, or what ends so."""
        self._place.publish_tree(relative, only=only)


def fingerprint_of(file: pq.ParquetFile) -> str:
    """The fingerprint an open table carries; empty where it has none."""
    found: bytes = (file.metadata.metadata or {}).get(FINGERPRINT, b"")
    return found.decode()


def row_group_starts(file: pq.ParquetFile) -> npt.NDArray[np.int64]:
    """Number of the first row of each row group, and behind them the count of all."""
    groups = range(file.metadata.num_row_groups)
    return np.cumsum([0, *(file.metadata.row_group(group).num_rows for group in groups)])


def _may_hold(statistics: pq.Statistics | None, value: str) -> bool:
    if statistics is None or not statistics.has_min_max:
        return True
    return bool(statistics.min <= value <= statistics.max)


def _is_finished(name: str) -> bool:
    return name.endswith(".parquet") and not name.startswith(".")
