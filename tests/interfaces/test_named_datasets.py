"""Datasets are named the same way everywhere; a wrong one is an error, and nothing is done."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from semantic_assets import SemanticCore, export, refresh
from semantic_assets.api import functions
from semantic_assets.cli import main
from semantic_assets.emulator.server import serve_in_thread
from semantic_assets.errors import ConfigError, UnknownName

MEANT = "did you mean acme/birds?"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A lake with three datasets in search, of two projects, and a fourth that is not listed."""
    folder = tmp_path_factory.mktemp("named")
    for name in ("acme/birds", "acme/locks", "mill/wheels"):
        path = folder / "sources" / name / "a.txt"
        path.parent.mkdir(parents=True)
        path.write_text(f"What is known of {name}.")
    server = serve_in_thread(folder / "emulator", tier=1, latency_seconds=0.1)
    settings = {
        "SEMANTIC_ASSETS_ROOT": str(folder / "lake"),
        "SEMANTIC_ASSETS_SOURCES": str(folder / "sources"),
        "SEMANTIC_ASSETS_EMULATOR_URL": server.base_url,
        "SEMANTIC_ASSETS_DIMENSIONS": "128",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        refresh(mode="sync", progress=lambda line: None)
    new = folder / "sources" / "mill" / "new" / "a.txt"
    new.parent.mkdir()
    new.write_text("Nobody has listed this.")
    yield settings
    server.stop()


@pytest.fixture(autouse=True)
def _settings(lake: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in lake.items():
        monkeypatch.setenv(name, value)


def run(line: str) -> Result:
    return CliRunner().invoke(main, line.split())


#: {} stands for the dataset: typed after the command, and once more after -d.
COMMANDS = (
    *("refresh {} -y", "estimate {}", "status {}", "ls {}", "ls --pending {}", "failures {}"),
    *("retry --errors-only {}", "verify {}", "quality {}", "index list {}", "index build {}"),
    *("index rollback {}", "index switch {} 1", "index export {} OUT/i.bin", "compact {}"),
    *("export {} OUT/o.jsonl", "map {} --no-browser", "rm {} -y", "generate stop {} -t summary-en"),
    *("reindex {} --model gemini-embedding-2 -y", "reindex {} --cancel"),
    *("generate submit {} -t summary-en -y", "generate regenerate {} -t summary-en -y"),
)


def _snapshot(root: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in root.rglob("*.parquet")}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("form", ["{}", "-d {}"])
def test_a_mistyped_dataset_is_an_error_and_nothing_is_done(
    lake: dict[str, str], tmp_path: Path, command: str, form: str
) -> None:
    root = Path(lake["SEMANTIC_ASSETS_ROOT"])
    before = _snapshot(root)
    found = run(command.format(form.format("acme/brids")).replace("OUT", str(tmp_path)))
    assert found.exit_code == 2, found.output
    assert f"there is no dataset acme/brids: {MEANT}" in found.output
    assert _snapshot(root) == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "line",
    [
        *("generate status acme/brids", "generate results acme/brids", "generate retry acme/brids"),
        *("results acme/brids", "search known -d acme/brids", "search known -d acme/brids -d acme"),
    ],
)
def test_so_it_is_where_other_things_can_be_named_too(line: str) -> None:
    found = run(line)
    assert found.exit_code == 2, found.output
    assert MEANT in found.output


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("acne", "there is no project acne: did you mean acme?"),
        ("birds", "did you mean acme/birds?"),
        ("ACME/Birds", "did you mean acme/birds?"),
        ("acme.brids", "did you mean acme/birds?"),
        ("zzz/qqq", "there is no dataset zzz/qqq: there is acme/birds, acme/locks, mill/new and 1"),
        ("mill/nwe", "did you mean mill/new?"),
    ],
)
def test_what_is_near_is_named_in_any_spelling(typed: str, told: str) -> None:
    assert told in run(f"failures {typed}").output


@pytest.mark.parametrize(
    ("typed", "shards"),
    [
        ("acme", ["acme.birds.00000", "acme.locks.00000"]),
        ("acme/locks", ["acme.locks.00000"]),
        ("acme/locks/", ["acme.locks.00000"]),
        ("acme.locks -d mill", ["acme.locks.00000", "mill.wheels.00000"]),
        ("-d acme -d acme/birds", ["acme.birds.00000", "acme.locks.00000"]),
        ("", ["acme.birds.00000", "acme.locks.00000", "mill.wheels.00000"]),
    ],
)
def test_projects_and_datasets_are_given_in_one_way(typed: str, shards: list[str]) -> None:
    found = run(f"ls --json {typed}")
    assert [row["shard"] for row in json.loads(found.stdout)] == shards


def test_status_shows_a_dataset_and_a_project() -> None:
    (one,) = json.loads(run("status acme/birds --json").stdout)
    assert (one["dataset"], one["documents"], one["passages"]) == ("acme/birds", 1, 1)
    assert "acme/locks" in run("status acme").stdout
    assert "did you mean acme" in run("status acm").output
    assert run("status nothing-like-it").exit_code == 1


def test_a_dataset_that_nobody_has_listed_can_be_named() -> None:
    assert run("estimate mill/new").exit_code == 0
    (one,) = json.loads(run("ls --pending --json mill/new").stdout)
    assert one["dataset_id"] == "new"


def test_a_project_of_one_dataset_stands_for_it_and_one_of_several_is_refused(
    tmp_path: Path,
) -> None:
    assert run(f"index export acme/birds {tmp_path}/i.bin").exit_code == 0
    found = run(f"export acme {tmp_path}/o.jsonl")
    assert found.exit_code == 2
    assert "name one dataset, not acme/birds and acme/locks" in found.output
    assert export("acme/birds", tmp_path / "o.jsonl", progress=print).rows == 1


def test_the_library_refuses_too() -> None:
    with pytest.raises(UnknownName, match="did you mean acme/birds"):
        refresh("acme/brids")
    with pytest.raises(UnknownName, match="did you mean acme"):
        functions.quality(["acne"])
    with SemanticCore() as core:
        for call in (
            lambda: core.estimate("acme/brids"),
            lambda: core.search("known", dataset="acme/brids"),
            lambda: core.generate(task="summary-en", dataset="acme/brids"),
            lambda: core.generation("acme/brids"),
        ):
            with pytest.raises(ConfigError, match="did you mean acme/birds"):
                call()


@pytest.mark.parametrize("command", ["add {} --to mill/wheel", "ingest {} -d mill/wheel"])
def test_a_new_dataset_that_is_named_much_like_another_is_said_to_be_new(
    lake: dict[str, str], tmp_path: Path, command: str
) -> None:
    (tmp_path / "b.txt").write_text("A text.")
    found = run(command.format(tmp_path / "b.txt"))
    assert "mill/wheel is a new dataset; there is mill/wheels too" in found.stderr
    assert found.exit_code == 0
    shutil.rmtree(Path(lake["SEMANTIC_ASSETS_SOURCES"]) / "mill" / "wheel")
