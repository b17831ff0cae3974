"""The lake in a local folder."""

import os
import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path

from semantic_assets.system import durable


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of a lake below `root`; names are paths below it."""

    root: Path

    def size(self, name: str) -> int | None:
        path = self.root / name
        return path.stat().st_size if path.is_file() else None

    def inside(self, directory: str) -> tuple[list[str], list[str]]:
        """Return (names of folders, names of files) of one directory."""
        folders: list[str] = []
        files: list[str] = []
        with (
            suppress(FileNotFoundError, NotADirectoryError),
            os.scandir(self.root / directory) as found,
        ):
            for entry in found:
                (folders if entry.is_dir() else files).append(entry.name)
        return folders, files

    def etags(self, directory: str, only: str | None) -> dict[str, str]:
        """Return empty ETags: here every process shares what it derives from a file."""
        names = [only] if only is not None else self.inside(directory)[1]
        return dict.fromkeys(names, "")

    def stamps(self, names: Collection[str]) -> dict[str, str]:
        """Map each of these files that is there to its size, time and inode."""
        found = {}
        for name in names:
            with suppress(OSError):
                stat = (self.root / name).stat()
                found[name] = f"{stat.st_size}-{stat.st_mtime_ns}-{stat.st_ino}"
        return found

    def tree_stamps(self, directories: Collection[str]) -> dict[str, str]:
        """Map each of these folders that is there to a digest of its files' sizes and times."""
        found = {}
        for directory in directories:
            with suppress(OSError):
                found[directory] = digest_of(_stats(f"{self.root}/{directory}", ""))
        return found

    def below(self, directory: str) -> Iterator[tuple[str, int]]:
        """Yield (name, size) of all files below a directory, except dotted names."""
        for path in sorted((self.root / directory).rglob("*")):
            name = path.relative_to(self.root).as_posix()
            if path.is_file() and "/." not in f"/{name}":
                yield name, path.stat().st_size

    def fetched(self, name: str) -> Path:
        return self.root / name

    def footer(self, name: str) -> Path:
        return self.root / name

    def digest(self, name: str) -> str | None:
        try:
            with (self.root / name).open("rb") as file:
                return file_digest(file, sha256).hexdigest()
        except FileNotFoundError:
            return None

    def copy_out(self, name: str, to: Path) -> None:
        shutil.copyfile(self.root / name, to)

    @contextmanager
    def replacing(self, name: str, publishing: AbstractContextManager[None]) -> Iterator[Path]:
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with durable.replacing(target, publishing) as temporary:
            yield temporary

    def delete(self, name: str) -> None:
        (self.root / name).unlink(missing_ok=True)

    def delete_tree(self, directory: str) -> None:
        shutil.rmtree(self.root / directory, ignore_errors=True)

    def has_tree(self, directory: str) -> bool:
        return (self.root / directory).is_dir()

    def fetched_tree(self, directory: str, *, only: str | tuple[str, ...] = "") -> Path:
        return self.root / directory

    def publish_tree(self, directory: str, *, only: str = "") -> None:
        """Return at once: the tree is already in its place."""


def digest_of(files: Iterable[tuple[str, ...]]) -> str:
    """Return a digest of the names and marks of the files of a tree, in any order."""
    return sha256("\n".join(sorted("\0".join(one) for one in files)).encode()).hexdigest()


def _stats(folder: str, below: str) -> Iterator[tuple[str, ...]]:
    with os.scandir(folder) as scan:
        for entry in scan:
            name = f"{below}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _stats(entry.path, name)
            else:
                stat = entry.stat(follow_symlinks=False)
                yield name, str(stat.st_size), str(stat.st_mtime_ns)
