"""Measure each way to search a dataset by its judged questions, and learn the weight of its hybrid."""

from collections.abc import Sequence

from semantic_assets.errors import SetupError, SpendRefused
from semantic_assets.gemini.client import Gemini
from semantic_assets.index.opened_version import open_index
from semantic_assets.ledger.evaluations import ModeEvaluation
from semantic_assets.ledger.index_versions import IndexVersion
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.search_options import MODES
from semantic_assets.pipeline.search.index_selection import selection_of
from semantic_assets.pipeline.search.judged.judged_rankings import JudgedRankings
from semantic_assets.pipeline.search.judged.learned_weight import Scores, learned_weight
from semantic_assets.pipeline.search.judged.quality import (
    JudgedQuestions,
    asked_of,
    documents_by_name,
    measure_quality,
)
from semantic_assets.pipeline.search.judged.query_embedding import are_readable, query_vectors
from semantic_assets.pipeline.search.opened_index import Opened
from semantic_assets.pipeline.vector_index.serving import version_folder
from semantic_assets.store import Store

#: Hybrid with hits grouped by document, and nothing where nothing is close.
GROUPED = "grouped"


def quality_of(store: Store, dataset: DatasetKey) -> list[ModeEvaluation]:
    """Return what was measured of a dataset, newest version first; of some only the vectors were."""
    found = store.ledger.evaluations.of_modes(dataset)
    order = ("dense", "words", "hybrid", GROUPED)
    known = {(one.space_id, one.version) for one in found}
    vectors = [
        ModeEvaluation(
            dataset=one.dataset,
            space_id=one.space_id,
            version=one.version,
            mode="dense",
            judgements=one.judgements,
            queries=one.queries,
            ndcg_at_10=one.ndcg_at_10,
            recall_at_10=one.recall_at_10,
            mrr=one.mrr,
            weight=None,
            evaluated_at=one.evaluated_at,
        )
        for one in store.ledger.evaluations.of(dataset)
        if (one.space_id, one.version) not in known
    ]
    return sorted([*found, *vectors], key=lambda one: (-one.version, order.index(one.mode)))


def are_modes_to_be_measured(store: Store, dataset: DatasetKey) -> bool:
    """Whether `measure_modes` would measure the serving version, and record it."""
    asked, version = asked_of(store, dataset), store.ledger.index_versions.serving(dataset)
    return asked is not None and version is not None and not _measured(store, version, asked)


def _measured(store: Store, version: IndexVersion, asked: JudgedQuestions) -> bool:
    """Say whether it was measured by these questions, and their vectors are whole."""
    space = store.ledger.spaces.find(version.space_id)
    return are_readable(store, space) and any(
        (one.space_id, one.version, one.judgements)
        == (version.space_id, version.number, asked.identity)
        for one in store.ledger.evaluations.of_modes(version.dataset)
    )


def measure_modes(store: Store, gemini: Gemini, dataset: DatasetKey) -> None:
    """Measure the serving version mode by mode, with the weight that its questions teach.

    Nothing is measured without questions or an index, or if embedding the questions is not allowed.

    Raises:
        BrokenJudgements: queries.jsonl or qrels.tsv cannot be understood.
    """
    asked = asked_of(store, dataset)
    version = store.ledger.index_versions.serving(dataset)
    if asked is None or version is None:
        return
    measure_quality(store, gemini, dataset)
    space = store.ledger.spaces.find(version.space_id)
    questions = list(asked.judgements.queries.values())
    try:
        vectors = query_vectors(store, gemini, space, questions)
    except (SpendRefused, SetupError):
        return  # as was just reported of the vectors alone
    index = open_index(version_folder(store, version), store.vector_stores)
    opened = Opened(dataset, version.space_id, index)
    selection = selection_of((opened,), store.ledger.spaces.find)
    rankings = JudgedRankings(selection, questions, vectors)
    store.ledger.evaluations.record_modes(_of_modes(store, version, asked, rankings))


def _of_modes(
    store: Store, version: IndexVersion, asked: JudgedQuestions, rankings: JudgedRankings
) -> list[ModeEvaluation]:
    names = documents_by_name(store, version.dataset)

    def scores_with(weight: float, numbers: Sequence[int]) -> Scores:
        ndcg: Scores = asked.scores(rankings.of_weight(weight, numbers), names, numbers)[:, 0]
        return ndcg

    weight = None
    ranked = {"dense": rankings.of_mode("dense")}
    if rankings.has_words:
        weight = learned_weight(len(rankings.questions), scores_with)
        learned = rankings.with_weight(weight)
        ranked |= {mode: learned.of_mode(mode) for mode in MODES if mode != "dense"}
        ranked[GROUPED] = learned.grouped()
    return [
        _evaluation(store, version, asked, mode, asked.scores(found, names).mean(axis=0), weight)
        for mode, found in ranked.items()
    ]


def _evaluation(
    store: Store,
    version: IndexVersion,
    asked: JudgedQuestions,
    mode: str,
    means: Scores,
    weight: float | None,
) -> ModeEvaluation:
    return ModeEvaluation(
        dataset=str(version.dataset),
        space_id=version.space_id,
        version=version.number,
        mode=mode,
        judgements=asked.identity,
        queries=len(asked.judgements.queries),
        ndcg_at_10=float(means[0]),
        recall_at_10=float(means[1]),
        mrr=float(means[2]),
        weight=weight if mode in ("hybrid", GROUPED) else None,
        evaluated_at=store.ledger.now(),
    )
