"""The opened serving version of a dataset, and the folders of all versions."""

from pathlib import Path

from semantic_assets.errors import NotFound
from semantic_assets.index.description import (
    FILE_NAME,
    Description,
    parse_description,
    read_description,
)
from semantic_assets.index.opened_version import Index, OpenIndexes
from semantic_assets.index.parts import Parts, open_parts
from semantic_assets.lake import layout
from semantic_assets.ledger.index_versions import IndexVersion
from semantic_assets.model.backends import LANCE
from semantic_assets.model.keys import DatasetKey
from semantic_assets.store import Store

_REOPENINGS = 5
_OPENED = OpenIndexes()


def version_folder(store: Store, version: IndexVersion) -> Path:
    """Return a version's folder on this machine with all its files; it may be missing."""
    return store.lake.fetched_tree(path_of(version))


def _searched_folder(store: Store, version: IndexVersion) -> Path:
    """Return a version's folder with the files a search reads; of Lance, only the description."""
    only = FILE_NAME if version.backend == LANCE else ""
    return store.lake.fetched_tree(path_of(version), only=only)


def is_kept(store: Store, version: IndexVersion) -> bool:
    """Say whether a version's files are in the lake."""
    return store.lake.has_tree(path_of(version))


def description_of(store: Store, version: IndexVersion) -> Description | None:
    """Read a version's description alone; None: it is gone, or was never finished."""
    text = store.lake.read_text(f"{path_of(version)}/{FILE_NAME}")
    return None if text is None else parse_description(text)


def path_of(version: IndexVersion) -> str:
    return layout.index_version(version.dataset, version.space_id, version.number)


def serving_index(store: Store, dataset: DatasetKey) -> tuple[IndexVersion, Index] | None:
    """Return the serving version and its open index; None: the dataset has no index yet.

    Raises:
        NotFound: the index's files are gone.
    """
    for _ in range(_REOPENINGS):
        serving = store.ledger.index_versions.serving(dataset)
        if serving is None:
            return None
        try:
            return serving, _OPENED.get(_searched_folder(store, serving), store.vector_stores)
        except FileNotFoundError:
            continue  # retired between the two reads: the pointer has moved on
    raise NotFound(f"the index of {dataset} is not on disk: run `semantic-assets refresh`")


def parts_of(store: Store, version: IndexVersion) -> Parts | None:
    """Open a version's rows and vectors, whatever the backend; None: the files are gone."""
    folder = version_folder(store, version)
    try:
        return open_parts(folder, read_description(folder))
    except FileNotFoundError:
        return None
