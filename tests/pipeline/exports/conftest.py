"""A lake with three shards of four documents, to be exported."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from semantic_assets.ledger.sources import placement
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.documents import slice_reader
from tests.trial import Trial, opened_trial

DATASET = DatasetKey("acme", "manuals")
OTHER = DatasetKey("acme", "notes")
DOCUMENTS, A_SHARD = 12, 4
#: Of the documents as they are first: each is short enough for one passage.
ROWS = DOCUMENTS + 1


def write(trial: Trial, number: int, version: int = 1) -> None:
    """A record with metadata, a heading, and signs of several scripts."""
    trial.write(
        f"{DATASET}/{number:02d}.md",
        f"---\nauthor: Lin {number}\ntags: [pump, насос]\n---\n# Насос {number}\n\n"
        f"Version {version} of pump {number}: it hums, 水泵.\n",
    )


@pytest.fixture(scope="module")
def small_shards() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module in (placement, slice_reader):
            patch.setattr(module, "SHARD_MAX_DOCUMENTS", A_SHARD)
        yield


def filled(trial: Trial) -> Trial:
    for number in range(DOCUMENTS):
        write(trial, number)
    trial.write(f"{DATASET}/rows.jsonl", '{"id": "r1", "text": "A record.", "colour": "blue"}\n')
    trial.write(f"{OTHER}/a.txt", "Another dataset.")
    trial.refresh()
    return trial


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory, background: ThreadPoolExecutor, small_shards: None
) -> Iterator[Trial]:
    """Shared: its tests only read."""
    with opened_trial(tmp_path_factory.mktemp("world"), "computable", background) as found:
        yield filled(found)


@pytest.fixture
def changing(trial: Trial, small_shards: None) -> Trial:
    return filled(trial)
