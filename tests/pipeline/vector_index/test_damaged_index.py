"""A file of an index that is damaged is found when it is opened, and made again by the command named."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from semantic_assets.cli import main
from semantic_assets.pipeline.vector_index.serving import version_folder
from tests.harms import HARMS
from tests.pipeline.index_processes import DATASET
from tests.trial import Trial, opened_trial

FILES = (
    *("vectors.npy", "scales.npy", "codes.faiss", "rows.arrow", "texts.arrow", "words.bin"),
    *("dead_rows.npy", "generation.json"),
)
DAMAGES = ("flipped", "cut_off", "missing")
QUESTION = ("search", "pump 7", "--json", "-k", "3")
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, background: Executor) -> Iterator[Trial]:
    """A dataset with dead rows and two parts."""
    folder = tmp_path_factory.mktemp("damaged")
    with opened_trial(folder, "computable", background) as trial:
        trial.write(f"{DATASET}/dataset.toml", '[index]\nbackend = "faiss"\n')
        for number in range(20):
            trial.write(
                f"{DATASET}/{number:02d}.md", f"# Pump {number}\n\nIt is on floor {number}."
            )
        trial.refresh()
        trial.write(f"{DATASET}/03.md", "# Pump 3\n\nIt was moved to floor 12.")
        trial.refresh()
        yield trial


@pytest.fixture
def lake(built: Trial, tmp_path: Path) -> Path:
    """A copy; hard links between versions stay."""
    root = tmp_path / "lake"
    seen: dict[int, str] = {}

    def copied(source: str, target: str) -> str:
        inode = os.stat(source).st_ino
        os.link(seen[inode], target) if inode in seen else shutil.copy2(source, target)
        return seen.setdefault(inode, target)

    shutil.copytree(built.settings.root, root, copy_function=copied)
    return root


@pytest.fixture
def run(built: Trial, lake: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    for name, value in (
        ("SOURCES", built.settings.sources),
        ("EMULATOR_URL", built.url),
        ("DIMENSIONS", 128),
        ("ROOT", lake),
    ):
        monkeypatch.setenv(f"SEMANTIC_ASSETS_{name}", str(value))
    assert CliRunner().invoke(main, ["init", "--moved"]).exit_code == 0
    return lambda *words: CliRunner().invoke(main, list(words))


def damaged(built: Trial, lake: Path, name: str, damage: str) -> None:
    serving = built.store.ledger.index_versions.serving(DATASET)
    assert serving is not None
    folder = version_folder(built.store, serving).relative_to(built.settings.root)
    path = next(iter(sorted((lake / folder).rglob(name))))
    HARMS[damage](path)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", FILES)
def test_the_command_that_the_message_names_makes_it_again(
    built: Trial, lake: Path, run: Run, name: str, damage: str
) -> None:
    before = run(*QUESTION, "--root", str(built.settings.root))
    assert before.exit_code == 0, before.output
    damaged(built, lake, name, damage)
    found = run(*QUESTION)
    assert found.exit_code != 0, found.output
    (cure,) = re.findall(r"`semantic-assets ([^`]+)`", found.output)
    cured = run(*cure.split())
    assert cured.exit_code == 0, cured.output
    after = run(*QUESTION)
    assert (after.exit_code, after.stdout) == (0, before.stdout)
    assert run("verify").exit_code == 0
