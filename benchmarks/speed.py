"""What a question costs at size: dense against bare FAISS, hybrid and hybrid with a filter against dense.

Vectors are synthetic (see benchmarks/vectors.py), texts are words by Zipf's law. Questions are near
documents and have a few words of them. CPU of one question after the other, hits with their texts.
"""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import faiss
import numpy as np
import pyarrow as pa

from benchmarks.corpora import WORK
from benchmarks.rows import Row
from benchmarks.vectors import DIMENSIONS, blocks, questions
from semantic_assets.index.description import Description, PartEntry
from semantic_assets.index.opened_version import Index, VectorStores, backend_of
from semantic_assets.index.parts import open_parts, write_part
from semantic_assets.index.ranking import Vectors
from semantic_assets.index.words.words_of_parts import open_words, write_missing_words
from semantic_assets.model.backends import AUTO, FAISS, backend_for
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.search_filter import Condition, Filter
from semantic_assets.model.search_options import SearchOptions
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.tables import PART_ROWS
from semantic_assets.pipeline.search.answering import allowed_of, answers
from semantic_assets.pipeline.search.index_selection import Selection, selection_of
from semantic_assets.pipeline.search.opened_index import Opened

_SIZE = 500_000
_QUESTIONS, _ROUNDS, _K = 60, 5, 10
_WORDS, _PER_CHUNK, _PER_QUESTION = 50_000, 60, 4
_PER_DOCUMENT = 8
#: A year has a tenth of the documents.
_YEARS = 10
_GOAL = 1.3
_TRAINED, _CANDIDATES_PER_HIT = 4_096, 30


def measure(size: int = _SIZE) -> list[Row]:
    index = _built(WORK / "speed", size)
    space = EmbeddingSpace.of(backend="emulator", model="gemini-embedding-2", dimensions=DIMENSIONS)
    opened = Opened(DatasetKey("bench", "speed"), space.space_id, index)
    selection = selection_of((opened,), lambda _: space)
    asked, texts = questions(size, _QUESTIONS), _questions()
    bare = _bare(index)
    filtered = Filter((Condition("year", "=", ("2021",)),))
    ways: dict[str, Callable[[Vectors, str], object]] = {
        "bare FAISS": lambda vector, _: bare.search(vector, _K),
        "index": lambda vector, _: index.nearest_of_each(vector, _K),
        "dense": _asker(selection, SearchOptions(k=_K, mode="dense")),
        "words": _asker(selection, SearchOptions(k=_K, mode="words")),
        "hybrid": _asker(selection, SearchOptions(k=_K)),
        "hybrid, of one year": _asker(selection, SearchOptions(k=_K, filter=filtered)),
    }
    cost = _milliseconds(ways, asked, texts)
    name, unit = f"{size:,} chunks, a question", "CPU ms"
    return [
        Row(
            f"{name}: index alone, against bare FAISS",
            cost["index"],
            cost["bare FAISS"],
            unit,
            None,
            _GOAL,
        ),
        Row(
            f"{name}: dense with its hits, against bare FAISS",
            cost["dense"],
            cost["bare FAISS"],
            unit,
        ),
        *(
            Row(f"{name}: {way}, against dense", cost[way], cost["dense"], unit, None, _GOAL)
            for way in ("words", "hybrid", "hybrid, of one year")
        ),
    ]


def _asker(selection: Selection, options: SearchOptions) -> Callable[[Vectors, str], object]:
    def ask(vector: Vectors, text: str) -> object:
        vectors = [] if options.mode == "words" else [vector]
        return answers(selection, allowed_of(selection, options), options, [text], vectors)

    return ask


