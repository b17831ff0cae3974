"""discover: list the sources, place new files in shards, mark changed and removed ones.

Listing only: no file is opened. What a file holds is found out when its shard is read.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from semantic_assets.dataset_settings import (
    FILE_NAME,
    NOT_SOURCES,
    DatasetSettings,
    read_table,
)
from semantic_assets.errors import ConfigError, SourceMissing
from semantic_assets.ledger.sources import SourceSlice
from semantic_assets.model.keys import DatasetKey
from semantic_assets.parsing.readers import is_supported
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What a listing found against what was placed before."""

    datasets: tuple[DatasetKey, ...]
    added: int
    changed: int
    removed: int
    #: Files no reader takes, by name: reported, never dropped in silence.
    unsupported: tuple[str, ...]
    #: Datasets that were left as they were, each with the reason.
    skipped: dict[DatasetKey, str] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        text = (
            f"{len(self.datasets)} datasets; files: {self.added} new, {self.changed} changed, "
            f"{self.removed} removed"
        )
        if self.unsupported:
            text += f", {len(self.unsupported)} of no known format ({self.unsupported[0]}, ...)"
        text += "".join(f"; {name} skipped: {why}" for name, why in self.skipped.items())
        return text


@dataclass(frozen=True, slots=True)
class _Listed:
    uri: str
    size: int
    fingerprint: str


def discover(store: Store, *, datasets: tuple[DatasetKey, ...] = ()) -> Discovery:
    """List all datasets under the source root, or just these.

    Raises:
        SourceMissing: the root, or a dataset that had files, is gone or empty.
        ConfigError: a folder's name cannot be a dataset's.
    """
    root = store.settings.sources
    if not root.is_dir():
        raise SourceMissing(
            f"source root {root} is not there (unmounted?): nothing was changed. "
            "Set SEMANTIC_ASSETS_SOURCES, or make the folder <root>/<project>/<dataset>"
        )
    found = datasets or tuple(_dataset_folders(root, store.ledger.sources.datasets()))
    added = changed = removed = 0
    unsupported: list[str] = []
    skipped: dict[DatasetKey, str] = {}
    for dataset in found:
        try:
            with store.ledger.leases.holding(f"discover:{dataset}"):
                counts = _discover_one(store, dataset, unsupported)
        except ConfigError as error:
            skipped[dataset] = str(error)
            continue
        added, changed, removed = added + counts[0], changed + counts[1], removed + counts[2]
    return Discovery(
        datasets=tuple(dataset for dataset in found if dataset not in skipped),
        added=added,
        changed=changed,
        removed=removed,
        unsupported=tuple(unsupported),
        skipped=skipped,
    )


def _dataset_folders(root: Path, known: list[DatasetKey]) -> Iterator[DatasetKey]:
    folders = {
        DatasetKey(project.name, folder.name)
        for project in _folders(root)
        for folder in _folders(project)
    }
    return iter(sorted(folders | set(known)))


def _folders(path: Path) -> list[Path]:
    return sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))


def _discover_one(
    store: Store, dataset: DatasetKey, unsupported: list[str]
) -> tuple[int, int, int]:
    placed = store.ledger.sources.slices(dataset)
    folder = store.settings.sources / dataset.project / dataset.dataset
    listed = {item.uri: item for item in _list(store, folder, unsupported)}
    if not listed and placed:
        raise SourceMissing(
            f"dataset {dataset}: {folder} is gone or empty, and {len(placed)} files were there: "
            "nothing was changed. Bring the files back, or remove the dataset by hand"
        )
    if not listed and not folder.is_dir():
        raise ConfigError(f"dataset {dataset}: there is no folder {folder}")
    settings = _read_settings(store, folder)
    added = [
        SourceSlice(
            uri=item.uri,
            first_record=0,
            end_record=None,
            bytes=item.size,
            file_fingerprint=item.fingerprint,
        )
        for item in listed.values()
        if item.uri not in placed
    ]
    changed = [
        (item.uri, item.fingerprint, item.size)
        for item in listed.values()
        if placed.get(item.uri, item.fingerprint) != item.fingerprint
    ]
    removed = [uri for uri in placed if uri not in listed]
    store.ledger.datasets.add(dataset)
    store.ledger.datasets.set(dataset, settings)
    store.ledger.sources.apply_listing(dataset, added=added, changed=changed, removed=removed)
    return len(added), len(changed), len(removed)


def _read_settings(store: Store, folder: Path) -> dict[str, Any]:
    """The dataset.toml, found to be valid: the ledger never holds another."""
    path = folder / FILE_NAME
    table = read_table(path)
    settings = DatasetSettings.of(table, str(path))
    settings.require_model(store.settings.model, store.settings.dimensions, str(path))
    return table


def _list(store: Store, folder: Path, unsupported: list[str]) -> Iterator[_Listed]:
    """Files of a dataset in a stable order; names starting with a dot are not sources."""
    for directory, subfolders, names in os.walk(folder):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(name for name in names if not name.startswith(".")):
            path = Path(directory) / name
            if path.parent == folder and name in NOT_SOURCES:
                continue
            uri = path.relative_to(store.settings.sources).as_posix()
            if not is_supported(name):
                unsupported.append(uri)
                continue
            stat = path.stat()
            yield _Listed(uri, stat.st_size, fingerprint(stat.st_size, stat.st_mtime_ns))
