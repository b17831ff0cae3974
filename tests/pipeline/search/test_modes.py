"""By meaning, by words, and by both: what each finds, and what it costs."""

from dataclasses import replace

import pytest

from semantic_assets.errors import ConfigError, GeminiUnavailable, SetupError
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.model.keys import DatasetKey, Scope
from semantic_assets.model.search_options import SearchArguments, options_of
from semantic_assets.pipeline.search.search import search
from semantic_assets.pipeline.search.search_hit import Answer
from tests.pipeline.search.shelves import IDENTIFIERS
from tests.trial import Trial


def ask(trial: Trial, question: str, *names: str, **options: object) -> Answer:
    asked: SearchArguments = options  # type: ignore[assignment]
    scope, wanted = Scope.parse(names), options_of(**asked)
    return search(trial.store, trial.gemini, question, scope=scope, options=wanted)


@pytest.mark.parametrize("identifier", IDENTIFIERS)
@pytest.mark.parametrize("mode", ["hybrid", "words"])
def test_an_identifier_is_found_first_and_marked_whole(
    shelves: Trial, identifier: str, mode: str
) -> None:
    first = ask(shelves, identifier, mode=mode)[0]
    assert IDENTIFIERS[identifier] in first.text
    assert first.sentence is not None
    marked = [first.sentence.text[start:end] for start, end in first.sentence.marks]
    assert identifier in marked


def test_a_hit_says_how_its_score_came_about(shelves: Trial) -> None:
    question = "How is the winch greased?"
    for hit in ask(shelves, question, k=3):
        assert hit.scores.cosine is not None
        assert hit.scores.words is not None
        assert 0 < hit.score <= 1
    by_meaning = ask(shelves, question, k=3, mode="dense")
    assert [hit.score for hit in by_meaning] == [hit.scores.cosine for hit in by_meaning]
    by_words = ask(shelves, question, k=3, mode="words")
    assert [hit.score for hit in by_words] == [hit.scores.words for hit in by_words]
    assert by_words[0].scores.words_rank == 1
    assert all(hit.scores.cosine is None for hit in by_words)


def test_the_order_of_a_mix_is_that_of_both_scores_of_every_row(shelves: Trial) -> None:
    """Rows that are high in one list only have the score of the other all the same."""
    everything = ask(shelves, "Who inspects the winch in a storm?", k=99, floor=False)
    assert all(hit.scores.cosine is not None for hit in everything)
    scores = [hit.score for hit in everything]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("question", "named"), [("起重机怎么清洗", "zh.txt"), ("Когда моют краны?", "ru.txt")]
)
def test_words_of_other_scripts_are_found_in_their_forms(
    shelves: Trial, question: str, named: str
) -> None:
    for mode in ("hybrid", "words"):
        first = ask(shelves, question, mode=mode)[0]
        assert first.file_name == named
        assert first.sentence is not None
        assert first.sentence.marks


def test_a_search_by_words_asks_nobody_and_books_nothing(shelves: Trial) -> None:
    """Neither a key nor an answer of Google is needed for it."""
    settings = replace(
        shelves.settings,
        backend="gemini",
        gemini_url="http://127.0.0.1:9",
        api_key=None,
        emulator_url=None,
    )
    store, gemini = replace(shelves.store, settings=settings), Gemini(endpoint_of(settings))
    before = store.ledger.spending.totals()
    options = options_of(mode="words", k=2)
    assert search(store, gemini, "winch", options=options)[0].title == "The winch"
    assert store.ledger.spending.totals() == before


def test_where_a_question_cannot_be_embedded_the_error_names_the_search_by_words(
    shelves: Trial,
) -> None:
    settings = replace(shelves.settings, emulator_url="http://127.0.0.1:9")
    gemini = Gemini(endpoint_of(settings))
    with pytest.raises(GeminiUnavailable, match=r"`--mode words`") as raised:
        search(shelves.store, gemini, "winch")
    assert raised.value.__class__ is GeminiUnavailable
    assert search(shelves.store, gemini, "winch", options=options_of(mode="words"))
    with pytest.raises(GeminiUnavailable) as plain:
        search(shelves.store, gemini, "winch", options=options_of(mode="dense"))
    assert "--mode" not in str(plain.value)


def test_another_backend_refuses_a_vector_and_not_words(shelves: Trial) -> None:
    settings = replace(shelves.settings, backend="gemini", api_key="AIza-x")
    store = replace(shelves.store, settings=settings)
    with pytest.raises(SetupError, match="backend emulator"):
        search(store, shelves.gemini, "winch")
    assert search(store, shelves.gemini, "winch", options=options_of(mode="words"))


def test_a_project_stands_for_its_datasets(shelves: Trial) -> None:
    found = ask(shelves, "Which rails are swept?", "other", k=20, floor=False)
    assert {hit.dataset for hit in found} == {"other/quay"}
    both = ask(shelves, "winch", "other", "acme/logs", k=99, floor=False)
    assert {hit.dataset for hit in both} == {"other/quay", "acme/logs"}
    with pytest.raises(ConfigError, match="there is no project absent: there is acme/logs, "):
        ask(shelves, "winch", "absent")


def test_a_filter_holds_for_both_sides_of_a_mix(shelves: Trial) -> None:
    for mode in ("hybrid", "dense", "words"):
        found = ask(shelves, "How many trips made the ferry?", mode=mode, where=["year>=2024"], k=9)
        assert {hit.record_id for hit in found} == {"log-2024", "log-2025", "log-2026"}
        assert {(hit.metadata or {})["year"] for hit in found} == {"2024", "2025", "2026"}


def test_a_condition_that_cannot_be_is_refused_before_anything_is_sent(shelves: Trial) -> None:
    gemini = Gemini(endpoint_of(replace(shelves.settings, emulator_url="http://127.0.0.1:9")))
    options = options_of(where={"colour": "red"})
    with pytest.raises(ConfigError, match="colour"):
        search(shelves.store, gemini, "winch", options=options)


@pytest.mark.cures("nothing close to this: ask in other words, or `--no-floor` shows what there is")
@pytest.mark.parametrize(
    "question",
    [
        "asdkjh qweoiu zmxncb",
        "фывапролдж йцукен",
        "recipe for vegan lasagne with mozzarella",
        "?!?! ...",
    ],
)
def test_nonsense_gets_no_passages_but_with_the_named_cure(shelves: Trial, question: str) -> None:
    for mode in ("hybrid", "dense", "words"):
        answer = ask(shelves, question, mode=mode)
        assert ([*answer], answer.has_more) == ([], False)
        assert "nothing close" in answer.told
        assert "`--no-floor`" in answer.told
    assert len(ask(shelves, question, floor=False)) == 10


@pytest.mark.parametrize(
    "question", ["winch", "When is the fender rinsed?", "In which year had the ferry 30 trips?"]
)
def test_a_question_with_an_answer_is_not_refused(shelves: Trial, question: str) -> None:
    for mode in ("hybrid", "dense", "words"):
        assert ask(shelves, question, mode=mode)


def test_of_few_rows_nothing_is_refused(shelves: Trial) -> None:
    assert ask(shelves, "asdkjh qweoiu", "other/quay")
    assert DatasetKey("other", "quay") in Scope.parse(["other"])
