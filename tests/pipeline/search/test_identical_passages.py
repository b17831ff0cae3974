"""A passage that stands at several places is one hit, which names them."""

from semantic_assets.pipeline.search.coverage import not_searchable
from semantic_assets.pipeline.search.search import search, search_many
from tests.trial import Trial

GATE = "The gate is closed before the tide turns."


def test_copies_of_a_passage_are_one_hit_and_leave_room_for_others(trial: Trial) -> None:
    for number in range(12):
        trial.write(f"acme/harbour/copy-{number:02}.txt", GATE)
    trial.write("acme/quay/copy-12.txt", GATE)
    trial.write("acme/harbour/other.txt", "The crane is greased on Mondays.")
    trial.write("acme/harbour/third.txt", "The pier has rails.")
    trial.refresh()
    found, alone = search_many(trial.store, trial.gemini, [GATE, "Is the crane greased?"], k=2)
    assert found[0].text == GATE
    assert len({hit.text for hit in found}) == len(found) == 2
    assert (found[0].uri, len(found[0].places)) == ("acme/harbour/copy-00.txt", 12)
    assert "acme/quay/copy-12.txt" in found[0].places
    assert found[1].places == ()
    assert len(alone) == 2
    everything = search(trial.store, trial.gemini, GATE, k=10)
    assert len(everything) == 3


def test_what_cannot_be_found_yet_is_said(trial: Trial) -> None:
    trial.write("acme/harbour/a.txt", GATE)
    trial.refresh()
    assert not_searchable(trial.store) == []
    trial.write("acme/harbour/b.txt", "The crane is greased on Mondays.")
    trial.write("acme/harbour/c.zzz", "x")
    trial.refresh(wait_minutes=0)
    waiting, files = not_searchable(trial.store)
    assert waiting == "not all can be found yet: 1 chunk to embed: `semantic-assets refresh`"
    assert files.startswith("2 of 3 files are read; 1 .zzz is not")
