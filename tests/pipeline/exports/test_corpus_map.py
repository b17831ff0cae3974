"""The map of a corpus: near passages are near, and it tells what is where."""

import numpy as np
import pytest

from semantic_assets.errors import ConfigError, NotFound
from semantic_assets.index.ranking import Vectors
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.exports import corpus_map as of_map
from semantic_assets.pipeline.exports import map_layout
from semantic_assets.pipeline.exports.corpus_map import corpus_map
from semantic_assets.pipeline.exports.map_layout import laid_out, principal_axes, regions
from tests.pipeline.exports.conftest import DATASET, OTHER, ROWS
from tests.trial import Trial


@pytest.fixture
def few_centres(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same code, in a hundredth of the time."""
    monkeypatch.setattr(map_layout, "_CENTRES", 120)


def clustered(count: int, kinds: int = 6) -> tuple[Vectors, Vectors]:
    """Vectors around a few centres, on their axes, and the number of each one's centre."""
    random = np.random.default_rng(3)
    centres = random.standard_normal((kinds, 48))
    kind = random.integers(0, kinds, count)
    vectors = (centres[kind] + 0.7 * random.standard_normal((count, 48))).astype(np.float32)
    mean, basis = principal_axes(vectors)
    return (vectors - mean) @ basis, kind


@pytest.mark.usefixtures("few_centres")
@pytest.mark.parametrize("count", [120, 900])
def test_those_near_each_other_on_the_map_are_of_one_kind(count: int) -> None:
    narrow, kind = clustered(count)
    places = laid_out(narrow, narrow)
    assert places.shape == (count, 2)
    assert 0 <= places.min() <= places.max() <= 1
    far = np.square(places[:, None] - places[None]).sum(axis=2)
    near = np.argsort(far, axis=1)[:, 1:6]
    assert (kind[near] == kind[:, None]).mean() > 0.9


@pytest.mark.usefixtures("few_centres")
def test_the_same_vectors_have_the_same_places() -> None:
    narrow, _ = clustered(300)
    assert (laid_out(narrow, narrow) == laid_out(narrow, narrow)).all()


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_a_few_vectors_have_places_of_their_own(count: int) -> None:
    vectors = np.random.default_rng(1).standard_normal((count, 8)).astype(np.float32)
    mean, basis = principal_axes(vectors)
    places = laid_out((vectors - mean) @ basis, vectors)
    assert np.isfinite(places).all()
    assert len(np.unique(places.round(4), axis=0)) == count


def test_equal_vectors_stop_nothing() -> None:
    vectors = np.ones((50, 8), np.float32)
    mean, basis = principal_axes(vectors)
    places = laid_out((vectors - mean) @ basis, vectors)
    assert np.isfinite(places).all()
    assert len(regions(places, 4)) == 50


def test_each_passage_that_is_served_is_on_the_map(world: Trial) -> None:
    found = corpus_map(world.store, [DATASET, OTHER])
    assert (len(found), found.passages, found.title) == (ROWS + 1, ROWS + 1, f"{DATASET}, {OTHER}")
    texts = [found.passage(number)["text"] for number in range(len(found))]
    assert len(set(texts)) == ROWS + 1
    last = found.passage(ROWS)
    assert (last["dataset"], last["uri"]) == (str(OTHER), f"{OTHER}/a.txt")
    with pytest.raises(NotFound, match=f"no passage {ROWS + 1}"):
        found.passage(ROWS + 1)


def test_passages_are_coloured_by_what_tells_them_apart(world: Trial) -> None:
    found = {one.title: one for one in corpus_map(world.store, [DATASET, OTHER]).groupings}
    assert set(found) == {"dataset", "kind", "document"}
    assert found["dataset"].names == (str(DATASET), str(OTHER))
    assert found["dataset"].of.tolist() == [0] * ROWS + [1]
    assert set(found["kind"].names) == {".md", ".jsonl", ".txt"}
    assert found["document"].names[-1] == "others"


def test_words_are_found_as_they_stand_in_texts_and_titles(world: Trial) -> None:
    found = corpus_map(world.store, [DATASET])
    for words, uris in (
        ("of PUMP 3:", {f"{DATASET}/03.md"}),
        ("насос 11", {f"{DATASET}/11.md"}),
        ("水泵", {f"{DATASET}/{number:02d}.md" for number in range(12)}),
        ("nowhere", set()),
    ):
        numbers = found.with_words(words).tolist()
        assert {found.passage(number)["uri"] for number in numbers} == uris


def test_of_very_many_passages_some_are_shown(
    world: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_map, "MAX_SHOWN", 6)
    found = corpus_map(world.store, [DATASET])
    assert found.passages == ROWS
    assert 4 <= len(found) <= 7


def test_what_cannot_be_on_a_map_is_named(world: Trial, trial: Trial) -> None:
    with pytest.raises(NotFound, match="there is no index of acme/none"):
        corpus_map(world.store, [DATASET, DatasetKey("acme", "none")])
    trial.write(f"{DATASET}/a.txt", "One.")
    trial.write(f"{OTHER}/dataset.toml", '[embedding]\nmodel = "gemini-embedding-2"\n')
    trial.write(f"{OTHER}/a.txt", "Two.")
    trial.refresh()
    with pytest.raises(ConfigError, match=r"are of several spaces .*: map those of one space"):
        corpus_map(trial.store, [DATASET, OTHER])
