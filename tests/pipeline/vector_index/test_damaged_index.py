"""A file of an index that is damaged is found when it is opened, and made again by the command named."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from semantic_assets.cli import main
from semantic_assets.errors import NotFound
from semantic_assets.index.opened_version import Index, open_index
from semantic_assets.index.words.question_terms import terms_of
from semantic_assets.pipeline.reports.checks import check_index
from semantic_assets.pipeline.search.search import search
from semantic_assets.pipeline.vector_index.build import build_index
from semantic_assets.pipeline.vector_index.serving import version_folder
from semantic_assets.pipeline.vector_index.switch import rollback
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
        inode = Path(source).stat().st_ino
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


def served_folder(built: Trial, lake: Path) -> Path:
    serving = built.store.ledger.index_versions.serving(DATASET)
    assert serving is not None
    return lake / version_folder(built.store, serving).relative_to(built.settings.root)


def damaged(built: Trial, lake: Path, name: str, damage: str) -> Path:
    path = min(served_folder(built, lake).rglob(name))
    HARMS[damage](path)
    return path


def opened(trial: Trial) -> Index:
    serving = trial.store.ledger.index_versions.serving(DATASET)
    assert serving is not None
    return open_index(version_folder(trial.store, serving), trial.store.vector_stores)


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


@pytest.fixture
def trial(built: Trial, lake: Path, run: Run) -> Iterator[Trial]:
    """The copied lake, opened for writing."""
    copied = built.reopened(root=lake)
    with copied.store:
        yield copied


@pytest.mark.parametrize("name", ["vectors.npy", "words.bin"])
def test_a_search_that_may_write_builds_the_index_again_of_new_files(
    trial: Trial, built: Trial, lake: Path, name: str
) -> None:
    expected = [hit.text for hit in search(built.store, built.gemini, "pump 7", k=3)]
    before = damaged(built, lake, name, "flipped").stat().st_ino
    assert [hit.text for hit in search(trial.store, trial.gemini, "pump 7", k=3)] == expected
    (part,) = opened(trial).parts
    assert (part.folder / name).stat().st_ino != before


def test_a_bit_that_flips_at_rest_is_found(trial: Trial, built: Trial, lake: Path) -> None:
    path = min(served_folder(built, lake).rglob("texts.arrow"))
    found = path.stat()
    HARMS["flipped"](path)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert not check_index(trial.store, DATASET).passed
    assert build_index(trial.store, DATASET, by_hand=True).written
    assert check_index(trial.store, DATASET).passed


def test_a_refresh_with_a_changed_file_links_no_damaged_part(
    trial: Trial, built: Trial, lake: Path
) -> None:
    damaged(built, lake, "words.bin", "cut_off")
    trial.write(f"{DATASET}/05.md", "# Pump 5\n\nIt is gone.")
    trial.refresh()
    assert check_index(trial.store, DATASET).passed
    words = opened(trial).words
    assert words is not None
    terms = terms_of("gone")
    assert len(words.best(terms, words.counts(terms), 5)) == 1


def test_a_damaged_version_is_not_gone_back_to(trial: Trial, built: Trial, lake: Path) -> None:
    damaged(built, lake, "vectors.npy", "flipped")  # of both versions, which share it
    build_index(trial.store, DATASET, by_hand=True)
    with pytest.raises(NotFound, match="index list -d acme/manuals"):
        rollback(trial.store, DATASET)


def test_a_version_of_an_earlier_release_serves_and_a_refresh_adds_the_words(
    trial: Trial, built: Trial, lake: Path
) -> None:
    """No embedding changed: the parts are linked, and only the word files are written."""
    folder = served_folder(built, lake)
    described = json.loads((folder / "generation.json").read_text())
    del described["sum"]
    for entry in described["parts"]:
        del entry["files"]
        (folder / entry["name"] / "words.bin").unlink()
    (folder / "generation.json").write_text(json.dumps(described))
    with trial.store.ledger.database.write() as connection:
        connection.exec_driver_sql("UPDATE generation SET input_fingerprint = 'as before'")
    assert opened(trial).words is None
    assert search(trial.store, trial.gemini, "pump 7", k=3)
    report = build_index(trial.store, DATASET)
    assert (report.parts_written, report.parts_linked) == (0, 1)
    words = opened(trial).words
    assert words is not None
    assert len(words) == 20
    assert not build_index(trial.store, DATASET).written
