"""Listings of folders: names, sizes and times of the files of a dataset. No file is opened.

A folder that cannot be listed raises: half a listing would look like deleted files.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from semantic_assets.parsing.source_file import source_uri
from semantic_assets.settings.dataset_settings import NOT_SOURCE_ENDINGS, NOT_SOURCES
from semantic_assets.text.fingerprint import fingerprint


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A source file; `uri` is its path below the source root."""

    uri: str
    size: int
    fingerprint: str


@dataclass(slots=True)
class Listing:
    files: dict[str, ListedFile] = field(default_factory=dict)


def file_fingerprint(stat: os.stat_result) -> str:
    return mark_of(stat.st_size, stat.st_mtime_ns)


def mark_of(size: int, time_ns: int) -> str:
    return fingerprint(size, time_ns)


def is_about(name: str) -> bool:
    """Return whether a file directly in a dataset's folder describes it and is no document."""
    return name in NOT_SOURCES or name.endswith(NOT_SOURCE_ENDINGS)


def list_folders(path: Path) -> list[str]:
    """Return the names of the folders in a folder, except names that start with a dot."""
    return sorted(p.name for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))


def list_stray(root: Path) -> list[str]:
    """Return the files beside projects and datasets, which are in no dataset; no dot files."""
    found = []
    for folder in (root, *(root / name for name in list_folders(root))):
        try:
            found += [p for p in folder.iterdir() if p.is_file() and not p.name.startswith(".")]
        except OSError:
            continue  # reported with its datasets
    return sorted(source_uri(path.relative_to(root).as_posix()) for path in found)


def list_files(root: Path, folder: Path) -> Listing:
    """Return the files of a dataset in a stable order; none if the folder is missing.

    Raises:
        OSError: a folder cannot be read.
    """
    found = Listing()
    for entry in _entries(folder):
        path = Path(entry.path)
        if path.parent == folder and is_about(entry.name):
            continue
        uri = source_uri(path.relative_to(root).as_posix())
        if (stat := _stat(entry)) is not None:
            # Granting permission changes neither size nor time, but the file must then be read.
            is_open = os.access(path, os.R_OK)
            etag = file_fingerprint(stat) if is_open else fingerprint("closed", uri)
            found.files[uri] = ListedFile(uri, stat.st_size, etag)
    return found


def _entries(folder: Path) -> Iterator["os.DirEntry[str]"]:
    """Yield the files below a folder, each folder's own files before its subfolders."""
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    entries = [entry for entry in entries if not entry.name.startswith(".")]
    folders = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
    # A link to a folder is not followed, as it may lead in a ring: it is reported like a file.
    yield from (entry for entry in entries if not entry.is_dir(follow_symlinks=False))
    for subfolder in folders:
        yield from _entries(Path(subfolder.path))


def _stat(entry: "os.DirEntry[str]") -> os.stat_result | None:
    """Return a file's stat, a dead link's own stat, or None if the file was deleted since."""
    try:
        return entry.stat()
    except OSError as error:
        if entry.is_symlink():
            return entry.stat(follow_symlinks=False)
        if isinstance(error, FileNotFoundError):
            return None
        raise
