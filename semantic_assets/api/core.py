"""What the parts of the Python API take from a core, and the arguments they have in common."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from semantic_assets.gemini.client import Gemini
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.costs.estimate import Estimate
from semantic_assets.pipeline.discovery.named_datasets import named_dataset, named_datasets
from semantic_assets.store import Store

Root = str | Path | None
#: `"p/d"`, a project `"p"`, several of them, or None for all.
Datasets = str | Sequence[str] | None
#: Called with the quote before anything is sent; raises to refuse.
Consent = Callable[[Estimate], None] | None


class Core(Protocol):
    """What is held open."""

    @property
    def store(self) -> Store: ...

    @property
    def reader(self) -> Store: ...

    @property
    def gemini(self) -> Gemini: ...

    def reporting(self, progress: Callable[[str], None]) -> AbstractContextManager[None]: ...


def dataset_keys(store: Store, names: Datasets) -> tuple[DatasetKey, ...]:
    """Return the datasets that are named, a project standing for all of its own; none for all.

    Raises:
        UnknownName: one is not there; the message names the nearest.
    """
    return named_datasets(store, [names] if isinstance(names, str) else names or ())


def dataset_key(store: Store, names: Datasets) -> DatasetKey:
    """Return the one dataset that is named, or that a project named has.

    Raises:
        UnknownName, ConfigError: it is not there, or there are several.
    """
    return named_dataset(store, [names] if isinstance(names, str) else names or ())
