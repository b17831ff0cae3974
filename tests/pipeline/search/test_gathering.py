"""Questions asked at once are fewer calls, and nobody answers for another's."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from semantic_assets.errors import RequestRejected, SpendRefused
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.model.catalog import MAX_REALTIME_BYTES
from semantic_assets.model.search_options import SearchOptions
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.costs.callers import Caller
from semantic_assets.pipeline.search.gathering import Gathering
from semantic_assets.pipeline.search.search import Asked, answer_each
from tests.trial import Trial

_OTHERS = 9


class HeldGemini(Gemini):
    """The client; its calls wait until they are let go, and are counted."""

    def __init__(self, trial: Trial) -> None:
        super().__init__(endpoint_of(trial.settings))
        self.let_go = threading.Event()
        self.calls: list[int] = []

    def embed_queries(
        self, space: EmbeddingSpace, queries: Sequence[str]
    ) -> npt.NDArray[np.float32]:
        self.calls.append(len(queries))
        assert self.let_go.wait(60)
        return super().embed_queries(space, queries)


@pytest.fixture
def pumps(trial: Trial) -> Trial:
    for number in range(4):
        trial.write(f"acme/pumps/{number}.txt", f"Pump {number} is oiled in month {number}.")
    trial.refresh()
    return trial


def asked(*questions: str, k: int = 1) -> Asked:
    return Asked(questions=questions, options=SearchOptions(k=k))


def until(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_questions_that_come_during_two_calls_are_one_more_call(pumps: Trial) -> None:
    gemini = HeldGemini(pumps)
    gathering = Gathering(lambda asked: answer_each(pumps.store, gemini, asked))

    def ask(number: int) -> list[str]:
        (hits,) = gathering.ask(asked(f"Pump {number}?", k=1 + number % 3))
        return [hit.text for hit in hits]

    with ThreadPoolExecutor(2 + _OTHERS) as pool:
        first = [pool.submit(ask, number) for number in range(2)]
        until(lambda: len(gemini.calls) == 2)
        others = [pool.submit(ask, number) for number in range(2, 2 + _OTHERS)]
        until(lambda: len(gathering._queue) == _OTHERS)
        gemini.let_go.set()
        found = [one.result() for one in (*first, *others)]
    assert gemini.calls == [1, 1, _OTHERS]
    assert [len(hits) for hits in found] == [1 + number % 3 for number in range(2 + _OTHERS)]
    assert found == [ask(number) for number in range(2 + _OTHERS)]


def test_an_error_of_one_group_leaves_the_place_to_the_next(pumps: Trial) -> None:
    broken = [True]

    def answer(asked: Sequence[Asked]) -> list[list[list[object]]]:
        if broken.pop() if broken else False:
            raise RuntimeError("nobody expected this")
        return [[] for _ in asked]

    gathering = Gathering(answer)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="nobody expected"):
        gathering.ask(asked())
    assert gathering.ask(asked()) == []
    assert gathering._working == 0


def test_a_caller_over_its_cap_is_refused_alone(pumps: Trial) -> None:
    settings = replace(
        pumps.settings, backend="gemini", gemini_url=pumps.url, api_key="AIza-x", emulator_url=None
    )
    store, gemini = replace(pumps.store, settings=settings), Gemini(endpoint_of(settings))
    space = replace(pumps.settings.space, backend="gemini")
    store.ledger.spaces.register(space)
    callers = (Caller("rich", 1.0), Caller("poor", 1e-12), None)
    from semantic_assets.pipeline.costs.questions import Question, embed_each

    questions = [Question(f"Pump {n}?", caller) for n, caller in enumerate(callers)]
    before = pumps.bill()["realtime_texts"]
    rich, poor, nobody = embed_each(store, gemini, space, questions)
    assert isinstance(rich, np.ndarray)
    assert isinstance(nobody, np.ndarray)
    assert isinstance(poor, SpendRefused)
    assert pumps.bill()["realtime_texts"] == before + 2
    totals = store.ledger.spending.totals_of_caller("rich", since=0.0)
    assert totals.realtime_usd > 0
    assert store.ledger.spending.totals().possibly_billed_usd == 0


def test_a_question_that_is_refused_takes_no_other_with_it(pumps: Trial) -> None:
    long = "x" * MAX_REALTIME_BYTES
    good, bad = answer_each(
        pumps.store,
        pumps.gemini,
        [asked("Pump 1?"), asked(long)],
    )
    assert isinstance(good, list)
    assert isinstance(bad, RequestRejected)
