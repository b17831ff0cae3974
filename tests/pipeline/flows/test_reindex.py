"""Another embedding space: quoted, embedded beside, compared, switched, rolled back."""

import json
from dataclasses import replace

import pytest

from semantic_assets.errors import ConfigError, Conflict, SpendRefused
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.costs.estimate import Estimate
from semantic_assets.pipeline.flows.refresh import refresh
from semantic_assets.pipeline.flows.reindex import (
    ReindexReport,
    cancel_reindex,
    reindex,
    reindex_all,
)
from semantic_assets.pipeline.search.search import search
from tests.trial import Trial

DATASET = DatasetKey("acme", "manuals")
SUBJECTS = ["valve", "pump", "dome", "mirror", "buoy", "anchor", "lamp", "crane"]
OTHER = EmbeddingSpace.of(backend="emulator", model="gemini-embedding-2", dimensions=256)


@pytest.fixture
def trial(meaningful_trial: Trial) -> Trial:
    return meaningful_trial


def write_corpus(trial: Trial, dataset: DatasetKey = DATASET) -> None:
    for subject in SUBJECTS:
        text = f"The {subject} is inspected weekly. {subject.capitalize()} parts are kept dry."
        trial.write(f"{dataset}/{subject}.txt", text)


def write_judgements(trial: Trial) -> None:
    queries = [{"_id": s, "text": f"How is the {s} inspected?"} for s in SUBJECTS]
    trial.write(f"{DATASET}/queries.jsonl", "\n".join(map(json.dumps, queries)))
    rows = [f"{s}\t{s}.txt\t1" for s in SUBJECTS]
    trial.write(f"{DATASET}/qrels.tsv", "\n".join(["query-id\tcorpus-id\tscore", *rows]))


def run(trial: Trial, **options: object) -> ReindexReport:
    settings = {"wait_minutes": 60.0, "sleep": lambda _: trial.pass_time()} | options
    return reindex(trial.store, trial.gemini, DATASET, OTHER, **settings)  # type: ignore[arg-type]


def first_hit(trial: Trial, question: str = "How is the pump inspected?") -> str:
    return search(trial.store, trial.gemini, question, k=1)[0].file_name


def serving_space(trial: Trial) -> str:
    found = trial.store.ledger.index_versions.serving(DATASET)
    assert found is not None
    assert trial.store.serving_space(DATASET).space_id == found.space_id
    return found.space_id


def test_the_old_space_serves_until_the_switch_and_a_rollback_goes_back(trial: Trial) -> None:
    write_corpus(trial)
    trial.refresh()
    old = serving_space(trial)
    waiting = run(trial, wait_minutes=0)
    assert not waiting.switched
    assert "out; run it again to go on" in str(waiting.waiting)
    assert (serving_space(trial), first_hit(trial)) == (old, "pump.txt")
    done = run(trial)
    assert done.switched
    assert (serving_space(trial), first_hit(trial)) == (OTHER.space_id, "pump.txt")
    assert trial.store.target_space(DATASET) is None
    assert set(trial.sent().values()) == {2}  # once in each space
    assert not trial.refresh().advanced.submitted_texts


def test_a_query_that_counts_on_another_space_is_refused(trial: Trial) -> None:
    write_corpus(trial)
    trial.refresh()
    with pytest.raises(ConfigError, match="vectors of two spaces do not compare"):
        search(trial.store, trial.gemini, "pump", k=1, space_id=OTHER.space_id)


def test_another_model_in_the_settings_pays_for_nothing_and_breaks_no_search(trial: Trial) -> None:
    write_corpus(trial)
    trial.refresh()
    with trial.reopened(model=OTHER.model, dimensions=256).store as store:
        other = Trial(trial.settings, store, trial.gemini, trial.url, trial.clock)
        assert not other.refresh().advanced.submitted_texts
        assert first_hit(other) == "pump.txt"


