"""Measure how well the vectors of an index version answer its dataset's judged questions.

It is measured without the words: so the check and a reindex compare vectors with vectors, also with
those that an earlier release measured. What a user's search finds is in `judged`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semantic_assets.errors import SetupError, SpendRefused
from semantic_assets.gemini.client import Gemini
from semantic_assets.index.opened_version import Index, open_index
from semantic_assets.index.ranking_metrics import ndcg, recall, reciprocal_rank
from semantic_assets.lake import layout
from semantic_assets.ledger.evaluations import Evaluation
from semantic_assets.ledger.index_versions import IndexVersion
from semantic_assets.model.keys import DatasetKey
from semantic_assets.parsing.judgements import Judgements, read_judgements
from semantic_assets.pipeline.reports.checks import Check
from semantic_assets.pipeline.search.judged.query_embedding import are_readable, query_vectors
from semantic_assets.pipeline.vector_index.serving import version_folder
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import fingerprint

#: A drop of nDCG@10 by more than this is worth a look; less is noise of a few questions.
MAX_DROP = 0.02
_K = 10
#: Passages retrieved, so that ten documents are among them.
_PASSAGES = 50


@dataclass(frozen=True, slots=True)
class JudgedQuestions:
    """A dataset's judged questions, and their fingerprint."""

    judgements: Judgements
    identity: str

    def scores(
        self,
        ranked: Iterable[Sequence[str]],
        names: Mapping[str, str],
        numbers: Sequence[int] | None = None,
    ) -> npt.NDArray[np.float64]:
        """Return nDCG@10, recall@10 and MRR of each question, or of those of these numbers.

        Args:
            ranked: the documents found for each, best first.
            names: the document_id of each name that a judgement may have.
        """
        relevant_of = list(self.relevant(names))
        wanted = relevant_of if numbers is None else [relevant_of[number] for number in numbers]
        return np.array(
            [
                (
                    ndcg(documents, relevant, _K),
                    recall(documents, relevant, _K),
                    reciprocal_rank(documents, relevant),
                )
                for documents, relevant in zip(ranked, wanted, strict=True)
            ]
        )

    def relevant(self, names: Mapping[str, str]) -> Iterator[dict[str, float]]:
        """Yield for each question document_ids and grades; a judged document that is not there counts as never found."""
        for query in self.judgements.queries:
            grades = self.judgements.relevant[query]
            yield {names.get(name, name): grade for name, grade in grades.items()}


def measure_quality(
    store: Store, gemini: Gemini, dataset: DatasetKey, *, version: IndexVersion | None = None
) -> Evaluation | None:
    """Measure the serving version, or another; an earlier measurement is returned as it is.

    None: the dataset has no questions or no index, its folder is out of reach, embedding the
    questions is not allowed, or its vectors are of a backend that is not asked.

    Raises:
        BrokenJudgements: queries.jsonl or qrels.tsv cannot be understood.
    """
    asked = asked_of(store, dataset)
    version = version or store.ledger.index_versions.serving(dataset)
    if asked is None or version is None:
        return None
    if found := _measured(store, version, asked):
        return found
    try:
        measured = _measure(store, gemini, version, asked)
    except (SpendRefused, SetupError) as refusal:
        store.report_progress(
            f"{dataset}: its questions were not embedded, and nothing measured: {refusal}"
        )
        return None
    store.ledger.evaluations.record(measured)
    return measured


def _measured(store: Store, version: IndexVersion, asked: JudgedQuestions) -> Evaluation | None:
    """Return what was measured before, with the same questions, if their vectors are whole."""
    if not are_readable(store, store.ledger.spaces.find(version.space_id)):
        return None
    for found in store.ledger.evaluations.of(version.dataset):
        same = (found.space_id, found.version) == (version.space_id, version.number)
        if same and found.judgements == asked.identity:
            return found
    return None


def check_quality(store: Store, dataset: DatasetKey) -> Check:
    """Check no_quality_drop: the serving version is not worse than the one evaluated before it."""
    found = store.ledger.evaluations.of(dataset)
    serving = store.ledger.index_versions.serving(dataset)
    current = [one for one in found if serving and one.version == serving.number]
    before = [one for one in found if current and one.version < current[0].version]
    if not current or not before or before[0].judgements != current[0].judgements:
        message = "nothing to compare with: no questions, or none answered before"
        return _check(dataset, True, message, 0)
    drop = before[0].ndcg_at_10 - current[0].ndcg_at_10
    message = f"nDCG@10 {before[0].ndcg_at_10:.3f} -> {current[0].ndcg_at_10:.3f}"
    return _check(dataset, drop <= MAX_DROP, message, current[0].queries)


def _check(dataset: DatasetKey, passed: bool, message: str, counted: int) -> Check:
    return Check(
        name="no_quality_drop",
        subject=str(dataset),
        passed=passed,
        message=message,
        counted=counted,
    )


def judged_questions(store: Store, dataset: DatasetKey) -> list[str]:
    """List the judged questions of a dataset; empty if it has none."""
    asked = asked_of(store, dataset)
    return list(asked.judgements.queries.values()) if asked else []


def asked_of(store: Store, dataset: DatasetKey) -> JudgedQuestions | None:
    """Return a dataset's judged questions; None: it has none.

    Raises:
        BrokenJudgements: queries.jsonl or qrels.tsv cannot be understood.
    """
    judgements = read_judgements(store.sources.about(dataset))
    if judgements is None or not judgements.relevant:
        return None
    content = json.dumps([judgements.queries, judgements.relevant], sort_keys=True)
    return JudgedQuestions(judgements, fingerprint("judgements", content))


def _measure(
    store: Store, gemini: Gemini, version: IndexVersion, asked: JudgedQuestions
) -> Evaluation:
    space = store.ledger.spaces.find(version.space_id)
    index = open_index(version_folder(store, version), store.vector_stores)
    queries = asked.judgements.queries
    ranked = _ranked(index, query_vectors(store, gemini, space, list(queries.values())))
    means = asked.scores(ranked, documents_by_name(store, version.dataset)).mean(axis=0)
    return Evaluation(
        dataset=str(version.dataset),
        space_id=version.space_id,
        version=version.number,
        judgements=asked.identity,
        queries=len(queries),
        ndcg_at_10=float(means[0]),
        recall_at_10=float(means[1]),
        mrr=float(means[2]),
        evaluated_at=store.ledger.now(),
    )


def _ranked(index: Index, vectors: np.ndarray) -> list[list[str]]:
    """List the documents of the nearest passages, best first, for each question."""
    documents = index.table(["document_id"])["document_id"].to_pylist()
    return [
        list(dict.fromkeys(documents[row] for row, _ in hits))
        for hits in index.nearest_of_each(vectors, _PASSAGES)
    ]


def documents_by_name(store: Store, dataset: DatasetKey) -> dict[str, str]:
    """Map record ids, paths and document_ids to document_ids."""
    names: dict[str, str] = {}
    for shard in store.ledger.sources.shards(dataset):
        path = layout.documents(shard.key)
        if not store.lake.exists(path):
            continue
        for row in store.lake.read(path, ["document_id", "uri", "record_id"]).to_pylist():
            identity = row["document_id"]
            below = row["uri"].removeprefix(f"{dataset}/")
            for name in (row["record_id"] or below, row["uri"], identity):
                names.setdefault(name, identity)
    return names
