"""The switch: nobody ever sees half of one, whoever searches and whoever dies."""

from dataclasses import replace

import pytest

from semantic_assets.emulator.server import RunningServer
from semantic_assets.ledger.index_versions import IndexVersion
from semantic_assets.pipeline.search.search import search
from semantic_assets.pipeline.vector_index.build import build_index
from semantic_assets.pipeline.vector_index.serving import version_folder
from semantic_assets.pipeline.vector_index.versions import index_versions
from semantic_assets.settings.settings import Settings
from semantic_assets.store import Store, open_store
from tests.chaos.steps import Blow
from tests.factories import killed_in, run_together
from tests.pipeline.index_processes import (
    DATASET,
    build_and_die,
    edit_or_search,
    roll_back_and_die,
    settle,
    write_documents,
)
from tests.trial import Trial


def test_four_readers_see_whole_generations_while_documents_are_edited(
    settings: Settings, emulator: RunningServer
) -> None:
    # FAISS: it has the files that the exact index has, and its own.
    there = replace(settings, emulator_url=emulator.base_url, index_backend="faiss", dimensions=128)
    write_documents(there.sources, 1)
    settle(there)
    assert run_together(edit_or_search, there, 4, processes=5) == [[], [], [], [], []]


def serving(store: Store) -> IndexVersion:
    found = store.ledger.index_versions.serving(DATASET)
    assert found is not None
    return found


def versions(trial: Trial) -> set[str]:
    return {hit.text.partition(".")[0] for hit in search(trial.store, trial.gemini, "x", k=20)}


def two_versions(trial: Trial) -> None:
    """Version 1 serves; the vectors of version 2 have landed and wait for their index."""
    trial.write(f"{DATASET}/a.txt", "Version 1. Valve.")
    trial.refresh()
    trial.write(f"{DATASET}/a.txt", "Version 2. Valve.")
    trial.prepare()
    trial.advance_until_done()


BEFORE = [
    Blow("index version started", "after"),
    Blow("index written", "before"),
    Blow("index written", "after"),
    Blow("index version switched", "before"),
]


@pytest.mark.parametrize("blow", BEFORE, ids=str)
def test_a_build_killed_before_the_switch_leaves_the_old_one_serving(
    trial: Trial, blow: Blow
) -> None:
    two_versions(trial)
    killed_in(build_and_die, trial.settings, blow)
    assert (serving(trial.store).number, versions(trial)) == (1, {"Version 1"})
    trial.clock.offset += 60  # the dead process's lease expires
    build_index(trial.store, DATASET)
    assert versions(trial) == {"Version 2"}
    states = {row.number: row.state for row in index_versions(trial.store)}
    folder = version_folder(trial.store, serving(trial.store)).parent
    assert {int(path.name) for path in folder.iterdir()} == set(states)
    assert sorted(states.values()) == ["retired", "serving"]


def test_a_build_killed_after_the_switch_has_switched(trial: Trial) -> None:
    two_versions(trial)
    killed_in(build_and_die, trial.settings, Blow("index version switched", "after"))
    assert (serving(trial.store).number, versions(trial)) == (2, {"Version 2"})
    trial.clock.offset += 60
    assert not build_index(trial.store, DATASET).written


@pytest.mark.parametrize(("when", "version"), [("before", 2), ("after", 1)])
def test_a_rollback_killed_has_happened_or_not(trial: Trial, when: str, version: int) -> None:
    two_versions(trial)
    build_index(trial.store, DATASET)
    killed_in(roll_back_and_die, trial.settings, when)
    assert versions(trial) == {f"Version {version}"}
    with open_store(trial.settings, clock=trial.clock) as store:
        assert serving(store).number == version
