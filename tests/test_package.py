"""What who installs the package gets: its wheel, not this checkout, and the names it offers."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

import semantic_assets
from semantic_assets.settings.settings import PREFIX
from tests.factories import BLANK
from tests.thrift import one_authority

PROJECT = Path(__file__).resolve().parent.parent
BUILT_FROM = ("pyproject.toml", "README.md", "LICENSE")
#: With the setuptools that is installed: no index is asked.
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"


def _run(command: list[str], folder: Path, environ: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: a build leaves folders behind."""
    copy, made = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("wheel")
    for name in BUILT_FROM:
        shutil.copy(PROJECT / name, copy)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PROJECT / "semantic_assets", copy / "semantic_assets", ignore=ignored)
    _run([sys.executable, "-c", BUILD, str(made)], copy)
    [built] = made.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder where the wheel is installed, beside what it depends on."""
    folder = tmp_path_factory.mktemp("installed")
    uv = str(Path(sys.executable).with_name("uv"))
    options = ["--no-deps", "--no-index", "--offline", "--python", sys.executable]
    _run([uv, "pip", "install", "-q", *options, "--target", str(folder), str(wheel)], folder)
    return folder


def _environ(folder: Path, installed: Path) -> dict[str, str]:
    return {
        **BLANK,
        "PATH": f"{installed}/bin:{os.environ['PATH']}",
        "PYTHONPATH": str(installed),
        "PYTHONWARNINGS": "ignore",
        **one_authority(),
        "HOME": str(folder),
        PREFIX + "ROOT": str(folder / "lake"),
        PREFIX + "SOURCES": str(folder / "sources"),
        PREFIX + "EMULATOR_LATENCY_SECONDS": "0.2",
    }


def test_the_wheel_has_every_file_of_the_package(wheel: Path) -> None:
    package = PROJECT / "semantic_assets"
    files = {
        str(path.relative_to(PROJECT))
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {"semantic_assets/py.typed", "semantic_assets/rest/page/index.html"} <= files
    with ZipFile(wheel) as packed:
        found = {name for name in packed.namelist() if ".dist-info/" not in name}
    assert found == files


@pytest.mark.dear
def test_the_installed_commands_work_far_from_the_checkout(tmp_path: Path, installed: Path) -> None:
    environ = _environ(tmp_path, installed)
    told = _run(
        [sys.executable, "-c", "print(__import__('semantic_assets').__file__)"], tmp_path, environ
    )
    assert Path(told.strip()).is_relative_to(installed)
    command = str(installed / "bin" / "semantic-assets")
    assert "refresh" in _run([command, "--help"], tmp_path, environ)
    emulator = [sys.executable, "-m", "semantic_assets.emulator", "--help"]
    assert "--port" in _run(emulator, tmp_path, environ)
    document = tmp_path / "sources" / "acme" / "birds" / "heron.txt"
    document.parent.mkdir(parents=True)
    document.write_text("The heron stands in the reeds.")
    assert "1 index built" in _run([command, "refresh", "--yes"], tmp_path, environ)
    assert "acme/birds/heron.txt" in _run([command, "search", "heron", "--json"], tmp_path, environ)


def test_the_package_offers_these_names_and_no_others() -> None:
    assert semantic_assets.__all__ == [
        "CorpusComponent",
        "Document",
        "SemanticCore",
        "build_definitions",
        "connect",
        "estimate",
        "export",
        "refresh",
        "search",
        "search_many",
        "status",
    ]
    assert all(hasattr(semantic_assets, name) for name in semantic_assets.__all__)
