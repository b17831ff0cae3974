"""A project of Dagster as `create-dagster project` writes it, and `dg` inside of it."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

_PYPROJECT = """
[project]
name = "{name}"
requires-python = ">=3.11"
version = "0.1.0"
dependencies = ["dagster"]

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[tool.dg]
directory_type = "project"

[tool.dg.project]
root_module = "{name}"
registry_modules = ["{name}.components.*"]
"""
_DEFINITIONS = """
from pathlib import Path

from dagster import definitions, load_from_defs_folder


@definitions
def defs():
    return load_from_defs_folder(path_within_project=Path(__file__).parent)
"""
#: A table of the name that one of ours has.
DOCUMENTS = """
import dagster as dg


@dg.asset
def documents() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"theirs": True})
"""


def make_project(folder: Path, name: str) -> Path:
    """Write the files; its package is in `src`."""
    package = folder / "src" / name
    (package / "defs").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(_PYPROJECT.format(name=name))
    (package / "__init__.py").touch()
    (package / "defs" / "__init__.py").touch()
    (package / "definitions.py").write_text(_DEFINITIONS)
    return folder


@contextmanager
def inside(project: Path, name: str, environment: pytest.MonkeyPatch) -> Iterator[None]:
    """Work in the project, as if it were installed; forget its modules at the end."""
    environment.chdir(project)
    environment.syspath_prepend(str(project / "src"))
    try:
        yield
    finally:
        for module in [m for m in sys.modules if m == name or m.startswith(f"{name}.")]:
            del sys.modules[module]


def dg(*words: str) -> tuple[int, str]:
    """Run `dg` in this process; return its exit code and all that it wrote."""
    from dagster_dg_cli.cli import create_dg_cli

    command: click.Command = create_dg_cli()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of Dagster about itself
        result = CliRunner().invoke(command, words)
    return result.exit_code, result.output + repr(result.exception or "")
