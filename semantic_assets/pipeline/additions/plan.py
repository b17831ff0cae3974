"""Plan which files go to which dataset, under names that are valid, and say what they are."""

import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from semantic_assets.errors import ConfigError
from semantic_assets.model.keys import DatasetKey
from semantic_assets.objects.bucket import is_bucket_url
from semantic_assets.parsing.formats import is_supported
from semantic_assets.parsing.source_file import source_path, source_uri
from semantic_assets.pipeline.documents.file_counts import ending_of
from semantic_assets.settings.dataset_settings import FILE_NAME, DatasetSettings, read_table
from semantic_assets.settings.selection import IGNORE_FILE, Selection
from semantic_assets.sources.listing import Listing, is_about, list_files
from semantic_assets.text.fingerprint import fingerprint

PROJECT = "default"
_NOT_IN_NAMES = re.compile(r"[^a-z0-9_]{1,300}")
_NAME_CHARS, _DIGEST_CHARS = 60, 8


@dataclass(frozen=True, slots=True)
class Found:
    """A file to be copied: below which folder a person named, and under which name it goes."""

    root: Path
    path: Path
    #: Below the dataset's folder.
    name: PurePosixPath
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedKind:
    """The files of one ending; `is_read`: a reader takes them."""

    kind: str
    files: int
    bytes: int
    is_read: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """The files that go to one dataset."""

    dataset: DatasetKey
    found: tuple[Found, ...]
    #: Files and folders excluded by patterns, and such as begin with a dot.
    excluded: int
    hidden: tuple[str, ...]

    @property
    def kinds(self) -> tuple[AddedKind, ...]:
        """Return the documents among the files by their endings, the largest number first."""
        sizes: dict[tuple[str, bool], list[int]] = {}
        for one in self.found:
            if len(one.name.parts) > 1 or not is_about(one.name.name):
                key = ending_of(one.name.name), is_supported(one.name.name)
                sizes.setdefault(key, []).append(one.bytes)
        kinds = [
            AddedKind(kind=kind, files=len(of), bytes=sum(of), is_read=is_read)
            for (kind, is_read), of in sizes.items()
        ]
        return tuple(sorted(kinds, key=lambda one: (-one.files, one.kind)))


def plan_additions(
    paths: Sequence[str | Path], to: DatasetKey | None, sources: Path
) -> list[Addition]:
    """Plan one addition for each dataset; nothing is read but names, sizes and patterns.

    A folder becomes a dataset of its name in the project `default`, and its tree is kept. Files go
    to the dataset of the folder they lie in. With `to`, all go there; several folders keep their
    names there.

    Raises:
        ConfigError: a path is not there, is a bucket, or holds the sources.
    """
    found: dict[DatasetKey, list[Addition]] = {}
    given = [_checked(path, sources) for path in paths]
    for path in dict.fromkeys(given):
        folder = path if path.is_dir() else path.parent
        dataset = to or DatasetKey(PROJECT, valid_name(folder.name))
        below = valid_name(path.name) if to and path.is_dir() and len(given) > 1 else ""
        one = _of_folder(path, dataset, below) if path.is_dir() else _of_file(path, dataset)
        found.setdefault(dataset, []).append(one)
    return [_joined(dataset, parts) for dataset, parts in found.items()]


def valid_name(name: str) -> str:
    """Return a valid name of a project or dataset that a person recognises a folder by."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    valid = _NOT_IN_NAMES.sub("-", plain.lower()).strip("-")[:_NAME_CHARS].strip("-")
    letters = sum(map(str.isalnum, name))
    if letters and len(valid.replace("-", "")) * 2 >= letters:
        return valid
    digest = fingerprint(source_uri(name))[:_DIGEST_CHARS]  # of a script without Latin letters
    return "-".join(filter(None, (valid, digest)))


def _checked(path: str | Path, sources: Path) -> Path:
    if is_bucket_url(str(path)):
        raise ConfigError(
            f"{path}: a bucket is not copied, it can be the sources itself: set "
            "SEMANTIC_ASSETS_SOURCES to a URL below which documents lie in PROJECT/DATASET/"
        )
    real = Path(os.path.realpath(path))
    if not real.exists():
        raise ConfigError(f"{path} is not there: name a file or a folder")
    if Path(os.path.realpath(sources)).is_relative_to(real):
        raise ConfigError(f"{path} holds the sources, {sources}: name a folder outside of them")
    return real


def files_below(folder: Path) -> tuple[list[Path], Listing]:
    """Return the files below a folder that its own patterns and the defaults do not exclude.

    Raises:
        ConfigError: its dataset.toml or .semanticignore is not valid.
    """
    settings = DatasetSettings.of(read_table(folder / FILE_NAME), str(folder / FILE_NAME))
    selection = Selection.of(settings.include, settings.exclude).with_ignore_file(
        folder / IGNORE_FILE, str(folder / IGNORE_FILE)
    )
    listing = list_files(folder, folder, selection)
    return [source_path(folder, uri) for uri in listing.files], listing


def _of_folder(folder: Path, dataset: DatasetKey, below: str) -> Addition:
    paths, listing = files_below(folder)
    about = [] if below else [path for path in folder.iterdir() if is_about(path.name)]
    return Addition(
        dataset=dataset,
        found=tuple(_found(folder, path, below) for path in [*sorted(about), *paths]),
        excluded=listing.excluded,
        hidden=tuple(f"{folder.name}/{name}" for name in listing.hidden),
    )


def _of_file(path: Path, dataset: DatasetKey) -> Addition:
    return Addition(dataset=dataset, found=(_found(path.parent, path, ""),), excluded=0, hidden=())


def _found(root: Path, path: Path, below: str) -> Found:
    name = PurePosixPath(below, path.relative_to(root).as_posix())
    return Found(root, path, name, path.lstat().st_size)


def _joined(dataset: DatasetKey, parts: Sequence[Addition]) -> Addition:
    return Addition(
        dataset=dataset,
        found=tuple(one for part in parts for one in part.found),
        excluded=sum(part.excluded for part in parts),
        hidden=tuple(name for part in parts for name in part.hidden),
    )
