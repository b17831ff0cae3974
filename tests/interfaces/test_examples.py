"""What README, AGENTS.md and `make demo` ask of the sample corpus is answered by the first hit shown."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.model.keys import Scope
from semantic_assets.pipeline.flows.refresh import refresh
from semantic_assets.pipeline.search.search import search
from semantic_assets.settings.settings import Settings
from semantic_assets.store import Store, open_store

PROJECT = Path(__file__).resolve().parents[2]
#: What the sentence shown must hold.
ANSWERS = {
    "In what wind must the dome be closed?": "Mean wind above 14 metres per second",
    "Как быстро можно охлаждать камеру?": "не быстрее двух градусов в минуту",
    "Когда моют главное зеркало телескопа?": "один раз в год, в сентябре",
}
#: Of documents that the page itself makes: its blocks are run elsewhere.
_ITS_OWN = {"When is the kiln fired?"}
_ASKED = re.compile(r'(?:semantic-assets search|core\.search\()\s*"([^"]+)"')


def _questions() -> set[str]:
    pages = (PROJECT / name for name in ("README.md", "AGENTS.md", "Makefile"))
    return {question for page in pages for question in _ASKED.findall(page.read_text())}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The sample corpus, embedded at once."""
    folder = tmp_path_factory.mktemp("examples")
    settings = replace(
        Settings.load(root=folder / "lake", environ={}), sources=PROJECT / "data" / "sources"
    )
    with open_store(settings) as store:
        refresh(store, Gemini(endpoint_of(settings)), wait_minutes=5, mode="sync")
        yield store


def test_every_question_of_the_pages_has_its_answer_here() -> None:
    assert _questions() - _ITS_OWN == set(ANSWERS)


@pytest.mark.parametrize("question", sorted(ANSWERS))
def test_the_sentence_shown_first_holds_the_answer(lake: Store, question: str) -> None:
    gemini = Gemini(endpoint_of(lake.settings))
    (hit, *_) = search(lake, gemini, question, scope=Scope.parse(()), k=3)
    assert hit.sentence is not None
    assert ANSWERS[question] in hit.sentence.text
