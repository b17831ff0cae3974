"""The lake in a bucket: tables are objects, read through local copies.

A reader has the whole of one object, even if it is replaced meanwhile. A writer's object replaces
the one that existed when the write began, or it is a conflict. Folders of an index are kept as
local folders, each file with a note of its object's name and ETag.
"""

import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO

from semantic_assets.lake.folder import digest_of
from semantic_assets.objects.bucket import Bucket, Stored
from semantic_assets.objects.copies import Copies
from semantic_assets.objects.range_file import RangeFile

_MARK = ".mark"
_A_DAY_SECONDS = 86_400.0
#: More are asked for by a listing, which tells of 1,000 at once.
_ASKED_ONE_BY_ONE = 16


@dataclass(frozen=True, slots=True)
class Objects:
    """The files of a lake in a bucket; `root` is the local folder for copies and indexes."""

    bucket: Bucket
    root: Path
    copies: Copies = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "copies", Copies(self.bucket, self.root / "copies"))

    def size(self, name: str) -> int | None:
        found = self.bucket.find(name)
        return None if found is None else found.size

    def inside(self, directory: str) -> tuple[list[str], list[str]]:
        """Return (names of folders, names of files) of one directory."""
        folders, found = self.bucket.inside(f"{directory}/")
        return folders, [item.name.rpartition("/")[2] for item in found]

    def etags(self, directory: str, only: str | None) -> dict[str, str]:
        if only is None:
            found = self.bucket.inside(f"{directory}/")[1]
        else:
            one = self.bucket.find(f"{directory}/{only}")
            found = [] if one is None else [one]
        return {item.name.rpartition("/")[2]: item.etag for item in found}

    def stamps(self, names: Collection[str]) -> dict[str, str]:
        """Map each of these objects that is there to its ETag; many by a listing of each root."""
        if len(names) <= _ASKED_ONE_BY_ONE:
            found = (self.bucket.find(name) for name in names)
            return {one.name: one.etag for one in found if one is not None}
        roots = sorted({name.partition("/")[0] for name in names})
        listed = (item for root in roots for item in self.bucket.below(f"{root}/"))
        return {item.name: item.etag for item in listed if item.name in names}

    def tree_stamps(self, directories: Collection[str]) -> dict[str, str]:
        """Map each of these folders that holds an object to a digest of their names and ETags."""
        found: dict[str, list[tuple[str, ...]]] = {}
        few = len(directories) <= _ASKED_ONE_BY_ONE
        roots = directories if few else {name.partition("/")[0] for name in directories}
        depths = {name.count("/") + 1 for name in directories}
        for item in (item for root in sorted(roots) for item in self.bucket.below(f"{root}/")):
            parts = item.name.split("/")
            for directory in ("/".join(parts[:depth]) for depth in depths):
                if directory in directories:
                    found.setdefault(directory, []).append((item.name, item.etag))
        return {directory: digest_of(items) for directory, items in found.items()}

    def below(self, directory: str) -> Iterator[tuple[str, int]]:
        """Yield (name, size) of all files below a directory."""
        for item in self.bucket.below(f"{directory}/" if directory else ""):
            yield item.name, item.size

    def fetched(self, name: str) -> Path:
        """Return a local copy of an object.

        Raises:
            FileNotFoundError: there is no such object.
        """
        return self.copies.fetch(name)

    def footer(self, name: str) -> Path | IO[bytes]:
        """Open an object for a partial read.

        Raises:
            FileNotFoundError: there is no such object.
        """
        found = self.bucket.find(name)
        if found is None:
            raise FileNotFoundError(f"{self.bucket.url}/{name}")
        return self.copies.held(found) or RangeFile(self.bucket, found)  # type: ignore[return-value]

    def digest(self, name: str) -> str | None:
        """Return the digest of the store's bytes, not of a copy; None without the object."""
        found = sha256()
        try:
            for piece in self.bucket.pieces(name):
                found.update(piece)
        except FileNotFoundError:
            return None
        return found.hexdigest()

    def copy_out(self, name: str, to: Path) -> None:
        self.bucket.get(name, to)

    @contextmanager
    def replacing(self, name: str, publishing: AbstractContextManager[None]) -> Iterator[Path]:
        """Yield a temporary path whose content replaces the object.

        An upload may take minutes: `publishing` is asked before it and not held, and whoever writes
        meanwhile makes it a conflict.

        Raises:
            Conflict: another process wrote it since.
        """
        before = self.bucket.find(name)
        temporary = self.copies.room()
        try:
            yield temporary
            with publishing:
                pass
            self.copies.keep(self.bucket.put(name, temporary, over=before), temporary)
        finally:
            temporary.unlink(missing_ok=True)

    def delete(self, name: str) -> None:
        self.bucket.delete(name)

    def delete_tree(self, directory: str) -> None:
        shutil.rmtree(self.root / directory, ignore_errors=True)
        self.bucket.delete(*(item.name for item in self.bucket.below(f"{directory}/")))

    def has_tree(self, directory: str) -> bool:
        return next(self.bucket.below(f"{directory}/"), None) is not None

    def fetched_tree(self, directory: str, *, only: str | tuple[str, ...] = "") -> Path:
        """Copy a directory's files that end with `only` to a local folder and return the folder."""
        missing = [
            item
            for item in self.bucket.below(f"{directory}/")
            if item.name.endswith(only) and _object_of(self.root / item.name) != _identity(item)
        ]
        for item in missing:
            path = self.root / item.name
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = self.copies.room()
            got = self.bucket.get(item.name, temporary)
            temporary.replace(path)
            _note(path, got)
        if missing:
            self._forget_beside(directory)
        return self.root / directory

    def _forget_beside(self, directory: str) -> None:
        """Delete local folders beside a fetched one that are gone from the bucket for a day."""
        parent = directory.rpartition("/")[0]
        there = set(self.bucket.inside(f"{parent}/")[0])
        oldest = time.time() - _A_DAY_SECONDS
        for path in (self.root / parent).iterdir():
            if path.is_dir() and path.name not in there and path.stat().st_mtime < oldest:
                shutil.rmtree(path, ignore_errors=True)

    def publish_tree(self, directory: str, *, only: str = "") -> None:
        """Put a local folder's files; copies of objects are copied inside the store."""
        folder = self.root / directory
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = path.relative_to(self.root).as_posix()
            if "/." not in f"/{name}" and name.endswith(only):
                _note(path, self._published(name, path))

    def _published(self, name: str, path: Path) -> Stored:
        same, there = _object_of(path), self.bucket.find(name)
        if there is not None and same == _identity(there):
            return there
        if same is not None and same[0] != name:
            try:
                return self.bucket.copy(same[0], name)
            except FileNotFoundError:
                pass  # its index version was dropped meanwhile
        return self.bucket.put(name, path, over=there)


def _identity(of: Stored) -> tuple[str, str]:
    return of.name, of.etag


def _note(path: Path, of: Stored) -> None:
    """Write a file's object, ETag and time as a new note: the old note may be hard-linked elsewhere."""
    etag = path.with_name(f".{path.name}{_MARK}")
    etag.unlink(missing_ok=True)
    etag.write_text(f"{of.name}\n{of.etag}\n{path.stat().st_mtime_ns}")


def _object_of(path: Path) -> tuple[str, str] | None:
    """Return (name, ETag) of the object that a file is a copy of, if it is one and as it was then."""
    try:
        noted = path.with_name(f".{path.name}{_MARK}").read_text().split("\n")
        name, etag, *written_at = noted
        is_same = not written_at or int(written_at[0]) == path.stat().st_mtime_ns
    except (FileNotFoundError, ValueError):
        return None
    return (name, etag) if is_same else None
