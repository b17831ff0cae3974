"""What can be made again is made again by the command that finds it broken, and said."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from semantic_assets.lake import layout
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.embeddings.assemble import assemble
from semantic_assets.pipeline.flows.assemble_and_index import index_dataset
from semantic_assets.pipeline.flows.refresh import refresh
from semantic_assets.pipeline.reports.checks import check_index, check_shard
from semantic_assets.pipeline.search.search import search
from tests.harms import HARMS
from tests.trial import Trial

DATASET = DatasetKey("acme", "birds")
SHARD = ShardKey(DATASET, 0)


@pytest.fixture
def built(trial: Trial) -> Trial:
    trial.write("acme/birds/owl.txt", "The owl hunts at night. " * 30)
    trial.write("acme/fish/pike.txt", "The pike waits in the reeds. " * 30)
    trial.refresh()
    return trial


def table(trial: Trial, name: str) -> Path:
    space = trial.store.serving_space(DATASET).space_id
    paths = {
        "documents": layout.documents(SHARD),
        "chunks": layout.chunks(SHARD),
        "embeddings": layout.embeddings(space, SHARD),
        "keys": layout.key_index(space),
    }
    return trial.store.lake.path(paths[name])


def require_sound(trial: Trial, sent: dict[str, int]) -> None:
    (hit,) = search(trial.store, trial.gemini, "The owl hunts.", datasets=[DATASET], k=1)
    assert hit.text.startswith("The owl")
    assert all(check.passed for check in check_shard(trial.store, SHARD))
    assert check_index(trial.store, DATASET).passed
    assert all(trial.sent()[key] == times for key, times in sent.items())


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("name", ["documents", "chunks", "embeddings"])
def test_a_broken_table_is_made_again_and_nothing_is_sent(
    built: Trial, name: str, harm: str
) -> None:
    sent, said = built.sent(), list[str]()
    HARMS[harm](table(built, name))
    built.write("acme/birds/wren.txt", "The owl hunts at night. " * 30)  # so that all is read
    store = replace(built.store, report_progress=said.append)
    refresh(store, built.gemini, wait_minutes=1, sleep=lambda _: built.pass_time())
    require_sound(built, sent)


@pytest.mark.parametrize("harm", ["cut_off", "emptied", "flipped", "missing"])
def test_a_broken_key_index_is_made_again_and_nothing_is_sent(built: Trial, harm: str) -> None:
    sent, path = built.sent(), table(built, "keys")
    for beside in (f"{path}-wal", f"{path}-shm"):
        Path(beside).unlink(missing_ok=True)
    HARMS[harm](path)
    table(built, "embeddings").unlink()
    built.refresh(wait_minutes=1)
    require_sound(built, sent)


@pytest.mark.parametrize("harm", HARMS)
def test_assembly_alone_makes_its_chunks_again(built: Trial, harm: str) -> None:
    HARMS[harm](table(built, "chunks"))
    table(built, "embeddings").unlink()
    assert assemble(built.store, SHARD).is_settled


_FILES = ("vectors.npy", "rows.arrow", "generation.json")
_INDEX_HARMS = ("cut_off", "emptied", "missing")
_WAYS = ("refresh", "search", "build")


def _case(file: int, harm: int, way: int) -> Any:
    """Nine of the 27 are run always, in which each pair of two of the three is met once."""
    marks = [] if (file + harm + way) % 3 == 0 else [pytest.mark.long]
    return pytest.param(_FILES[file], _INDEX_HARMS[harm], _WAYS[way], marks=marks)


@pytest.mark.parametrize(
    ("name", "harm", "by"), [_case(*places) for places in product(range(3), repeat=3)]
)
def test_a_broken_index_is_built_again(built: Trial, name: str, harm: str, by: str) -> None:
    sent = built.sent()
    (path,) = (built.store.lake.path(layout.index_dir(DATASET))).rglob(name)
    HARMS[harm](path)
    if by == "refresh":
        built.refresh(wait_minutes=1)
    elif by == "build":
        index_dataset(built.store, DATASET, by_hand=True)
    require_sound(built, sent)