def _milliseconds(
    ways: dict[str, Callable[[Vectors, str], object]], asked: Vectors, texts: list[str]
) -> dict[str, float]:
    """The median of some rounds, in turns: the machine's speed changes within a minute."""
    faiss.omp_set_num_threads(1)
    spent: dict[str, list[float]] = {way: [] for way in ways}
    for turn in range(_ROUNDS + 1):
        for way, ask in ways.items():
            began = time.process_time()
            for vector, text in zip(asked, texts, strict=True):
                ask(vector[None], text)
            if turn:  # the first one maps files and fills caches
                spent[way].append((time.process_time() - began) / len(texts) * 1e3)
    return {way: median(found) for way, found in spent.items()}


def _built(folder: Path, size: int) -> Index:
    shutil.rmtree(folder, ignore_errors=True)
    is_compact = backend_for(AUTO, size) == FAISS
    entries, first = [], 0
    for number, block in enumerate(blocks(size)):
        name, rows = f"{number:05d}", _rows(first, len(block))
        vectors = [(np.arange(len(block)), block)]
        write_part(folder / name, [rows], vectors, shape=block.shape, compact=is_compact)
        entries.append(PartEntry(name=name, rows=len(block), fingerprint=name))
        first += len(block)
    description = Description(
        backend=backend_for(AUTO, size),
        space_id="synthetic",
        dimensions=DIMENSIONS,
        parts=tuple(entries),
        collection="speed",
        alias="",
    )
    parts = open_parts(folder, description)
    for part in parts:
        write_missing_words(part)
    backend = backend_of(description.backend, VectorStores())
    backend.build(folder, description, parts)
    finder = backend.open(folder, description)
    return Index(folder, description, finder, open_words(folder, description))


def _bare(index: Index) -> faiss.Index:
    """The same codes in one FAISS index in memory, with FAISS's own ranking by float32."""
    codes = faiss.index_factory(DIMENSIONS, "RaBitQfs", faiss.METRIC_INNER_PRODUCT)
    bare = faiss.IndexRefineFlat(codes)
    vectors = np.concatenate([part.vectors for part in index.parts])
    bare.train(vectors[:_TRAINED])
    bare.add(vectors)
    bare.k_factor = _CANDIDATES_PER_HIT
    return bare


def _rows(first: int, count: int) -> pa.Table:
    numbers = np.arange(first, first + count)
    documents = numbers // _PER_DOCUMENT
    metadata = [json.dumps({"date": f"{2015 + one % _YEARS}-05-01"}) for one in documents.tolist()]
    columns = {
        "chunk_id": [f"c{one}" for one in numbers.tolist()],
        "document_id": [f"d{one}" for one in documents.tolist()],
        "uri": [f"bench/speed/{one}.txt" for one in documents.tolist()],
        "title": [f"Article {one}" for one in documents.tolist()],
        "chunk_index": (numbers % _PER_DOCUMENT).tolist(),
        "metadata": pa.array(metadata).dictionary_encode(),
        "text": list(_texts(first, count, _PER_CHUNK)),
        "text_hash": [f"h{one}" for one in numbers.tolist()],
    }
    plain = {"string": "", "large_string": "", "int32": 0, "int64": 0}
    return pa.table(
        [
            columns[field.name]
            if isinstance(columns.get(field.name), pa.Array)
            else pa.array(columns.get(field.name) or [plain[str(field.type)]] * count, field.type)
            for field in PART_ROWS
        ],
        schema=PART_ROWS,
    )


def _texts(seed: int, count: int, words: int) -> Iterator[str]:
    rng = np.random.default_rng(seed)
    drawn = np.minimum(rng.zipf(1.3, size=(count, words)), _WORDS)
    for row in drawn.tolist():
        yield " ".join(f"w{_letters(one)}" for one in row) + "."


def _letters(number: int) -> str:
    """A word of letters for a number: digits would be cut as identifiers are."""
    return "".join(chr(97 + int(digit)) for digit in str(number))


def _questions() -> list[str]:
    """Words of the kind that the texts have, of which one is rare."""
    found = _texts(1, _QUESTIONS, _PER_QUESTION)
    return [f"{text[:-1]} w{_letters(1_000 + place)}" for place, text in enumerate(found)]
