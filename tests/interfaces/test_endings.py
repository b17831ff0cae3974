"""What a command says, and exits with, where texts FAILED."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner, Result

from semantic_assets.cli import main
from semantic_assets.emulator.server import RunningServer

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, emulator: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A lake with one document, whose text Google refuses for good."""
    monkeypatch.setenv("SEMANTIC_ASSETS_ROOT", str(tmp_path / "lake"))
    monkeypatch.setenv("SEMANTIC_ASSETS_SOURCES", str(tmp_path / "sources"))
    monkeypatch.setenv("SEMANTIC_ASSETS_EMULATOR_URL", emulator.base_url)
    monkeypatch.setenv("SEMANTIC_ASSETS_DIMENSIONS", "128")
    folder = tmp_path / "sources" / "acme" / "gates"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("The gate is shut at night.")
    fault = {"name": "invalid-texts", "times": None, "parameters": {"contains": "gate"}}
    assert httpx2.post(f"{emulator.base_url}/emulator/faults", json=fault).status_code == 200
    return lambda *arguments: CliRunner().invoke(main, arguments)


def test_a_refresh_of_which_a_text_failed_exits_with_1(run: Run) -> None:
    done = run("refresh")
    assert done.exit_code == 1
    assert "1 chunk FAILED" in done.output
    (job,) = json.loads(run("jobs", "--json").stdout)
    assert (job["stage"], job["outcome"], job["failed"]) == ("FAILED", "failed", 1)
    assert "1 FAILED (1 failed)" in run("status").stdout


def test_collect_exits_with_1_where_a_text_failed_and_with_0_afterwards(run: Run) -> None:
    assert run("flush").exit_code == 0
    done = run("collect", "--watch", "--interval", "0", "--json")
    assert done.exit_code == 1
    report = json.loads(done.stdout)
    assert (report["collected_jobs"], report["failed_jobs"], report["given_up"]) == (1, 1, 1)
    assert run("collect").exit_code == 0  # nothing FAILED in it
