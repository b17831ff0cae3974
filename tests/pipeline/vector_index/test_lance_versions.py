"""Versions in Lance, through the verbs: the switch, the way back, and a build that was killed."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from semantic_assets.errors import TransientError
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.index import lance
from semantic_assets.ledger.index_versions import IndexVersion
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.reports.checks import check_index
from semantic_assets.pipeline.search.search import search
from semantic_assets.pipeline.vector_index.build import build_index
from semantic_assets.pipeline.vector_index.switch import rollback
from semantic_assets.settings.settings import Settings
from semantic_assets.store import open_store
from tests.factories import killed_in
from tests.index.conftest import needs_lance
from tests.services.s3 import needs_s3, s3_server
from tests.trial import ShiftedClock, Trial

pytestmark = needs_lance
DATASET = DatasetKey("acme", "manuals")


def build(trial: Trial, version: int) -> int:
    """Edit the file, refresh, and name the version that serves."""
    trial.write(f"{DATASET}/a.txt", f"Paper, version {version}.")
    trial.refresh()
    return serving(trial).number


def serving(trial: Trial) -> IndexVersion:
    found = trial.store.ledger.index_versions.serving(DATASET)
    assert found is not None
    return found


def texts(trial: Trial) -> list[str]:
    return [hit.text for hit in search(trial.store, trial.gemini, "paper", k=20)]


def tables(trial: Trial) -> list[str]:
    """The tables there are, by the number in their names."""
    names = trial.store.vector_stores.lance.connect().list_tables().tables
    return sorted(name.rpartition(".")[2] for name in names)


@pytest.fixture
def in_folder(trial: Trial) -> Iterator[Trial]:
    """Tables in the lake, as when nothing is set."""
    opened = trial.reopened(index_backend="lance")
    with opened.store:
        yield opened


@pytest.fixture
def on_s3(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trial]:
    with s3_server() as s3:
        for name, value in s3.environment.items():
            monkeypatch.setenv(name, value)
        opened = trial.reopened(index_backend="lance", lance_url=s3.url("indexes"))
        with opened.store:
            yield opened


@pytest.mark.sample(1)
@pytest.mark.parametrize("place", ["in_folder", pytest.param("on_s3", marks=needs_s3)])
def test_generations_switch_roll_back_and_retire(
    request: pytest.FixtureRequest, place: str
) -> None:
    trial: Trial = request.getfixturevalue(place)
    assert [build(trial, version) for version in (1, 2, 3)] == [1, 2, 3]
    assert serving(trial).backend == "lance"
    assert texts(trial) == ["Paper, version 3."]
    assert check_index(trial.store, DATASET).passed
    rollback(trial.store, DATASET)
    assert (serving(trial).number, texts(trial)) == (2, ["Paper, version 2."])
    assert build(trial, 4) == 4
    assert texts(trial) == ["Paper, version 4."]
    assert tables(trial) == ["000002", "000003", "000004"]


def die_while_building(settings: Settings, url: str, offset: float) -> None:
    """Refreshes, gives Lance one batch, and is killed when asked for the next."""
    batches = lance._batches

    def then_die(*arguments: Any) -> Iterator[pa.RecordBatch]:
        yield next(batches(*arguments))
        os.kill(os.getpid(), signal.SIGKILL)

    lance._batches = then_die
    clock = ShiftedClock(offset)
    with open_store(settings, clock=clock) as store:
        Trial(settings, store, Gemini(endpoint_of(settings)), url, clock).refresh()


def test_a_build_that_was_killed_leaves_the_old_generation_serving(in_folder: Trial) -> None:
    trial = in_folder
    build(trial, 1)
    trial.write(f"{DATASET}/a.txt", "Paper, version 2.")
    killed_in(die_while_building, trial.settings, trial.url, trial.clock.offset)
    assert (serving(trial).number, texts(trial)) == (1, ["Paper, version 1."])
    trial.pass_time(3_600)  # the leases of the dead
    trial.refresh()
    assert serving(trial).number == 3
    assert texts(trial) == ["Paper, version 2."]
    assert tables(trial) == ["000001", "000003"]
    left = Path(str(trial.store.vector_stores.lance.uri)).iterdir()
    assert sorted(path.name.split(".")[-2] for path in left) == ["000001", "000003"]


def test_a_store_out_of_reach_leaves_the_old_generation_serving(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(trial, 1)
    # Nothing listens on port 9 (discard): the connection is refused at once.
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    unreachable = trial.reopened(index_backend="lance", lance_url="s3://bucket/indexes").store
    with unreachable, pytest.raises(TransientError, match="Lance at s3://bucket/indexes failed"):
        build_index(unreachable, DATASET)
    assert (serving(trial).number, texts(trial)) == (1, ["Paper, version 1."])


def test_a_spoilt_row_in_the_table_is_not_switched_to(
    in_folder: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(in_folder, 1)
    # Two rows in a part of their own: the order of one cannot be another.
    in_folder.write(f"{DATASET}/b.txt", "Another paper.")
    in_folder.write(f"{DATASET}/c.txt", "A third paper, on other things.")
    batches = lance._batches

    def in_another_order(*arguments: Any) -> Iterator[pa.RecordBatch]:
        for batch in batches(*arguments):
            place, turned = batch.schema.get_field_index("text"), batch["text"][::-1]
            yield batch.set_column(place, batch.schema.field(place), turned)

    monkeypatch.setattr(lance, "_batches", in_another_order)
    [trouble] = in_folder.refresh().troubles.values()
    assert "a hit leads to another row's text" in trouble
    assert serving(in_folder).number == 1
