"""Texts as vectors: deterministic, fast, and useful enough for a search to find things.

`hashed` vectors are signed feature hashes (see `vocabulary.py`) with sublinear counts.
`computable` vectors are counted by hand: component i is the number of whitespace-separated words
of i + 1 characters; words longer than the vector count in its last component, and a text without
words has 1 there. Vectors of an installed model have meaning (see `installed_models.py`). Where the
API answers unit vectors, all are divided by their length.

Not here: requests, token limits, JSON.
"""

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt

from semantic_assets.emulator.answers import scripts
from semantic_assets.emulator.answers.installed_models import INSTALLED_MODELS, ModelVectors
from semantic_assets.emulator.answers.vocabulary import Vocabulary

FULL_DIMENSIONS = 3072
MODES = ("hashed", "computable", *INSTALLED_MODELS)

Matrix = npt.NDArray[np.float32]

# Splitting bytes at blanks is four times as fast as a regular expression for words.
_BLANK_PUNCTUATION = bytes(c if c >= 128 or chr(c).isalnum() else 32 for c in range(256))
# Prefixes that take the place of task types in gemini-embedding-2 (Google's docs).
_PREFIX = re.compile(
    r"\A(?:task: [^|\n]{1,60} \| query: |title: (none)? ?(?=[^|\n]{0,300}\| text: ))"
)
_QUERY = re.compile(r"task: [^|\n]{1,60} \| query: ")
_OF_QUESTIONS = frozenset({"RETRIEVAL_QUERY", "CODE_RETRIEVAL_QUERY", "QUESTION_ANSWERING"})
# Features of 200,000 words take about 60 MB; a log or a dump has more distinct words than that.
_VOCABULARY_LIMIT = 200_000
_TASK_WEIGHT = 0.15
# Weights are rounded to this grid, so that sums are exact: words are added in the order in which
# this process first met them, and the vector of a text must not depend on that.
_EXACT = 2.0**20
_MIX_1 = np.uint64(0x9E3779B97F4A7C15)
_MIX_2 = np.uint64(0xBF58476D1CE4E5B9)


@dataclass(frozen=True, kw_only=True)
class Space:
    """The parameters that decide a vector besides its text."""

    model: str
    dimensions: int
    #: task type, or "" for a model that has none
    task: str
    #: unit length: any dimension of gemini-embedding-2, the full one of gemini-embedding-001
    normalised: bool


@dataclass(frozen=True, kw_only=True)
class _Size:
    words: int
    features: int


class _Features(NamedTuple):
    #: the features of word n are at starts[n]:starts[n + 1]
    starts: npt.NDArray[np.int64]
    components: npt.NDArray[np.int32]
    values: Matrix


class _Tally(NamedTuple):
    """The counts of the words of a text; one entry per pair."""

    rows: npt.NDArray[np.int64]
    words: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]


class _Projection:
    """Component and signed weight of each feature for one model and dimension.

    Follows its vocabulary: `refresh` converts what was appended since the last time.
    """

    def __init__(self, vocabulary: Vocabulary, model: str, dimensions: int) -> None:
        self._vocabulary = vocabulary
        self._seed = np.uint64(crc32(model.encode()) << 32)
        self._dimensions = np.uint64(dimensions)
        self._lock = threading.Lock()
        self._starts = np.zeros(1, dtype=np.int64)
        self._components = np.zeros(0, dtype=np.int32)
        self._values = np.zeros(0, dtype=np.float32)
        self._known = _Size(words=0, features=0)

    def refresh(self) -> _Features:
        """Return the features of all words now in the vocabulary."""
        with self._lock:
            words = len(self._vocabulary.ends)
            if words > self._known.words:
                self._extend(_Size(words=words, features=self._vocabulary.ends[words - 1]))
            return _Features(self._starts, self._components, self._values)

    def _extend(self, size: _Size) -> None:
        new = slice(self._known.features, size.features)
        mixed = _mix(np.array(self._vocabulary.hashes[new], dtype=np.uint64) ^ self._seed)
        signs = 1.0 - 2.0 * (mixed & np.uint64(1)).astype(np.float32)
        weights = np.array(self._vocabulary.weights[new], dtype=np.float32)
        ends = np.array(self._vocabulary.ends[self._known.words : size.words], dtype=np.int64)
        self._starts = _grown(self._starts, 1 + self._known.words, ends)
        components = _scaled(mixed, self._dimensions)
        self._components = _grown(self._components, self._known.features, components)
        self._values = _grown(self._values, self._known.features, signs * weights)
        self._known = size


