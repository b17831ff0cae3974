"""The files of the lake, each written whole or not at all."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from semantic_assets.errors import BrokenFile, ConfigError
from semantic_assets.lake import layered_table, layout
from semantic_assets.lake.folder import Folder
from semantic_assets.lake.home import folder_home
from semantic_assets.lake.objects import Objects
from semantic_assets.lake.table_file import TableFile
from semantic_assets.lake.table_rows import FINGERPRINT, fingerprint_of
from semantic_assets.lake.verified_file import VerifiedFile, read_footer, reading
from semantic_assets.objects.bucket import Bucket

#: Key in a table's metadata: the fingerprint of its input.
INPUT = "semantic_assets.input"
_OPENINGS = 3
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Lake:
    """The lake's files, by the paths that `layout` gives them, in a folder or a bucket.

    `root` is a local folder: the lake itself, or the local files of a lake in a bucket.
    """

    root: Path
    bucket: Bucket | None = None
    #: Why nothing may be written or deleted; empty: it may.
    refusal: str = ""
    _place: Folder | Objects = field(init=False, repr=False)

    def __post_init__(self) -> None:
        place = Folder(self.root) if self.bucket is None else Objects(self.bucket, self.root)
        object.__setattr__(self, "_place", place)

    @property
    def shown(self) -> str:
        """The folder or URL of the lake."""
        return str(self.root) if self.bucket is None else self.bucket.url

    @property
    def home(self) -> str:
        """What tells this lake from a copy of it: see `lake/home.py`."""
        if self.bucket is not None:
            return self.bucket.url
        return folder_home(self.root, self.root / layout.LEDGER_ID_FILE)

    def address(self, relative: str) -> str:
        """Return the place of a file for people to read."""
        return f"{self.shown}/{relative}"

    def path(self, relative: str) -> Path:
        """Return a path below the local `root`; in a bucket it is no file of the lake."""
        return self.root / relative

    def exists(self, relative: str) -> bool:
        return self._place.size(relative) is not None

    def size(self, relative: str) -> int:
        """Return the bytes of a file, without the amendments of a table; 0 if it is missing."""
        return self._place.size(relative) or 0

    def names(self, directory: str) -> list[str]:
        """Return the names of a directory's finished Parquet files, sorted."""
        return sorted(name for name in self._place.inside(directory)[1] if _is_finished(name))

    def etags(self, directory: str, only: str | None = None) -> dict[str, str]:
        """Map each finished Parquet file of a directory, or the one named `only`, to its ETag.

        In a folder all are empty: there every process shares what it derives from the files.
        """
        found = self._place.etags(directory, only)
        return {name: found[name] for name in sorted(found) if _is_finished(name)}

    def notes(self, directory: str, suffix: str) -> list[str]:
        """Return the names of a directory's files with this suffix, sorted."""
        return sorted(name for name in self._place.inside(directory)[1] if name.endswith(suffix))

    def folders(self, directory: str) -> list[str]:
        """Return the names of a directory's folders, sorted."""
        return sorted(self._place.inside(directory)[0])

    def below(self, directory: str) -> Iterator[tuple[str, int]]:
        """Return an iterator over (relative path, bytes) of all files below a directory."""
        return self._place.below(directory)

    def stamps(self, paths: Collection[str]) -> dict[str, str]:
        """Map each of these files that is there to what tells it from any other: none is opened.

        Of a table its amendments are told too.
        """
        found = self._place.stamps(paths)
        return found if self.bucket else layered_table.with_amendments(found, self._place.stamps)

    def tree_stamps(self, directories: Collection[str]) -> dict[str, str]:
        """Do the same for folders with all that is below them."""
        return self._place.tree_stamps(directories)

    def fingerprint(self, relative: str) -> str | None:
        """Return the fingerprint in a file's metadata; None: it has none, or cannot be read."""
        try:
            found = self._values(relative).get(FINGERPRINT)
        except (FileNotFoundError, BrokenFile):
            return None
        return found.decode() if found is not None else None

    def read_marked(self, relative: str, columns: list[str]) -> tuple[pa.Table, str]:
        """Read columns and fingerprint of one file, even if it is replaced meanwhile."""
        with self.open(relative) as file:
            return file.read(columns, use_threads=False), fingerprint_of(file)

    def metadata(self, relative: str) -> dict[str, str]:
        """Return the file's own key-value metadata, without Arrow's."""
        found = self._values(relative)
        with reading(relative):
            return {k.decode(): v.decode() for k, v in found.items() if not k.startswith(b"ARROW")}

    def read(self, relative: str, columns: list[str] | None = None) -> pa.Table:
        with self.open(relative) as file:
            return file.read(columns)

    def open(self, relative: str) -> pq.ParquetFile:
        """Open a table for reading in pieces.

        Raises:
            FileNotFoundError: there is no such file.
            BrokenFile: it cannot be read as it was written; so do the reads that follow.
        """
        if layout.is_amended(relative):
            found = layered_table.open_table(relative, self._file, self._values_of_file)
            if found is None:
                raise FileNotFoundError(self.address(relative))
            return found
        return self._opened(relative, lambda path: VerifiedFile(path, relative))

    def read_columns(self, relative: str, columns: list[str]) -> pa.Table:
        """Read a few columns of a wide table; from a bucket only those travel.

        Raises:
            FileNotFoundError: there is no such file.
        """
        if layout.is_amended(relative) and self.bucket is None:
            with self.open(relative) as table:
                return table.read(columns, use_threads=False)
        source = self._place.footer(relative)
        with VerifiedFile(source, relative) as file:
            return file.read(columns, use_threads=False)

    def _opened(self, relative: str, open_one: Callable[[Path], _T]) -> _T:
        """Open a file; a copy that vanishes before it is opened is fetched again."""
        for _ in range(_OPENINGS):
            with suppress(FileNotFoundError):
                return open_one(self._place.fetched(relative))
            if not self.exists(relative):
                break
        raise FileNotFoundError(self.address(relative))

    def _file(self, relative: str, of: str) -> VerifiedFile | None:
        """Open the base or an amendment `of` a table, which errors name."""
        try:
            return self._opened(relative, lambda path: VerifiedFile(path, of))
        except FileNotFoundError:
            return None

    def _values(self, relative: str) -> Mapping[bytes, bytes]:
        if layout.is_amended(relative):
            found = layered_table.values_of_table(relative, self._values_of_file)
        else:
            found = self._values_of_file(relative, relative)
        if found is None:
            raise FileNotFoundError(self.address(relative))
        return found

    def _values_of_file(self, relative: str, of: str) -> Mapping[bytes, bytes] | None:
        try:
            return read_footer(self._place.footer(relative), of).metadata or {}
        except FileNotFoundError:
            return None

    def head(self, relative: str, columns: list[str], rows: int) -> pa.Table:
        """Read the first rows of a table and nothing else."""
        with self.open(relative) as file:
            batches = file.iter_batches(batch_size=rows, columns=columns)
            first = next(batches, None)
            schema = pa.schema([file.schema_arrow.field(name) for name in columns])
        return pa.Table.from_batches([] if first is None else [first], schema)

    @contextmanager
    def replacing(
        self, relative: str, publishing: AbstractContextManager[None] | None = None
    ) -> Iterator[Path]:
        """Yield a temporary path that replaces the file; a reader sees the old or the new file.

        Args:
            publishing: entered right before the file gets its name; raises to leave it as it was.
        """
        self.require_writing()
        with self._place.replacing(relative, publishing or nullcontext()) as temporary:
            yield temporary

    @contextmanager
    def writing(
        self,
        relative: str,
        schema: pa.Schema,
        metadata: Mapping[str, str],
        publishing: AbstractContextManager[None] | None = None,
    ) -> Iterator[TableFile]:
        """Replace one table file from batches, as `replacing`; `metadata` may grow meanwhile."""
        with self.replacing(relative, publishing) as temporary:
            file = TableFile(temporary, schema, dict(metadata))
            try:
                yield file
            finally:
                file.close()

    def digest(self, relative: str) -> str | None:
        """Return the digest of a file's bytes in its folder or bucket; None if it is missing."""
        return self._place.digest(relative)

    def fetched(self, relative: str) -> Path:
        """Return the file on this machine, as reads of it see it.

        Raises:
            FileNotFoundError: there is no such file.
        """
        return self._opened(relative, lambda path: path.resolve(strict=True))

    def copy_out(self, relative: str, to: Path) -> None:
        """Copy a file's content to a local path.

        Raises:
            FileNotFoundError: there is no such file.
        """
        self._place.copy_out(relative, to)

    def read_text(self, relative: str) -> str | None:
        """Read a small text file; None if it is missing."""
        try:
            return self._opened(relative, Path.read_text)
        except FileNotFoundError:
            return None

    def write_text(self, relative: str, text: str) -> None:
        with self.replacing(relative) as path:
            path.write_text(text)

    def delete(self, relative: str) -> None:
        self.require_writing()
        self._place.delete(relative)
        self.drop_amendments(relative)

    def drop_amendments(self, relative: str) -> None:
        """Delete the amendments of a table whose base is gone."""
        if layout.is_amended(relative):
            layered_table.drop_amendments(relative, self.exists, self._place.delete)

    def delete_tree(self, relative: str) -> None:
        """Delete all files below a directory, and their local copies."""
        self.require_writing()
        self._place.delete_tree(relative)

    def has_tree(self, relative: str) -> bool:
        return self._place.has_tree(relative)

    def fetched_tree(self, relative: str, *, only: str | tuple[str, ...] = "") -> Path:
        """Return a local folder with a directory's files that end with `only`, if any."""
        return self._place.fetched_tree(relative, only=only)

    def publish_tree(self, relative: str, *, only: str = "") -> None:
        """Publish the local folder's files that end with `only` to all machines."""
        self.require_writing()
        self._place.publish_tree(relative, only=only)

    def require_writing(self) -> None:
        """Refuse a write to a lake that is open for reading.

        Raises:
            ConfigError: nothing may be written.
        """
        if self.refusal:
            raise ConfigError(self.refusal)


def _is_finished(name: str) -> bool:
    return name.endswith(".parquet") and not name.startswith(".")
