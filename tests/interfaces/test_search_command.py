"""`search` in a terminal: what it shows, in which width, and what its options do."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from semantic_assets.api.functions import search, search_many
from semantic_assets.cli import main

Run = Callable[..., Result]
_LONG_ID = "observations-of-the-northern-tide-gauge-" + "1234567890" * 4


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The settings of a lake of 40 records and two manuals, of which one has a long name."""
    folder = tmp_path_factory.mktemp("terminal")
    manuals = folder / "sources" / "acme" / "manuals"
    manuals.mkdir(parents=True)
    (manuals / f"{_LONG_ID}.md").write_text("# Gauge\n\nThe gauge is rinsed on Fridays.\n")
    (manuals / "winch.md").write_text("# The winch\n\n- The **winch** is [greased](a.md) weekly.\n")
    rows = ({"id": f"r{n}", "text": f"Ship {n} left berth {n % 7} at dawn."} for n in range(40))
    (manuals / "ships.jsonl").write_text("\n".join(map(json.dumps, rows)))
    environ = {
        "SEMANTIC_ASSETS_ROOT": str(folder / "lake"),
        "SEMANTIC_ASSETS_SOURCES": str(folder / "sources"),
        "SEMANTIC_ASSETS_EMULATOR_LATENCY_SECONDS": "0",
    }
    assert CliRunner().invoke(main, ["refresh", "--yes"], env=environ).exit_code == 0
    return environ


@pytest.fixture
def run(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Run:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: CliRunner().invoke(main, list(arguments))


def test_a_hit_shows_its_sentence_and_how_its_score_came_about(run: Run) -> None:
    shown = run("search", "Who greases the winch?", "-k", "1").stdout
    assert "The winch is greased weekly." in shown
    assert "meaning 0." in shown
    assert "words " in shown
    assert "(#1)" in shown
    assert "**" not in shown


def test_in_80_columns_only_a_name_that_is_longer_stands_in_a_longer_line(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semantic_assets.cli.cells._PIPE_WIDTH", 80)
    shown = run("search", "When is the gauge rinsed?", "-k", "2").stdout
    longer = [line for line in shown.splitlines() if len(line) > 80]
    assert longer == [f"acme/manuals/{_LONG_ID}.md"]  # the terminal wraps it: it is copied whole


def test_nothing_close_is_said_on_stderr_and_its_cure_shows_what_there_is(run: Run) -> None:
    refused = run("search", "asdkjh qweoiu zmxncb")
    assert (refused.exit_code, refused.stdout) == (0, "")
    assert "nothing close" in refused.stderr
    assert "`--no-floor`" in refused.stderr
    assert json.loads(run("search", "asdkjh qweoiu zmxncb", "--json").stdout) == []
    assert len(json.loads(run("search", "asdkjh qweoiu", "--no-floor", "--json").stdout)) == 10


def test_pages_groups_filters_and_modes_are_options(run: Run) -> None:
    ships = json.loads(run("search", "berth 3", "-k", "4", "--json").stdout)
    page = json.loads(run("search", "berth 3", "-k", "2", "--offset", "2", "--json").stdout)
    assert [hit["chunk_id"] for hit in page] == [hit["chunk_id"] for hit in ships[2:]]
    one = run("search", "winch", "--mode", "words", "--where", "kind=md", "--json").stdout
    assert [hit["uri"] for hit in json.loads(one)] == ["acme/manuals/winch.md"]
    grouped = run("search", "berth", "--group", "document", "--per-document", "1", "-d", "acme")
    assert grouped.exit_code == 0
    assert "passage" in grouped.stdout
    second = run("search", "berth 3", "-k", "1", "--offset", "1").stdout
    assert " 2 " in second


def test_json_has_all_that_is_known_of_a_hit(run: Run) -> None:
    (hit,) = json.loads(run("search", "ship 17", "-k", "1", "--json").stdout)
    assert hit["record_id"] == "r17"
    assert set(hit["scores"]) == {"cosine", "cosine_rank", "words", "words_rank"}
    start, end = hit["sentence"]["marks"][0]
    assert hit["sentence"]["text"][start:end] == "17"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--offset", "-1"), "offset"),
        (("--per-document", "0"), "per-document"),
        (("--mode", "fuzzy"), "fuzzy"),
        (("--where", "kind"), "kind"),
        (("--where", "colour=red"), "colour"),
    ],
)
def test_an_option_that_cannot_be_is_named(
    run: Run, arguments: tuple[str, ...], named: str
) -> None:
    result = run("search", "ship", *arguments)
    assert result.exit_code == 2
    assert named in result.stderr


def test_the_library_takes_the_same_options(run: Run) -> None:
    assert run is not None
    (hit,) = search("winch", dataset="acme", where={"kind": ["md", "pdf"]}, mode="words", k=3)
    assert hit.file_name == "winch.md"
    first, second = search_many(["ship 1", "ship 2"], k=1, offset=1)
    assert (len(first), first.has_more, len(second)) == (1, True, 1)
    shown = search("Who greases the winch?", k=1)._repr_html_()
    assert "The <mark>winch</mark> is <mark>greased</mark> weekly." in shown


def test_a_lake_that_is_gone_is_no_reason_to_say_that_nothing_is_close(
    run: Run, tmp_path: Path
) -> None:
    result = run("search", "ship", "--root", str(tmp_path / "none"))
    assert result.exit_code != 0
