"""An export that is killed at any moment leaves each shard old or new, and the next one ends it."""

import os
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from semantic_assets.pipeline.exports.dataset_export import export_dataset
from semantic_assets.settings.settings import Settings
from semantic_assets.store import open_store
from tests.factories import killed_in
from tests.pipeline.exports.conftest import DATASET, filled, write
from tests.trial import Trial, opened_trial

#: What is renamed and deleted when two shards changed and one is gone: the manifest at the
#: beginning, a shard, the manifest, a shard, the manifest, and it once more.
RENAMINGS, DELETIONS = 6, 1
MOMENTS = [
    (step, when, nth)
    for step, most in (("replace", RENAMINGS), ("unlink", DELETIONS))
    for nth in range(1, most + 1)
    for when in ("before", "after")
]


@dataclass(frozen=True)
class Changed:
    """A lake that changed since its first export; `fresh` is an export of what it is now."""

    trial: Trial
    first: Path
    fresh: Path


@pytest.fixture(scope="module")
def changed(
    tmp_path_factory: pytest.TempPathFactory, background: ThreadPoolExecutor, small_shards: None
) -> Iterator[Changed]:
    folder = tmp_path_factory.mktemp("changed")
    with opened_trial(folder, "computable", background) as trial:
        found = Changed(filled(trial), folder / "first", folder / "fresh")
        export_dataset(trial.store, DATASET, str(found.first))
        for number in (1, 5):
            write(trial, number, version=2)
        (trial.settings.sources / str(DATASET) / "rows.jsonl").unlink()
        trial.refresh()
        export_dataset(trial.store, DATASET, str(found.fresh))
        yield found


def export_and_die(settings: Settings, out: Path, step: str, when: str, nth: int) -> None:
    """Killed at the nth renaming or deletion of the target, right before or after it."""
    done = getattr(Path, step)
    count = 0

    def struck(path: Path, *arguments: Any, **named: Any) -> Any:
        nonlocal count
        is_told = out.name in str(path) and (step == "replace" or not path.name.endswith(".tmp"))
        count += is_told
        is_now = is_told and count == nth
        if is_now and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        found = done(path, *arguments, **named)
        if is_now:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    setattr(Path, step, struck)
    with open_store(settings) as store:
        export_dataset(store, DATASET, str(out))


@pytest.mark.dear
@pytest.mark.sample(2)
@pytest.mark.parametrize(("step", "when", "nth"), MOMENTS)
def test_a_killed_export_leaves_old_or_new_shards_and_the_next_one_ends_it(
    changed: Changed, tmp_path: Path, step: str, when: str, nth: int
) -> None:
    out = tmp_path / "target"
    shutil.copytree(changed.first, out)
    shutil.copy2(changed.first.with_name("first.export.json"), tmp_path / "target.export.json")
    before, after = contents(changed.first), contents(changed.fresh)
    killed_in(export_and_die, changed.trial.settings, out, step, when, nth)
    for name, content in contents(out).items():
        assert name.startswith(".") or content in (before.get(name), after.get(name))
    export_dataset(changed.trial.store, DATASET, str(out))
    assert contents(out) == after
    assert list(tmp_path.glob("**/.*.tmp")) == []


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
