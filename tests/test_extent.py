"""A short run draws cases of what is dear, says so, and runs whole what is named."""

import subprocess
import sys
from pathlib import Path

import pytest

_TESTS = """
import pytest

@pytest.fixture
def store():
    return None

@pytest.mark.parametrize("n", range(30))
def test_of_a_world(store, n):
    pass

@pytest.mark.parametrize("n", range(30))
def test_of_values(n):
    pass

@pytest.mark.sample(2)
@pytest.mark.parametrize("n", range(30))
def test_that_is_marked(n):
    pass
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "test_it.py").write_text(_TESTS)
    return tmp_path


def _collected(folder: Path, *arguments: str) -> tuple[set[str], str]:
    """Return the tests a run takes, and what it prints."""
    command = [sys.executable, "-m", "pytest", "-p", "tests.extent", "--collect-only", "-q"]
    options = ["-c", "/dev/null", "--rootdir", str(folder), "-p", "no:cacheprovider"]
    run = subprocess.run(
        [*command, *options, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(Path(__file__).parents[1]), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    taken = {line.rpartition("::")[2] for line in run.stdout.splitlines() if "::" in line}
    return taken, run.stdout


def _count(taken: set[str], test: str) -> int:
    return sum(name.startswith(f"{test}[") for name in taken)


def test_cases_with_a_world_of_their_own_are_drawn_and_values_are_not(folder: Path) -> None:
    taken, said = _collected(folder, str(folder))
    assert _count(taken, "test_of_values") == 30
    assert 0 < _count(taken, "test_of_a_world") < 10
    assert _count(taken, "test_that_is_marked") == 2
    assert "of 60 dear cases drawn, seed 1" in said


def test_another_seed_draws_others_and_the_same_draws_the_same(folder: Path) -> None:
    first, again, other = (
        _collected(folder, str(folder), "--sample-seed", seed)[0] for seed in ("1", "1", "2")
    )
    assert first == again != other


@pytest.mark.parametrize("named", ["--full", "test_it.py", "-ktest_of_a_world"])
def test_what_is_named_and_a_full_run_are_whole(folder: Path, named: str) -> None:
    taken, said = _collected(folder, named)
    assert _count(taken, "test_of_a_world") == 30
    assert "drawn" not in said
