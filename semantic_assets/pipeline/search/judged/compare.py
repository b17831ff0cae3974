"""Compare the search results of another index version with those of the serving one."""

from dataclasses import dataclass

import numpy as np

from semantic_assets.gemini.client import Gemini
from semantic_assets.index.opened_version import Index, open_index
from semantic_assets.index.ranking_metrics import overlap
from semantic_assets.ledger.index_versions import IndexVersion
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.pending.services import may_serve
from semantic_assets.pipeline.search.judged.quality import (
    MAX_DROP,
    judged_questions,
    measure_quality,
)
from semantic_assets.pipeline.search.judged.query_embedding import query_vectors
from semantic_assets.pipeline.vector_index.serving import version_folder
from semantic_assets.store import Store

_K = 10
_QUESTIONS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two versions compared; `overlap_at_10`: the share of the ten nearest passages in both."""

    dataset: DatasetKey
    serving: int
    other: int
    questions: int
    overlap_at_10: float
    #: nDCG@10 over the dataset's judged questions; None: it has none.
    ndcg_serving: float | None
    ndcg_other: float | None

    @property
    def is_worse(self) -> bool:
        if self.ndcg_serving is None or self.ndcg_other is None:
            return False
        return self.ndcg_other < self.ndcg_serving - MAX_DROP

    @property
    def summary(self) -> str:
        text = (
            f"{self.overlap_at_10:.0%} of the ten nearest of {self.questions} questions are shared"
        )
        if self.ndcg_serving is None or self.ndcg_other is None:
            return f"{text}; no judged questions"
        return f"{text}; nDCG@10 {self.ndcg_serving:.3f} -> {self.ndcg_other:.3f}"


def compare(store: Store, gemini: Gemini, other: IndexVersion) -> Comparison | None:
    """Put the same questions to the serving version and another.

    None: no version serves yet, or it is of a backend that is not asked, as a demo's is.

    The questions are the dataset's judged ones, or else titles and first words of its documents.
    """
    dataset = other.dataset
    serving = store.ledger.index_versions.serving(dataset)
    if serving is None or not may_serve(
        store, dataset, store.ledger.spaces.find(serving.space_id).backend
    ):
        return None
    opened = open_index(version_folder(store, other), store.vector_stores)
    questions = (judged_questions(store, dataset) or _titles(opened))[:_QUESTIONS]
    old = open_index(version_folder(store, serving), store.vector_stores)
    ranked = [
        _nearest(store, gemini, version, index, questions)
        for version, index in ((serving, old), (other, opened))
    ]
    shared = [overlap(one, two) for one, two in zip(*ranked, strict=True)]
    before = measure_quality(store, gemini, dataset, version=serving)
    after = measure_quality(store, gemini, dataset, version=other)
    return Comparison(
        dataset=dataset,
        serving=serving.number,
        other=other.number,
        questions=len(questions),
        overlap_at_10=float(np.mean(shared)) if shared else 1.0,
        ndcg_serving=before.ndcg_at_10 if before else None,
        ndcg_other=after.ndcg_at_10 if after else None,
    )


def _titles(index: Index) -> list[str]:
    rows = index.table(["title", "text"]).to_pylist()[:: max(1, len(index) // _QUESTIONS)]
    return list(dict.fromkeys(row["title"] or row["text"][:80] for row in rows))


def _nearest(
    store: Store, gemini: Gemini, version: IndexVersion, index: Index, questions: list[str]
) -> list[list[str]]:
    """List the ids of the chunks nearest to each question."""
    if not questions:
        return []
    space = store.ledger.spaces.find(version.space_id)
    chunks = index.table(["chunk_id"])["chunk_id"].to_pylist()
    hits = index.nearest_of_each(query_vectors(store, gemini, space, questions), _K)
    return [[chunks[row] for row, _ in found] for found in hits]
