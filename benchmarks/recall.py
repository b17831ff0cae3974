"""recall@10 of the default index, and of Lance, against exact search, and what it costs, at two sizes.

Vectors are synthetic (see benchmarks/vectors.py); questions are near documents and not among them.
"""

import shutil
import time
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import faiss
import numpy as np
import pyarrow as pa

from benchmarks.corpora import WORK
from benchmarks.rows import Row
from benchmarks.vectors import DIMENSIONS, blocks, questions
from semantic_assets.index.backend import Finder
from semantic_assets.index.description import Description, PartEntry
from semantic_assets.index.exact import ExactFinder
from semantic_assets.index.lance_store import LanceStore
from semantic_assets.index.opened_version import VectorStores, backend_of
from semantic_assets.index.parts import Parts, open_parts, write_part
from semantic_assets.index.ranking import Vectors
from semantic_assets.model.backends import AUTO, FAISS, LANCE, backend_for
from semantic_assets.model.tables import PART_ROWS

_SIZES = (100_000, 500_000)
_QUESTIONS, _TIMED, _K, _ROUNDS = 500, 100, 10, 5
_LEAST_RECALL = 0.98
_TRAINED, _CANDIDATES_PER_HIT = 4_096, 30


def measure() -> list[Row]:
    return [row for size in _SIZES for row in _measure(size, AUTO)]


def measure_lance() -> list[Row]:
    if find_spec("lancedb") is None:
        print("lance: left out; pip install semantic-assets[lance]")
        return []
    return [row for size in _SIZES for row in _measure(size, LANCE)]


def _measure(size: int, choice: str) -> list[Row]:
    folder = WORK / "recall"
    shutil.rmtree(folder, ignore_errors=True)
    description = _write_parts(folder, size, choice)
    parts = open_parts(folder, description)
    stores = VectorStores(lance=LanceStore(str(folder / "lance")))
    backend = backend_of(description.backend, stores)
    began, before = time.process_time(), _bytes(folder)
    backend.build(folder, description, parts)
    build, added = time.process_time() - began, _bytes(folder) - before
    asked, exact = questions(size, _QUESTIONS), ExactFinder(parts)
    index = backend.open(folder, description)
    right = [{row for row, _ in hits} for hits in exact.nearest(asked, _K)]
    found = [{row for row, _ in index.nearest(query[None], _K)[0]} for query in asked]
    shared = sum(len(one & other) for one, other in zip(right, found, strict=True))
    name = f"{size:,} x {DIMENSIONS}, {description.backend}"
    return [
        Row(f"{name}: recall@10", shared / _QUESTIONS / _K, _LEAST_RECALL, "of exact"),
        Row(f"{name}: build", build, None, "CPU s"),
        Row(f"{name}: a query", _milliseconds(index, asked), _milliseconds(exact, asked), "CPU ms"),
        Row(f"{name}: size beside the vectors", added / 1e6, None, "MB"),
        *(_against_bare_faiss(name, index, parts, asked) if choice == AUTO else []),
    ]


def _against_bare_faiss(name: str, index: Finder, parts: Parts, asked: Vectors) -> list[Row]:
    """The same codes in one FAISS index in memory, with FAISS's own ranking by float32."""
    codes = faiss.index_factory(DIMENSIONS, "RaBitQfs", faiss.METRIC_INNER_PRODUCT)
    bare = faiss.IndexRefineFlat(codes)
    vectors = np.concatenate([part.vectors for part in parts])
    bare.train(vectors[:_TRAINED])
    bare.add(vectors)
    bare.k_factor = _CANDIDATES_PER_HIT
    faiss.omp_set_num_threads(1)
    # In turns: the machine's speed changes within a minute, and a ratio must not.
    rounds = [
        (_milliseconds(index, asked), _bare_milliseconds(bare, asked)) for _ in range(_ROUNDS)
    ]
    ours, theirs = map(median, zip(*rounds, strict=True))
    return [Row(f"{name}: a query, against bare FAISS", ours, theirs, "CPU ms")]


def _bare_milliseconds(bare: faiss.Index, asked: Vectors) -> float:
    bare.search(asked[:1], _K)
    began = time.process_time()
    for query in asked[:_TIMED]:
        bare.search(query[None], _K)
    return (time.process_time() - began) / _TIMED * 1e3


def _write_parts(folder: Path, size: int, choice: str) -> Description:
    """A part for each block, as each shard has one."""
    entries, is_compact = [], backend_for(choice, size) == FAISS
    for number, block in enumerate(blocks(size)):
        name = f"{number:05d}"
        vectors = [(np.arange(len(block)), block)]
        write_part(
            folder / name, [_rows(len(block))], vectors, shape=block.shape, compact=is_compact
        )
        entries.append(PartEntry(name=name, rows=len(block), fingerprint=name))
    return Description(
        backend=backend_for(choice, size),
        space_id="synthetic",
        dimensions=DIMENSIONS,
        parts=tuple(entries),
        collection="recall",
        alias="",
    )


def _rows(count: int) -> pa.Table:
    """As many rows as vectors; nothing is read of them here."""
    empty = {"string": "", "large_string": ""}
    return pa.table(
        [
            pa.nulls(count, field.type)
            if field.nullable
            else pa.array([empty.get(str(field.type), 0)] * count, field.type)
            for field in PART_ROWS
        ],
        schema=PART_ROWS,
    )


def _milliseconds(finder: Finder, asked: Vectors) -> float:
    """One by one, as search asks."""
    finder.nearest(asked[:1], _K)
    began = time.process_time()
    for query in asked[:_TIMED]:
        finder.nearest(query[None], _K)
    return (time.process_time() - began) / _TIMED * 1e3


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
