"""Listing a folder: names, sizes and times of the files of a dataset. No file is opened.

What cannot be listed raises: half a listing would look as if the other half had been deleted.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from semantic_assets.parsing.readers import is_supported
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
    #: Files no reader takes, by name: reported, never dropped in silence.
    unsupported: list[str] = field(default_factory=list)


def file_fingerprint(stat: os.stat_result) -> str:
    return mark_of(stat.st_size, stat.st_mtime_ns)


def mark_of(size: int, time_ns: int) -> str:
    return fingerprint(size, time_ns)


def is_about(name: str) -> bool:
    """Whether a file directly in a dataset's folder tells of it, and is no document."""
    return name in NOT_SOURCES or name.endswith(NOT_SOURCE_ENDINGS)


def list_folders(path: Path) -> list[str]:
    """Names of the folders in a folder; names starting with a dot are passed over."""
    return sorted(p.name for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))


def list_stray(root: Path) -> list[str]:
    """Files beside projects and beside datasets, which are in no dataset; dotted names apart."""
    found = []
    for folder in (root, *(root / name for name in list_folders(root))):
        try:
            found += [p for p in folder.iterdir() if p.is_file() and not p.name.startswith(".")]
        except OSError:
            continue  # reported with its datasets
    return sorted(source_uri(path.relative_to(root).as_posix()) for path in found)


def list_files(root: Path, folder: Path) -> Listing:
    """The files of a dataset in a stable order; none where there is no such folder.

    Raises:
        OSError: a folder cannot be read.
    """
    found = Listing()
    for entry in _entries(folder):
        path = Path(entry.path)
        if path.parent == folder and is_about(entry.name):
            continue
        uri = source_uri(path.relative_to(root).as_posix())
        if not is_supported(entry.name):
            found.unsupported.append(uri)
        elif (stat := _stat(entry)) is not None:
            # A grant of permission changes neither size nor time, and the file is to be read.
            is_open = os.access(path, os.R_OK)
            etag = file_fingerprint(stat) if is_open else fingerprint("closed", uri)
            found.files[uri] = ListedFile(uri, stat.st_size, etag)
    return found


def _entries(folder: Path) -> Iterator["os.DirEntry[str]"]:
    """Files below a folder, those of a folder before those of its subfolders."""
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    entries = [entry for entry in entries if not entry.name.startswith(".")]
    folders = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
    # A link to a folder is not followed, lest it lead in a ring: it is reported as a file is.
    yield from (entry for entry in entries if not entry.is_dir(follow_symlinks=False))
    for subfolder in folders:
        yield from _entries(Path(subfolder.path))


def _stat(entry: "os.DirEntry[str]") -> os.stat_result | None:
    """None for a file that was deleted since its name was read. Of a dead link, the link's own."""
    try:
        return entry.stat()
    except OSError as error:
        if entry.is_symlink():
            return entry.stat(follow_symlinks=False)
        if isinstance(error, FileNotFoundError):
            return None
        raise
