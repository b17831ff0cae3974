"""Each mode is measured by the judged questions, and the weight learned of them is that of a search."""

import json
from dataclasses import replace

import pytest

from semantic_assets.model.keys import DatasetKey, Scope
from semantic_assets.pipeline.search.judged.mode_quality import (
    are_modes_to_be_measured,
    measure_modes,
    quality_of,
)
from semantic_assets.pipeline.search.search import search
from semantic_assets.pipeline.search.searched import searched_of
from tests.trial import Trial

DATASET = DatasetKey("acme", "manuals")
SUBJECTS = ("valve", "pump", "dome", "mirror", "buoy", "anchor", "lamp", "crane")
MODES = ["dense", "words", "hybrid", "grouped"]


@pytest.fixture
def judged(meaningful_trial: Trial) -> Trial:
    for subject in SUBJECTS:
        text = f"The {subject} is inspected weekly. {subject.capitalize()} parts are kept dry."
        meaningful_trial.write(f"{DATASET}/{subject}.txt", text)
    queries = [{"_id": s, "text": f"How is the {s} inspected?"} for s in SUBJECTS]
    meaningful_trial.write(f"{DATASET}/queries.jsonl", "\n".join(map(json.dumps, queries)))
    rows = [f"{s}\t{s}.txt\t1" for s in SUBJECTS]
    head = "query-id\tcorpus-id\tscore"
    meaningful_trial.write(f"{DATASET}/qrels.tsv", "\n".join([head, *rows]))
    meaningful_trial.refresh()
    return meaningful_trial


def weight(trial: Trial) -> float | None:
    (opened,) = searched_of(trial.store).selection(trial.store, Scope((DATASET,))).opened
    return opened.weight


def test_modes_are_measured_once_and_the_weight_learned_last_is_that_of_a_search(
    judged: Trial,
) -> None:
    store = judged.store
    assert [one.mode for one in quality_of(store, DATASET)] == ["dense"]  # by the refresh
    assert are_modes_to_be_measured(store, DATASET)
    measure_modes(store, judged.gemini, DATASET)
    assert not are_modes_to_be_measured(store, DATASET)
    found = quality_of(store, DATASET)
    assert [one.mode for one in found] == MODES
    for one in found:
        assert (one.ndcg_at_10, one.recall_at_10, one.mrr) == pytest.approx((1.0, 1.0, 1.0))
        assert (one.queries, one.weight) == (len(SUBJECTS), None)  # too few to learn from

    assert weight(judged) is None
    hit = search(store, judged.gemini, "pump", datasets=[DATASET], k=1)[0]
    later = [replace(one, weight=0.9, evaluated_at=one.evaluated_at + 1) for one in found]
    store.ledger.evaluations.record_modes(later)
    assert weight(judged) == 0.9
    other = search(store, judged.gemini, "pump", datasets=[DATASET], k=1)[0]
    assert other.text == hit.text
    assert other.score != hit.score or hit.score == pytest.approx(1.0)

    judged.write(f"{DATASET}/qrels.tsv", "query-id\tcorpus-id\tscore\npump\tpump.txt\t1")
    assert are_modes_to_be_measured(store, DATASET)


def test_a_dataset_without_questions_is_not_measured(trial: Trial) -> None:
    trial.write(f"{DATASET}/a.txt", "A valve.")
    trial.refresh()
    assert not are_modes_to_be_measured(trial.store, DATASET)
    measure_modes(trial.store, trial.gemini, DATASET)
    assert quality_of(trial.store, DATASET) == []
