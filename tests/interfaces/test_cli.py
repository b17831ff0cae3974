"""The command line: exit codes, JSON, and errors that name the cure."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from semantic_assets.cli import main
from semantic_assets.emulator.server import serve_in_thread


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    sources = tmp_path / "sources" / "acme" / "manuals"
    sources.mkdir(parents=True)
    (sources / "a.txt").write_text("The valve is opened by turning the red wheel.")
    monkeypatch.setenv("SEMANTIC_ASSETS_ROOT", str(tmp_path / "lake"))
    monkeypatch.setenv("SEMANTIC_ASSETS_SOURCES", str(tmp_path / "sources"))
    monkeypatch.setenv("SEMANTIC_ASSETS_EMULATOR_LATENCY_SECONDS", "0.2")

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(main, list(arguments))

    return invoke


def test_refresh_then_search_finds_the_passage(run) -> None:  # type: ignore[no-untyped-def]
    assert run("refresh").exit_code == 0
    hits = json.loads(run("search", "red wheel", "--json").stdout)
    assert hits[0]["uri"] == "acme/manuals/a.txt"
    assert hits[0]["text"] == "The valve is opened by turning the red wheel."
    assert (hits[0]["start_char"], hits[0]["chunk_index"]) == (0, 0)


def test_refresh_exits_with_4_while_a_batch_is_out(run) -> None:  # type: ignore[no-untyped-def]
    result = run("refresh", "--wait-minutes", "0")
    assert result.exit_code == 4
    assert "waiting, run again" in result.output


def test_search_before_anything_says_what_to_run(run) -> None:  # type: ignore[no-untyped-def]
    result = run("search", "anything")
    assert result.exit_code == 1
    assert "semantic-assets refresh" in result.output


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("search", "x", "-d", "no-slash"), "there is no project no-slash"),
        (("search", " "), "question is empty"),
        (("search", "x", "-k", "0"), "at least one"),
        (("sql", "SELECT 1 FROM nothing"), "nothing"),
        (("refresh", "-d", "acme/absent"), "acme/absent"),
    ],
)
def test_bad_input_exits_with_2_and_names_it(  # type: ignore[no-untyped-def]
    run, arguments: tuple[str, ...], named: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert named in result.output


def test_status_and_lists_are_json_on_request(run) -> None:  # type: ignore[no-untyped-def]
    run("refresh")
    assert json.loads(run("status", "--json").stdout)["bill"]["chunks"] == 1
    assert json.loads(run("jobs", "--json").stdout)[0]["stage"] == "COMPLETED"
    assert json.loads(run("ls", "--json").stdout)[0]["settled"] is True
    assert "COMPLETED" in run("jobs").stdout


def test_the_real_backend_makes_no_ledger_by_itself(  # type: ignore[no-untyped-def]
    run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEMANTIC_ASSETS_BACKEND", "gemini")
    monkeypatch.setenv("GEMINI_API_KEY", "AIza-not-a-key")
    result = run("status")
    assert result.exit_code == 2
    assert "semantic-assets init" in result.output
    assert run("init").exit_code == 0
    assert run("status").exit_code == 0


def test_the_real_backend_sends_nothing_without_consent(  # type: ignore[no-untyped-def]
    run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEMANTIC_ASSETS_BACKEND", "gemini")
    monkeypatch.setenv("GEMINI_API_KEY", "AIza-not-a-key")
    # Nothing listens there: a call would fail otherwise than by asking for consent.
    monkeypatch.setenv("SEMANTIC_ASSETS_GEMINI_URL", "http://127.0.0.1:9")
    run("init")
    result = run("refresh", "--yes", "--wait-minutes", "1")
    assert result.exit_code == 4
    assert "SEMANTIC_ASSETS_MAX_COST_USD_PER_DAY" in result.output
    assert "AIza-not-a-key" not in result.output
    assert json.loads(run("jobs", "--json").stdout) == []


def test_estimate_sends_nothing_and_names_files_and_dollars(run) -> None:  # type: ignore[no-untyped-def]
    quote = json.loads(run("estimate", "--json").stdout)
    assert (quote["unread_files"], quote["texts"]) == (1, 0)
    assert quote["usd_high"] > quote["usd"] > 0
    assert json.loads(run("jobs", "--json").stdout) == []
    assert run("estimate", "--articles", "10").exit_code == 2


def test_without_a_terminal_spending_on_the_real_backend_needs_yes(  # type: ignore[no-untyped-def]
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = serve_in_thread(tmp_path / "emulator", tier=1, latency_seconds=0.2)
    for name, value in {
        "SEMANTIC_ASSETS_BACKEND": "gemini",
        "SEMANTIC_ASSETS_GEMINI_URL": running.base_url,
        "GEMINI_API_KEY": "k",
        "SEMANTIC_ASSETS_MAX_COST_USD_PER_DAY": "1",
        "SEMANTIC_ASSETS_UNPROBED": "1",
    }.items():
        monkeypatch.setenv(name, value)
    assert run("init").exit_code == 0
    for command in (("refresh", "--wait-minutes", "0"), ("advance",)):
        refused = run(*command)
        assert refused.exit_code == 1
        assert "say --yes" in refused.output
    assert json.loads(run("jobs", "--json").stdout) == []
    assert run("refresh", "--yes", "--wait-minutes", "1").exit_code == 0
    running.stop()
