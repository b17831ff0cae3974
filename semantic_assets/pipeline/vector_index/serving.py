"""The opened serving version of a dataset, and the folders of all versions."""

from pathlib import Path

from semantic_assets.errors import BrokenFile, NotFound
from semantic_assets.index.description import (
    FILE_NAME,
    Description,
    parse_description,
    read_description,
)
from semantic_assets.index.opened_version import Index, OpenIndexes, open_index
from semantic_assets.index.parts import Parts, open_parts
from semantic_assets.lake import layout
from semantic_assets.ledger.index_versions import IndexVersion, ServingVersion
from semantic_assets.model.backends import EXACT, FAISS, LANCE
from semantic_assets.model.keys import DatasetKey
from semantic_assets.store import Store

_OPENED = OpenIndexes()


def version_folder(store: Store, version: IndexVersion) -> Path:
    """Return a version's folder on this machine with all its files; it may be missing."""
    return store.lake.fetched_tree(path_of(version))


def _searched_folder(store: Store, version: ServingVersion) -> Path:
    """Return a version's folder with the files a search reads; of Lance, only the description."""
    only = FILE_NAME if version.backend == LANCE else ""
    return store.lake.fetched_tree(path_of(version), only=only)


def is_kept(store: Store, version: IndexVersion, *, asking: bool = False) -> bool:
    """Say whether a version's files are in the lake, and can be opened.

    Args:
        asking: fetch them from a bucket, and ask the backend's store, to find that out. Else what
            is not on this machine is left to the search that finds out.
    """
    if not store.lake.has_tree(path_of(version)):
        return False
    is_here = store.lake.bucket is None
    try:
        if asking or (is_here and version.backend in (EXACT, FAISS)):
            open_index(version_folder(store, version), store.vector_stores)
        elif is_here:
            require_parts(store, version)
    except (BrokenFile, FileNotFoundError, NotFound) as error:
        store.report_progress(f"index {version.dataset}: version {version.number}: {error}")
        return False
    return True


def description_of(store: Store, version: IndexVersion) -> Description | None:
    """Read a version's description alone; None: it is gone, broken, or was never finished."""
    text = store.lake.read_text(f"{path_of(version)}/{FILE_NAME}")
    try:
        return None if text is None else parse_description(text)
    except (ValueError, KeyError, TypeError):
        return None  # cut off or altered


def path_of(version: IndexVersion | ServingVersion) -> str:
    return layout.index_version(version.dataset, version.space_id, version.number)


def open_searched(store: Store, version: ServingVersion) -> Index:
    """Return a version's open index, from memory if it was opened before.

    Raises:
        FileNotFoundError: it was retired and deleted meanwhile: another one serves.
        NotFound: it serves, and its files are gone.
        BrokenFile: it has to be built again.
    """
    try:
        return _OPENED.get(_searched_folder(store, version), store.vector_stores)
    except FileNotFoundError:
        if store.ledger.index_versions.serving_of_all().get(version.dataset) != version:
            raise
        raise _not_on_disk(version.dataset) from None


def require_parts(store: Store, version: IndexVersion) -> Parts:
    """Open a version's rows and vectors, whatever the backend.

    Raises:
        NotFound: its files are gone.
        BrokenFile: it has to be built again.
    """
    folder = version_folder(store, version)
    try:
        return open_parts(folder, read_description(folder))
    except FileNotFoundError:
        raise _not_on_disk(version.dataset) from None


def parts_of(store: Store, version: IndexVersion) -> Parts | None:
    """Open a version's rows and vectors, whatever the backend; None: files are gone or broken."""
    try:
        return require_parts(store, version)
    except (BrokenFile, NotFound):
        return None


def _not_on_disk(dataset: DatasetKey) -> NotFound:
    return NotFound(f"the index of {dataset} is not on disk: run `semantic-assets refresh`")
