"""What the parts of the Python API take from a core, and the arguments they have in common."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from semantic_assets.gemini.client import Gemini
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.costs.estimate import Estimate
from semantic_assets.store import Store

Root = str | Path | None
#: `"p/d"`, several of them, or None for all.
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


def dataset_keys(names: Datasets) -> tuple[DatasetKey, ...]:
    """Parse names of datasets; None for all."""
    given = [names] if isinstance(names, str) else names or ()
    return tuple(DatasetKey.parse(name) for name in given)
