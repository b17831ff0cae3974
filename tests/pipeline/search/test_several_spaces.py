"""Hits of two spaces are in one order: what stands out more in its own space comes first."""

import pytest

from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.flows.reindex import reindex
from tests.pipeline.search.test_modes import ask
from tests.trial import Trial

_OTHER = EmbeddingSpace.of(backend="emulator", model="gemini-embedding-2", dimensions=256)
_AT_SEA = ("sail", "mast", "keel", "rudder", "anchor", "compass", "galley", "cabin")
_ASHORE = ("crane", "quay", "shed", "gate", "rail", "lamp", "fence", "scale")


@pytest.fixture
def two_spaces(meaningful_trial: Trial) -> Trial:
    trial = meaningful_trial
    for dataset, things in (("sea", _AT_SEA), ("shore", _ASHORE)):
        for thing in things:
            trial.write(
                f"acme/{dataset}/{thing}.txt", f"The {thing} is looked after by the {thing} master."
            )
    trial.refresh()
    reindex(
        trial.store,
        trial.gemini,
        DatasetKey("acme", "shore"),
        _OTHER,
        wait_minutes=60.0,
        sleep=lambda _: trial.pass_time(),
    )
    return trial


def test_the_better_hit_is_first_whatever_its_space(two_spaces: Trial) -> None:
    for mode in ("dense", "hybrid", "words"):
        for thing, dataset in (("keel", "acme/sea"), ("crane", "acme/shore")):
            question = f"Who looks after the {thing}?"
            found = ask(two_spaces, question, mode=mode, k=16, floor=False)
            assert (found[0].dataset, found[0].file_name) == (dataset, f"{thing}.txt")
            scores = [hit.score for hit in found]
            assert scores == sorted(scores, reverse=True)
            again = ask(two_spaces, question, mode=mode, k=16, floor=False)
            assert [hit.uri for hit in again] == [hit.uri for hit in found]


def test_the_best_of_one_space_does_not_lead_its_second_to_the_top(two_spaces: Trial) -> None:
    """Merged by rank, the first of the other space would be the second of all."""
    question = "The crane and the gate are looked after by the crane master and the gate master."
    found = ask(two_spaces, question, mode="dense", k=2, floor=False)
    assert {hit.dataset for hit in found} == {"acme/shore"}