def _grown(kept: npt.NDArray[Any], used: int, new: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Put `new` after the first `used` items of `kept`, doubled when full: appending is cheap."""
    needed = used + len(new)
    if needed > len(kept):
        longer = np.zeros(max(needed, 2 * len(kept)), dtype=kept.dtype)
        longer[:used] = kept[:used]
        kept = longer
    kept[used:needed] = new
    return kept


def _mix(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    mixed = hashes * _MIX_1
    mixed ^= mixed >> np.uint64(29)
    mixed *= _MIX_2
    return mixed ^ (mixed >> np.uint64(32))


def _scaled(mixed: npt.NDArray[np.uint64], dimensions: np.uint64) -> npt.NDArray[np.int32]:
    return ((mixed >> np.uint64(32)) * dimensions >> np.uint64(32)).astype(np.int32)


class Embedder:
    """Vectors of texts. Safe to share between threads; holds caches and nothing else."""

    def __init__(self, mode: str) -> None:
        self._mode = mode
        self._lock = threading.Lock()
        self._vocabulary = Vocabulary()
        self._projections: dict[tuple[str, int], _Projection] = {}
        self._model = ModelVectors(mode) if mode in INSTALLED_MODELS else None

    def embed(self, texts: Sequence[str], space: Space) -> Matrix:
        """Return the vectors of the texts: float32, one row of `space.dimensions` per text."""
        if self._mode == "computable":
            return _computable(texts, space)
        if self._model is not None:
            return _scale_to_length(_with_meaning(self._model, texts, space), texts, space)
        return self._hashed(texts, space)

    def _hashed(self, texts: Sequence[str], space: Space) -> Matrix:
        words = [_words(text) for text in texts]
        vocabulary, projection = self._projection(space)
        numbers = list(map(vocabulary.__getitem__, chain.from_iterable(words)))
        tally = _tally(numbers, [len(row) for row in words])
        base = _accumulate(tally, projection.refresh(), (len(texts), space.dimensions))
        _fill_empty(base, texts)
        base /= np.linalg.norm(base, axis=1, keepdims=True)
        if space.task:
            base += _TASK_WEIGHT * _task_direction(space)
        return _scale_to_length(base, texts, space)

    def _projection(self, space: Space) -> tuple[Vocabulary, _Projection]:
        with self._lock:
            if len(self._vocabulary) > _VOCABULARY_LIMIT:
                self._vocabulary = Vocabulary()
                self._projections = {}
            key = (space.model, space.dimensions)
            if key not in self._projections:
                self._projections[key] = _Projection(self._vocabulary, *key)
            return self._vocabulary, self._projections[key]


def _words(text: str) -> list[bytes]:
    lowered = _without_prefix(text.lower())
    if not lowered.isascii():
        lowered = scripts.spaced(lowered)
    raw = lowered.encode("utf-8", "surrogatepass")
    return raw.translate(_BLANK_PUNCTUATION).split()


def _without_prefix(text: str) -> str:
    if prefix := _PREFIX.match(text):
        return text[prefix.end() :].replace("| text: ", "", 1)
    return text


def _with_meaning(model: ModelVectors, texts: Sequence[str], space: Space) -> Matrix:
    """Return the vectors of an installed model, which has a way of its own to embed questions."""
    found = np.empty((len(texts), space.dimensions), np.float32)
    are_questions = np.array([space.task in _OF_QUESTIONS or _QUERY.match(one) for one in texts])
    for kind in (False, True):
        rows = np.flatnonzero(are_questions.astype(bool) == kind)
        if len(rows):
            found[rows] = model.embed(
                [_without_prefix(texts[row]) for row in rows.tolist()],
                are_questions=kind,
                dimensions=space.dimensions,
            )
    return found


def _tally(numbers: Sequence[int], lengths: Sequence[int]) -> _Tally:
    """Count words per text by sorting (text, word) pairs."""
    span = max(numbers, default=0) + 1
    rows = np.repeat(np.arange(len(lengths)), lengths)
    pairs = rows * span + np.array(numbers, dtype=np.int64)
    distinct, counts = np.unique(pairs, return_counts=True)
    return _Tally(*np.divmod(distinct, span), counts)


def _accumulate(tally: _Tally, features: _Features, shape: tuple[int, int]) -> Matrix:
    """Sum the signed features of every word of every text in one pass over flat arrays."""
    first = features.starts[tally.words]
    sizes = features.starts[tally.words + 1] - first
    ends = np.cumsum(sizes)
    total = int(ends[-1]) if len(ends) else 0
    wanted = np.arange(total) + np.repeat(first - ends + sizes, sizes)
    scales = _EXACT * (1.0 + np.log(tally.counts))
    weights = np.rint(features.values[wanted] * np.repeat(scales, sizes))
    cells = features.components[wanted] + np.repeat(tally.rows * shape[1], sizes)
    flat = np.bincount(cells, weights=weights, minlength=shape[0] * shape[1])
    return (flat.reshape(shape) / _EXACT).astype(np.float32)


def _fill_empty(base: Matrix, texts: Sequence[str]) -> None:
    """Give a text without words ("?!") a direction of its own: the API never answers zeros."""
    for row in np.flatnonzero(np.abs(base).max(axis=1) < 1e-6).tolist():
        base[row, crc32(texts[row].encode("utf-8", "surrogatepass")) % base.shape[1]] = 1.0


def _task_direction(space: Space) -> Matrix:
    """Return a small constant per task: a query and a document of one text stay close."""
    seed = np.uint64(crc32(f"{space.model}/{space.task}".encode()))
    bits = _mix(np.arange(space.dimensions, dtype=np.uint64) + (seed << np.uint64(16)))
    signs = 1.0 - 2.0 * (bits & np.uint64(1)).astype(np.float32)
    return signs / np.float32(np.sqrt(space.dimensions))


def _scale_to_length(base: Matrix, texts: Sequence[str], space: Space) -> Matrix:
    """Scale rows to unit length where the API does, else shorter and varying (Google's docs)."""
    base /= np.linalg.norm(base, axis=1, keepdims=True)
    if space.normalised:
        return base
    # A truncated vector keeps part of the length: about 0.57 at 768 and 0.76 at 1536 here.
    typical = (space.dimensions / FULL_DIMENSIONS) ** 0.4
    spread = np.array(
        [crc32(text.encode("utf-8", "surrogatepass")) % 1000 for text in texts], dtype=np.float32
    )
    base *= (typical * (0.95 + spread / 20_000))[:, None]
    return base


def _computable(texts: Sequence[str], space: Space) -> Matrix:
    counted = np.zeros((len(texts), space.dimensions), dtype=np.float32)
    for row, text in enumerate(texts):
        words = text.split()
        for word in words:
            counted[row, min(len(word), space.dimensions) - 1] += 1
        if not words:
            counted[row, -1] = 1
    if space.normalised:
        counted /= np.linalg.norm(counted, axis=1, keepdims=True)
    return counted
