"""A rotation that spreads each number over 64 others, so that one bit for each is enough.

A model may concentrate on few of its numbers; one bit for each then tells little of the rest. On
word-count vectors, recall@10 of 300 candidates is 0.98 without it and 0.9995 with it. It consists
of signs and additions, so it is the same on every machine and need not be stored.
"""

from functools import cache
from hashlib import shake_256

import numpy as np

from semantic_assets.index.ranking import Vectors

#: Sizes from 32 to 768 are equally good; 64 costs 0.15 CPU seconds for 55,000 rows, 768 0.95.
_LARGEST_BLOCK = 64


def rotated(vectors: Vectors) -> Vectors:
    """Rotate vectors, shape (n, dimensions), which keeps the dot products among them."""
    dimensions = vectors.shape[1]
    signs, block = _signs(dimensions), _hadamard(_block(dimensions))
    blocks: Vectors = (vectors * signs).reshape(-1, len(block))
    return (blocks @ block).reshape(-1, dimensions)


def _block(dimensions: int) -> int:
    """Return the largest power of two, up to 64, that divides the dimensions."""
    return min(_LARGEST_BLOCK, dimensions & -dimensions)


@cache
def _signs(dimensions: int) -> Vectors:
    bits = np.frombuffer(shake_256(b"signs").digest(dimensions), np.uint8) & 1
    return np.where(bits, 1.0, -1.0).astype(np.float32)


@cache
def _hadamard(size: int) -> Vectors:
    if size == 1:
        return np.ones((1, 1), np.float32)
    half = _hadamard(size // 2)
    matrix: Vectors = np.block([[half, half], [half, -half]])
    return matrix / np.float32(np.sqrt(2))
