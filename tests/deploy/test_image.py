"""What can be held of the image without building it, and of every file of deploy/."""

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from ipaddress import ip_address
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from semantic_assets.settings.settings import PREFIX, known_variables
from tests.deploy.given import DEPLOY, PROJECT, chart_values


def _files() -> list[Path]:
    """Those a person wrote."""
    written = [path for path in DEPLOY.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return [path for path in written if path.suffix != ".lock"]


def test_every_setting_named_is_one() -> None:
    named = {
        name for path in _files() for name in re.findall(rf"{PREFIX}[A-Z_]+", path.read_text())
    }
    assert named
    assert named <= known_variables()


def test_the_module_named_is_the_code_location() -> None:
    [location] = chart_values()["dagster-user-deployments"]["deployments"]
    assert location["dagsterApiGrpcArgs"] == ["-m", "semantic_assets.definitions"]
    assert '"-m", "semantic_assets.definitions"]' in (DEPLOY / "Dockerfile").read_text()


def _dockerfile() -> list[str]:
    return (DEPLOY / "Dockerfile").read_text().splitlines()


def _copied() -> Iterator[str]:
    for line in _dockerfile():
        if line.startswith("COPY ") and "--from=" not in line:
            *sources, _ = line.split()[1:]
            yield from sources


def test_what_the_image_copies_is_there_and_is_let_through() -> None:
    let_through = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert len(list(_copied())) > 3
    for source in _copied():
        assert (PROJECT / source).exists(), source
        assert f"!{source}" in let_through, source


def test_the_image_installs_from_locks_with_hashes_and_runs_as_nobody_special() -> None:
    installs = [line for line in _dockerfile() if "pip install" in line or "pip wheel" in line]
    assert len(installs) == 4
    for line in installs:
        assert "--require-hashes" in line or "--no-deps" in line, line
        assert "--require-hashes" in line or "--no-index" in line or "--no-build-i" in line, line
    assert any(re.fullmatch(r"USER [1-9]\d*", line) for line in _dockerfile())


def test_every_base_of_the_image_is_named_by_its_content() -> None:
    bases, stages = set(), set()
    for line in _dockerfile():
        if found := re.fullmatch(r"FROM (\S+)(?: AS (\S+))?", line):
            bases |= {found[1]} - stages
            stages.add(found[2])
    [base] = bases
    assert re.fullmatch(r"python:3\.11-slim@sha256:[0-9a-f]{64}", base)


def test_the_image_listens_to_itself_alone() -> None:
    [command] = [line for line in _dockerfile() if line.startswith("CMD ")]
    given = json.loads(command.removeprefix("CMD "))
    assert ip_address(given[given.index("-h") + 1]).is_loopback
    assert not [line for line in _dockerfile() if line.startswith("EXPOSE")]


#: What tests, the browser and the benchmarks need.
NOT_RUN = {"dev", "ui", "bench"}


def _lock(path: str) -> str:
    return (PROJECT / path).read_text()


def _requirements() -> set[str]:
    """Names of what the package requires, with the extras that the image has."""
    project = tomllib.loads(_lock("pyproject.toml"))["project"]
    wanted = list(project["dependencies"])
    for name, requirements in project["optional-dependencies"].items():
        wanted += requirements if name not in NOT_RUN else []
    return {_name(one) for one in wanted}


def _name(requirement: str) -> str:
    return canonicalize_name(re.split(r"[\[><=;! ]", requirement)[0])


def _reasons() -> dict[str, set[str]]:
    """For each package of the image's lock those that require it, as its comments say."""
    found: dict[str, set[str]] = {}
    for line in _lock("deploy/requirements.lock").splitlines():
        if "==" in line:
            reasons = found[_name(line)] = set()
        elif comment := re.fullmatch(r" +#(?: +via)? +(\S.*)", line):
            reasons.add(comment[1] if "(" in comment[1] else _name(comment[1]))
    return found


def test_the_image_has_what_its_extras_bring_and_nothing_else() -> None:
    reasons = _reasons()
    wanted = _requirements()
    assert wanted <= set(reasons)
    brought, more = set(wanted), True
    while more:
        more = {name for name, by in reasons.items() if by & brought} - brought
        brought |= more
    assert set(reasons) == brought


def test_the_image_has_every_package_that_is_imported() -> None:
    locked = set(_reasons())
    named = {
        node.module if isinstance(node, ast.ImportFrom) else alias.name
        for path in (PROJECT / "semantic_assets").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    installed = packages_distributions()
    used = {str(name).partition(".")[0] for name in named} - {"semantic_assets"}
    brought = {name: set(map(canonicalize_name, installed.get(name, ()))) for name in used}
    assert {"dagster", "duckdb", "pypdfium2"} <= used
    assert [name for name, by in brought.items() if by and not by & locked] == []


@pytest.mark.parametrize("lock", ["deploy/requirements.lock", "deploy/build.lock"])
def test_a_lock_names_no_address_and_no_other_version_than_the_checkout_s(lock: str) -> None:
    assert "://" not in _lock(lock)
    ours, pinned = _versions(lock), _versions("requirements.lock")
    assert ours
    assert {name for name in ours if ours[name] != pinned.get(name, ours[name])} == set()


def _versions(lock: str) -> dict[str, str]:
    lines = [line.split()[0] for line in _lock(lock).splitlines() if "==" in line]
    return {_name(line): line.partition("==")[2] for line in lines}