def test_edits_during_a_reindex_are_wanted_in_both_spaces_then_in_the_new_one(
    trial: Trial,
) -> None:
    write_corpus(trial)
    trial.refresh()
    run(trial, wait_minutes=0)
    trial.write(f"{DATASET}/winch.txt", "The winch is inspected yearly.")
    trial.refresh()
    assert serving_space(trial) == OTHER.space_id  # refresh carries a reindex to its end
    assert first_hit(trial, "Is the winch inspected yearly?") == "winch.txt"
    before = sum(trial.sent().values())
    trial.write(f"{DATASET}/sail.txt", "The sail is mended at sea.")
    trial.refresh()
    assert sum(trial.sent().values()) == before + 1


def test_it_quotes_first_and_a_refusal_sends_nothing_and_aims_at_nothing(trial: Trial) -> None:
    write_corpus(trial)
    trial.refresh()
    sent = len(trial.remote_jobs())
    quotes: list[Estimate] = []

    def refuse(quote: Estimate) -> None:
        quotes.append(quote)
        raise SpendRefused("no")

    with pytest.raises(SpendRefused):
        run(trial, consent=refuse)
    assert quotes[0].texts == len(SUBJECTS)
    assert len(trial.remote_jobs()) == sent
    assert trial.store.target_space(DATASET) is None


def test_two_targets_at_once_are_refused_until_one_is_given_up(trial: Trial) -> None:
    write_corpus(trial)
    trial.refresh()
    run(trial, wait_minutes=0)
    third = EmbeddingSpace.of(backend="emulator", model=OTHER.model, dimensions=512)
    with pytest.raises(Conflict, match="--cancel"):
        reindex(trial.store, trial.gemini, DATASET, third, wait_minutes=0)
    assert cancel_reindex(trial.store, DATASET)
    assert not cancel_reindex(trial.store, DATASET)
    trial.refresh()
    assert serving_space(trial) != OTHER.space_id


def test_judged_questions_are_compared_and_a_drop_is_not_switched_to(trial: Trial) -> None:
    write_corpus(trial)
    write_judgements(trial)
    trial.refresh()
    done = run(trial, switch=False)
    assert done.comparison is not None
    assert done.comparison.ndcg_serving == pytest.approx(1.0)
    assert (done.switched, done.comparison.questions) == (False, len(SUBJECTS))
    worse = done.comparison.__class__(
        dataset=DATASET,
        serving=1,
        other=2,
        questions=8,
        overlap_at_10=0.5,
        ndcg_serving=0.9,
        ndcg_other=0.8,
    )
    assert worse.is_worse
    assert run(trial).switched


def test_broken_judgements_stop_the_quality_of_their_own_dataset_only(trial: Trial) -> None:
    other, told = DatasetKey("acme", "aaa"), list[str]()
    for dataset in (DATASET, other):
        write_corpus(trial, dataset)
    write_judgements(trial)
    trial.write(f"{other}/queries.jsonl", '{"_id": "q1", "text": "How?"}\nbroken\n')
    trial.write(f"{other}/qrels.tsv", "query-id\tcorpus-id\tscore\nq1\tpump.txt\t1\n")
    store = replace(trial.store, report_progress=told.append)
    report = refresh(store, trial.gemini, wait_minutes=60.0, sleep=lambda _: trial.pass_time())
    assert {index.dataset for index in report.indexes} == {DATASET, other}
    assert [found.dataset for found in report.quality] == [str(DATASET)]
    assert any("its quality was not measured" in line and "line 2" in line for line in told)


def test_all_datasets_go_one_after_the_other_and_the_next_run_goes_on(trial: Trial) -> None:
    write_corpus(trial)
    write_corpus(trial, DatasetKey("acme", "other"))
    trial.refresh()
    first = reindex_all(trial.store, trial.gemini, (), OTHER, wait_minutes=0)
    assert [report.switched for report in first] == [False]
    # Between the two switches, search over both merges the spaces by rank.
    run(trial)
    hits = search(trial.store, trial.gemini, "How is the pump inspected?", k=2)
    assert hits[0].file_name == "pump.txt"
    assert len({hits[0].uri, *hits[0].places}) == 2
    done = reindex_all(
        trial.store,
        trial.gemini,
        (),
        OTHER,
        wait_minutes=60.0,
        sleep=lambda _: trial.pass_time(),
    )
    assert [report.switched for report in done] == [True, True]
