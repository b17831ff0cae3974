"""The serving generation of a dataset, opened; and the directories of the others."""

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
from semantic_assets.ledger.index_versions import Generation
from semantic_assets.model.backends import LANCE
from semantic_assets.model.keys import DatasetKey
from semantic_assets.store import Store

_REOPENINGS = 5
_OPENED = OpenIndexes()


def generation_folder(store: Store, generation: Generation) -> Path:
    """On this machine, with all its files; it need not be there."""
    return store.lake.fetched_tree(path_of(generation))


def _searched_folder(store: Store, generation: Generation) -> Path:
    """With what a search reads: of an index that is in Lance, its description."""
    only = FILE_NAME if generation.backend == LANCE else ""
    return store.lake.fetched_tree(path_of(generation), only=only)


def is_kept(store: Store, generation: Generation) -> bool:
    """Whether its files are in the lake."""
    return store.lake.has_tree(path_of(generation))


def description_of(store: Store, generation: Generation) -> Description | None:
    """Without the other files; None where they are gone, or were never finished."""
    text = store.lake.read_text(f"{path_of(generation)}/{FILE_NAME}")
    return None if text is None else parse_description(text)


def path_of(generation: Generation) -> str:
    return layout.generation(generation.dataset, generation.space_id, generation.number)


def serving_index(store: Store, dataset: DatasetKey) -> tuple[Generation, Index] | None:
    """None where the dataset has no index yet.

    Raises:
        NotFound: its files are gone.
    """
    for _ in range(_REOPENINGS):
        serving = store.ledger.generations.serving(dataset)
        if serving is None:
            return None
        try:
            return serving, _OPENED.get(_searched_folder(store, serving), store.vector_stores)
        except FileNotFoundError:
            continue  # retired between the two reads: the pointer has moved on
    raise NotFound(f"the index of {dataset} is not on disk: run `semantic-assets refresh`")


def parts_of(store: Store, generation: Generation) -> Parts | None:
    """Rows and vectors alone, whatever the backend; None where the files are gone."""
    folder = generation_folder(store, generation)
    try:
        return open_parts(folder, read_description(folder))
    except FileNotFoundError:
        return None
