"""What is searched follows the ledger, and costs it no question while it stands still."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from semantic_assets.errors import NotFound
from semantic_assets.index.stack import Stack
from semantic_assets.model.keys import DatasetKey, Scope
from semantic_assets.pipeline.discovery.dataset_removal import remove
from semantic_assets.pipeline.search.search import search
from semantic_assets.pipeline.search.searched import searched_of
from semantic_assets.store import open_store
from tests.trial import Trial

_opened: list[str] | None = None


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and _opened is not None:
        _opened.append(str(arguments[0]))


sys.addaudithook(_note)


@contextmanager
def counted(trial: Trial) -> Iterator[tuple[list[str], list[str]]]:
    """The statements to the ledger, and the files of the lake that are opened."""
    global _opened
    statements: list[str] = []
    opened: list[str] = []

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    engine = trial.store.ledger.database.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    _opened = opened
    try:
        yield statements, opened
    finally:
        _opened = None
        sa.event.remove(engine, "before_cursor_execute", note)
        opened[:] = [path for path in opened if str(trial.settings.root) in path]


@pytest.fixture
def harbours(trial: Trial) -> Trial:
    for number in range(7):
        trial.write(f"acme/harbour{number}/a.txt", f"Crane {number} is greased on day {number}.")
    trial.write("other/quay/a.txt", "The quay has rails.")
    trial.refresh()
    return trial


def ask(trial: Trial, question: str, *datasets: str, k: int = 20) -> list[str]:
    keys = [DatasetKey.parse(name) for name in datasets]
    return [hit.uri for hit in search(trial.store, trial.gemini, question, datasets=keys, k=k)]


def test_a_warm_question_asks_the_ledger_and_opens_nothing(harbours: Trial) -> None:
    assert len(ask(harbours, "Which crane?")) == 8
    with counted(harbours) as (statements, opened):
        assert len(ask(harbours, "Which rails?")) == 8
    assert (statements, opened) == ([], [])


def test_after_any_commit_one_statement_asks_for_all_datasets(harbours: Trial) -> None:
    ask(harbours, "Which crane?")
    harbours.store.ledger.register_beside("0123456789")
    with counted(harbours) as (statements, opened):
        assert len(ask(harbours, "Which rails?")) == 8
    assert [one for one in statements if "BEGIN" not in one] == [statements[-1]]
    assert "generation" in statements[-1]
    assert opened == []


def test_a_switch_by_another_process_is_seen_by_the_next_question(harbours: Trial) -> None:
    assert "acme/harbour3/b.txt" not in ask(harbours, "Which crane?")
    harbours.write("acme/harbour3/b.txt", "A second crane.")
    with open_store(harbours.settings, clock=harbours.clock) as other:
        Trial(harbours.settings, other, harbours.gemini, harbours.url, harbours.clock).refresh()
    assert "acme/harbour3/b.txt" in ask(harbours, "Which crane?")
    assert "acme/harbour3/b.txt" in ask(harbours, "Which crane?", "acme/harbour3")


def test_a_removed_dataset_is_searched_no_more(harbours: Trial) -> None:
    assert "other/quay/a.txt" in ask(harbours, "Which rails?")
    remove(harbours.store, DatasetKey("other", "quay"), dry_run=False)
    assert "other/quay/a.txt" not in ask(harbours, "Which rails?")
    with pytest.raises(NotFound, match="other/quay"):
        ask(harbours, "Which rails?", "other/quay")


def test_small_indexes_are_one_matrix_that_answers_as_they_do_alone(harbours: Trial) -> None:
    alone = [
        (hit.score, hit.uri)
        for number in range(7)
        for hit in search(
            harbours.store,
            harbours.gemini,
            "Which crane?",
            datasets=[DatasetKey("acme", f"harbour{number}")],
            k=3,
        )
    ]
    selection = searched_of(harbours.store).selection(harbours.store, Scope(projects=("acme",)))
    (of_space,) = selection.spaces
    assert isinstance(of_space.stack, Stack)
    assert of_space.others == ()
    names = [f"acme/harbour{number}" for number in range(7)]
    together = ask(harbours, "Which crane?", *names, k=4)
    assert together == [uri for _, uri in sorted(alone, key=lambda one: (-one[0], one[1]))][:4]
