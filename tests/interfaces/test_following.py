"""`submit-contents`, `status NAME` and `results NAME` end without any other command."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner, Result

from semantic_assets import SemanticCore
from semantic_assets.cli import main
from semantic_assets.emulator.server import RunningServer, serve_in_thread
from semantic_assets.errors import NotFound

Run = Callable[..., Result]
ROWS = [
    {"id": "a1", "title": "Kiln", "text": "The kiln is fired on Fridays. It holds ninety bowls."},
    {"id": "a2", "title": "Glaze", "text": "The glaze is mixed from ash and clay. It turns green."},
]


@pytest.fixture
def emulator(tmp_path: Path, background: ThreadPoolExecutor) -> Iterator[RunningServer]:
    """One whose jobs end when the test lets time pass."""
    server = serve_in_thread(tmp_path / "emulator", tier=1, latency_seconds=50)
    yield server
    background.submit(server.stop)


@pytest.fixture
def run(tmp_path: Path, emulator: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Run:
    for name, value in {
        "ROOT": tmp_path / "lake",
        "SOURCES": tmp_path / "sources",
        "EMULATOR_URL": emulator.base_url,
        "DIMENSIONS": 128,
    }.items():
        monkeypatch.setenv(f"SEMANTIC_ASSETS_{name}", str(value))
    (tmp_path / "articles.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


def _pass_time(emulator: RunningServer) -> None:
    httpx2.post(f"{emulator.base_url}/emulator/clock", json={"advance_seconds": 60})


def _submit(run: Run, tmp_path: Path) -> str:
    """Submit, and return the id of the batch job."""
    sent = run("submit-contents", tmp_path / "articles.jsonl", "-n", "week", "--yes", "--json")
    assert sent.exit_code == 4, sent.output
    (found,) = json.loads(sent.stdout)
    (job,) = found["job_ids"]
    return str(job)


@pytest.mark.parametrize("by_id", [False, pytest.param(True, marks=pytest.mark.dear)])
def test_three_commands_are_enough(
    run: Run, tmp_path: Path, emulator: RunningServer, *, by_id: bool
) -> None:
    job = _submit(run, tmp_path)
    name = job if by_id else "week"
    assert run("status", name).exit_code == 4
    early = run("results", name, tmp_path / "early.jsonl")
    assert (early.exit_code, early.stdout) == (4, "")
    assert "pending" in early.stderr
    assert not (tmp_path / "early.jsonl").exists()
    _pass_time(emulator)
    assert run("status", name, "--no-ask").exit_code == 4
    assert run("status", name).exit_code == 0
    done = run("results", name)
    assert done.exit_code == 0, done.output
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["id"] for row in rows} == {"a1", "a2"}
    assert "placeholders" in done.stderr


def test_without_a_service_the_last_known_state_is_shown(
    run: Run, tmp_path: Path, emulator: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    _submit(run, tmp_path)
    monkeypatch.setenv("SEMANTIC_ASSETS_EMULATOR_URL", "http://127.0.0.1:9")
    found = run("status", "week", "--json")
    assert found.exit_code == 4
    assert json.loads(found.stdout)["trouble"]


def test_the_library_takes_a_job_id_for_a_name(
    run: Run, tmp_path: Path, emulator: RunningServer
) -> None:
    job = _submit(run, tmp_path)
    _pass_time(emulator)
    with SemanticCore() as core:
        assert core.generation(job).name == "week"
        assert core.generation(job).status().is_done
        assert {row["id"] for row in core.generation(job).results()} == {"a1", "a2"}
        with pytest.raises(NotFound, match="generate list"):
            core.generation("01a2ffffffffffffffff")
