"""`dg` on this checkout: it is a project, its definitions are found, and its jobs are launched."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import semantic_assets
from semantic_assets.settings.checkout import CHECKOUT
from tests.interfaces.dg_project import dg

_BIN = Path(sys.executable).parent
_SHARD = "acme.manuals.00000"


@pytest.fixture
def in_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(CHECKOUT)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")


@pytest.mark.usefixtures("in_checkout")
@pytest.mark.parametrize("words", ["check toml", "check yaml", "check defs"])
def test_the_checks_of_dg_pass(words: str) -> None:
    code, shown = dg(*words.split())
    assert code == 0, shown


@pytest.mark.usefixtures("in_checkout")
def test_dg_lists_every_asset_and_job() -> None:
    code, shown = dg("list", "defs", "--json")
    assert code == 0, shown
    found = json.loads(shown[shown.index("{") : shown.rindex("}") + 1])
    assert {"documents", "embeddings", "vector_index"} <= {a["asset_key"] for a in found["assets"]}
    assert {"refresh", "embed_shard"} <= {job["name"] for job in found["jobs"]}


@pytest.mark.usefixtures("in_checkout")
def test_dg_lists_the_component() -> None:
    code, shown = dg("list", "components", "--json")
    assert code == 0
    assert "semantic_assets.CorpusComponent" in shown


@pytest.mark.usefixtures("in_checkout")
def test_a_job_that_is_not_there_is_refused_by_name() -> None:
    code, shown = dg("launch", "--job", "refrsh")
    assert code != 0
    assert "refrsh" in shown


def test_definitions_hold_nothing_else() -> None:
    """Whatever is there is imported by Dagster's loader; a helper there may fail it."""
    files = sorted((Path(semantic_assets.__file__).parent / "defs").glob("*"))
    names = [path.name for path in files if path.name != "__pycache__"]
    assert names == ["__init__.py", "corpus.py", "executor.py"]


_INSTALLED = """
import semantic_assets.definitions as found
from semantic_assets.errors import ConfigError
from semantic_assets.settings.settings import project_dir
print(sorted(key.to_user_string() for key in found.defs().resolve_all_asset_keys()))
try:
    project_dir()
except ConfigError as error:
    print(error)
"""


def test_beside_the_pyproject_of_another_project_the_package_is_no_checkout(tmp_path: Path) -> None:
    """Wheels of projects of `dg` put theirs where all packages are installed."""
    package = Path(semantic_assets.__file__).parent
    shutil.copytree(package, tmp_path / "semantic_assets", ignore=shutil.ignore_patterns("*.pyc"))
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "garden"\n[tool.dg]\ndirectory_type = "project"\n'
        '[tool.dg.project]\nroot_module = "garden"\n'
    )
    shown = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _INSTALLED],
        env={"PYTHONPATH": str(tmp_path), "PATH": os.environ["PATH"]},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "'vector_index'" in shown
    assert "not running from a checkout" in shown


@pytest.mark.long
def test_every_command_of_dg_ends_well(tmp_path: Path) -> None:
    """As a person types them, in a copy of the checkout: one adds a file to it."""
    environ = _copy(tmp_path)
    for words in (
        *("dg check toml", "dg check yaml", "dg check defs", "dg list defs", "dg list components"),
        "dg launch --job refresh",
        "dagster job execute -m semantic_assets.definitions -j refresh",
        "dg scaffold defs dagster.asset harvest.py",
        "dg check defs",
    ):
        ended = _run(words, tmp_path, environ)
        assert ended.returncode == 0, f"{words}: {ended.stdout}{ended.stderr}"
    partition = ["--assets", "documents", "--partition", _SHARD]
    ended = _run("dg launch", tmp_path, environ, *partition)
    assert ended.returncode == 0, ended.stderr
    assert '"harvest"' in _run("dg list defs --json", tmp_path, environ).stdout


def _copy(folder: Path) -> dict[str, str]:
    """Copy the package, and write one document; return the environment over them."""
    package = Path(semantic_assets.__file__).parent
    ignored = shutil.ignore_patterns("*.pyc")
    shutil.copytree(package, folder / "semantic_assets", ignore=ignored)
    shutil.copy(CHECKOUT / "pyproject.toml", folder)
    document = folder / "data" / "sources" / "acme" / "manuals" / "a.txt"
    document.parent.mkdir(parents=True)
    document.write_text("The valve is opened by turning the red wheel.")
    shutil.copy(CHECKOUT / "dagster.yaml", folder)
    return {"PYTHONPATH": str(folder), "DAGSTER_HOME": str(folder), "PYTHONWARNINGS": "ignore"}


def _run(
    words: str, folder: Path, environ: dict[str, str], *more: str
) -> subprocess.CompletedProcess[str]:
    program, *rest = words.split()
    return subprocess.run(
        [str(_BIN / program), *rest, *more],
        cwd=folder,
        env=os.environ | environ,
        capture_output=True,
        text=True,
        timeout=300,
    )
