"""Vectors that crowd as a corpus's do: topics of unequal size, documents in them, chunks in those.

Gemini's vectors of one language lie in a cone (two strangers have a cosine of about 0.5), have far
fewer directions that matter than numbers, and a chunk's nearest neighbours are of its own document.
So: one common direction, a latent space whose axes count less and less, three levels of scatter.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

DIMENSIONS, _LATENT = 768, 256
_TOPICS, _CHUNKS_PER_DOCUMENT = 400, 8
#: Lengths of what is common to all, to a topic, to a document, to a chunk, and of a question.
_COMMON, _TOPIC, _DOCUMENT, _CHUNK, _QUESTION = 0.72, 0.40, 0.42, 0.38, 0.45
_BLOCK = 50_000
Vectors = np.ndarray[Any, np.dtype[np.float32]]


def blocks(rows: int, *, seed: int = 7) -> Iterator[Vectors]:
    """Unit vectors, 50,000 at a time: 500,000 of them are 1.5 GB."""
    corpus = _Corpus(rows, seed)
    for start in range(0, rows, _BLOCK):
        yield corpus.chunks(np.arange(start, min(start + _BLOCK, rows)))


def questions(rows: int, count: int, *, seed: int = 7) -> Vectors:
    """Unit vectors near documents of that corpus; none of them is in it."""
    return _Corpus(rows, seed).questions(count)


class _Corpus:
    """The same for the same seed and rows, in any blocks."""

    def __init__(self, rows: int, seed: int) -> None:
        self._seed = seed
        rng = np.random.default_rng(seed)
        basis, _ = np.linalg.qr(rng.standard_normal((DIMENSIONS, _LATENT)))
        self._basis = basis.T.astype(np.float32)
        weights = np.arange(1, _LATENT + 1) ** -0.5
        self._scale = (weights / np.linalg.norm(weights)).astype(np.float32)
        self._common = self._scatter(rng, 1)[0]
        self._topics = self._scatter(rng, _TOPICS)
        documents = -(-rows // _CHUNKS_PER_DOCUMENT)
        share = 1.0 / np.arange(1, _TOPICS + 1) ** 0.7
        self._topic_of = rng.choice(_TOPICS, size=documents, p=share / share.sum())
        self._documents = self._scatter(rng, documents)

    def _scatter(self, rng: np.random.Generator, count: int) -> Vectors:
        return rng.standard_normal((count, _LATENT), dtype=np.float32) * self._scale

    def chunks(self, numbers: Any) -> Vectors:
        rng = np.random.default_rng((self._seed, int(numbers[0])))
        return self._placed(rng, numbers // _CHUNKS_PER_DOCUMENT, _CHUNK)

    def questions(self, count: int) -> Vectors:
        rng = np.random.default_rng((self._seed, 1, 1))
        of = rng.integers(0, len(self._documents), size=count)
        return self._placed(rng, of, _QUESTION)

    def _placed(self, rng: np.random.Generator, documents: Any, length: float) -> Vectors:
        latent = (
            _COMMON * self._common
            + _TOPIC * self._topics[self._topic_of[documents]]
            + _DOCUMENT * self._documents[documents]
            + length * self._scatter(rng, len(documents))
        )
        vectors: Vectors = latent @ self._basis
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors
