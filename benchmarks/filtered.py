"""A query among some of the rows, against one among all: what a filter costs, and that it is exact.

Vectors and questions are those of `recall`; the rows are chosen at random, or follow one another as
those of a document do.
"""

import shutil
import time
from statistics import median

import numpy as np

from benchmarks import recall
from benchmarks.corpora import WORK
from benchmarks.rows import Row
from benchmarks.vectors import DIMENSIONS, questions
from semantic_assets.index.backend import Finder
from semantic_assets.index.exact import ExactFinder
from semantic_assets.index.opened_version import VectorStores, backend_of
from semantic_assets.index.parts import open_parts
from semantic_assets.index.ranking import Numbers, Vectors
from semantic_assets.model.backends import FAISS

_SIZES = (100_000, 500_000)
_SHARES = (0.0, 0.001, 0.01, 0.03, 0.1, 0.3, 0.5, 0.9)
_QUESTIONS, _K, _ROUNDS = 50, 10, 5


def measure() -> list[Row]:
    return [row for size in _SIZES for row in _measure(size)]


def _measure(size: int) -> list[Row]:
    folder = WORK / "filtered"
    shutil.rmtree(folder, ignore_errors=True)
    description = recall._write_parts(folder, size, FAISS)
    parts = open_parts(folder, description)
    backend = backend_of(FAISS, VectorStores())
    backend.build(folder, description, parts)
    index, exact = backend.open(folder, description), ExactFinder(parts)
    asked = questions(size, _QUESTIONS)
    rng = np.random.default_rng(1)
    found = []
    for share in _SHARES:
        count = max(1, round(size * share))
        among = np.sort(rng.choice(size, count, replace=False))
        found += _among(f"{size:,} x {DIMENSIONS}, {count:,} rows", index, exact, asked, among)
        first = int(rng.integers(size - count + 1))
        run = np.arange(first, first + count)
        found += _among(f"{size:,} x {DIMENSIONS}, {count:,} in a row", index, exact, asked, run)
    return found


def _among(
    name: str, index: Finder, exact: ExactFinder, asked: Vectors, among: Numbers
) -> list[Row]:
    right = [{row for row, _ in hits} for hits in exact.nearest(asked, _K, among)]
    hits = [{row for row, _ in index.nearest(query[None], _K, among)[0]} for query in asked]
    shared = sum(len(one & other) for one, other in zip(right, hits, strict=True))
    # In turns: the machine's speed changes within a minute, and a ratio must not.
    rounds = [
        (_milliseconds(index, asked, among), _milliseconds(index, asked, None))
        for _ in range(_ROUNDS)
    ]
    ours, dense = map(median, zip(*rounds, strict=True))
    return [
        Row(f"{name}: recall@10", shared / sum(map(len, right)), None, "of exact"),
        Row(f"{name}: a query, against one of all", ours, dense, "CPU ms"),
    ]


def _milliseconds(finder: Finder, asked: Vectors, among: Numbers | None) -> float:
    began = time.process_time()
    for query in asked:
        finder.nearest(query[None], _K, among)
    return (time.process_time() - began) / len(asked) * 1e3
