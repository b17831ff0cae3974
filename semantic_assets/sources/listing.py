"""Listings of folders: names, sizes and times of the files of a dataset. No file is opened.

A folder that cannot be listed raises: half a listing would look like deleted files.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from semantic_assets.parsing.source_file import source_uri
from semantic_assets.settings.dataset_settings import NOT_SOURCE_ENDINGS, NOT_SOURCES
from semantic_assets.settings.selection import Selection, Verdict
from semantic_assets.sources.passed_over import PassedOver
from semantic_assets.text.fingerprint import fingerprint


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A source file; `uri` is its path below the source root."""

    uri: str
    size: int
    fingerprint: str


@dataclass(slots=True)
class Listing:
    """The files of a dataset, and what of its folder is not read."""

    files: dict[str, ListedFile] = field(default_factory=dict)
    #: Uris of files and folders that begin with a dot.
    hidden: list[str] = field(default_factory=list)
    #: Files and folders that a pattern excludes.
    excluded: int = 0

    def leave_out(self, uri: str, verdict: Verdict) -> None:
        """Note a file or folder that is not read."""
        if verdict is Verdict.EXCLUDED:
            self.excluded += 1
        else:
            self.hidden.append(uri)


def file_fingerprint(stat: os.stat_result) -> str:
    return mark_of(stat.st_size, stat.st_mtime_ns)


def mark_of(size: int, time_ns: int) -> str:
    return fingerprint(size, time_ns)


def is_about(name: str) -> bool:
    """Return whether a file directly in a dataset's folder describes it and is no document."""
    return name in NOT_SOURCES or name.endswith(NOT_SOURCE_ENDINGS)


def list_folders(path: Path) -> list[str]:
    """Return the names of the folders in a folder, except names that start with a dot."""
    with os.scandir(path) as scan:
        return sorted(one.name for one in scan if not one.name.startswith(".") and one.is_dir())


def list_about(folder: Path) -> frozenset[str]:
    """Return the names of the files that describe a dataset; none if its folder is missing.

    Raises:
        OSError: the folder cannot be read.
    """
    try:
        with os.scandir(folder) as scan:
            return frozenset(one.name for one in scan if is_about(one.name))
    except FileNotFoundError:
        return frozenset()


def list_beside(root: Path) -> dict[PassedOver, list[str]]:
    """Return what lies beside projects and datasets, and is in no dataset."""
    found: dict[PassedOver, list[str]] = {PassedOver.STRAY: [], PassedOver.HIDDEN: []}
    for folder in (root, *(root / name for name in list_folders(root))):
        try:
            with os.scandir(folder) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
            for entry in entries:
                if kind := beside(entry.name, is_folder=entry.is_dir()):
                    uri = source_uri(Path(entry.path).relative_to(root).as_posix())
                    found[kind].append(uri + "/" * entry.is_dir())
        except OSError:
            continue  # reported with its datasets
    return found


def beside(name: str, *, is_folder: bool) -> PassedOver | None:
    """Return what a file or folder is that lies where projects and datasets do; None: as it should."""
    if is_folder and not name.startswith("."):
        return None
    verdict = Selection.of().of_entry(f"{name}/" if is_folder else name)
    if name.startswith("."):
        return None if verdict is Verdict.EXCLUDED else PassedOver.HIDDEN
    return None if verdict is Verdict.EXCLUDED else PassedOver.STRAY


def list_files(
    root: Path, folder: Path, selection: Selection, *, follows_links: bool = False
) -> Listing:
    """Return the files of a dataset in a stable order; none if the folder is missing.

    Raises:
        OSError: a folder cannot be read.
    """
    prefix = folder.relative_to(root).as_posix()
    walk = _Walk("" if prefix == "." else f"{prefix}/", selection, follows_links)
    for entry, uri in walk.entries(folder, ""):
        if (stat := _stat(entry)) is not None:
            # Granting permission changes neither size nor time, but the file must then be read.
            is_open = os.access(entry.path, os.R_OK)
            etag = file_fingerprint(stat) if is_open else fingerprint("closed", uri)
            walk.found.files[uri] = ListedFile(uri, stat.st_size, etag)
    return walk.found


@dataclass(slots=True)
class _Walk:
    #: What a uri has before the path below the dataset's folder.
    prefix: str
    selection: Selection
    follows_links: bool
    found: Listing = field(default_factory=Listing)
    _seen: set[str] = field(default_factory=set)

    def entries(self, folder: str | Path, below: str) -> Iterator[tuple["os.DirEntry[str]", str]]:
        """Yield (file, uri) below a folder, each folder's own files before its subfolders."""
        if self.follows_links:  # links may lead in a ring, or twice to the same folder
            real = os.path.realpath(folder)
            if real in self._seen:
                return
            self._seen.add(real)
        try:
            with os.scandir(folder) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except FileNotFoundError:
            return
        folders = []
        for entry in entries:
            if not below and is_about(entry.name):
                continue
            # A link to a folder is a row that says so, unless it is followed.
            is_folder = entry.is_dir(follow_symlinks=self.follows_links)
            path = f"{below}{entry.name}{'/' * is_folder}"
            uri, verdict = source_uri(self.prefix + path), self.selection.of_entry(path)
            if verdict is not Verdict.READ:
                self.found.leave_out(uri, verdict)
            elif is_folder:
                folders.append(entry)
            else:
                yield entry, uri
        for entry in folders:
            yield from self.entries(entry.path, f"{below}{entry.name}/")


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
