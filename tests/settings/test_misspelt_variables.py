"""A misspelt setting stops whoever loads the settings: a cap that is ignored is no cap."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from semantic_assets import SemanticCore
from semantic_assets.cli import main
from semantic_assets.errors import ConfigError
from semantic_assets.settings.settings import PREFIX, Settings, known_variables
from tests.factories import BLANK

DAY, RUN = PREFIX + "MAX_COST_USD_PER_DAY", PREFIX + "MAX_COST_USD_PER_RUN"


def _load(root: Path, name: str, value: str = "1") -> Settings:
    return Settings.load(root=root, environ={**BLANK, name: value})


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (PREFIX + "MAX_COST_USD_PER_DAYS", DAY),
        (PREFIX + "MAX_COST_USD_A_DAY", DAY),
        (PREFIX + "MAX_COST", f"{DAY} or {RUN}"),
        ("SEMANTIC_ASSET_MAX_COST_USD_PER_RUN", RUN),
        ("SEMANTC_ASSETS_MAX_COST_USD_PER_RUN", RUN),
        (DAY.lower(), DAY),
        ("SEMANTIC-ASSETS-TIER", PREFIX + "TIER"),
        ("MAX_COST_USD_PER_DAY", DAY),
        (PREFIX + "DIMENSION", PREFIX + "DIMENSIONS"),
        (PREFIX + "API_KEY", "GEMINI_API_KEY or GOOGLE_API_KEY"),
    ],
)
def test_a_misspelt_setting_stops_and_is_told_what_it_was_meant_to_be(
    tmp_path: Path, typed: str, meant: str
) -> None:
    with pytest.raises(ConfigError, match=f"{typed} is no setting: did you mean {meant}\\?"):
        _load(tmp_path, typed)


def test_a_name_that_is_like_none_stops_too(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ZZZ is no setting: remove it .* docs/settings\.md"):
        _load(tmp_path, PREFIX + "ZZZ")


@pytest.mark.parametrize("name", sorted(known_variables()))
def test_no_setting_is_taken_for_a_misspelt_one_and_each_is_missed_by_one_letter(
    tmp_path: Path, name: str
) -> None:
    assert _load(tmp_path, name, "").backend == "emulator"
    with pytest.raises(ConfigError, match="is no setting"):
        _load(tmp_path, name[:-2] + name[-1] + name[-2] + "_")


@pytest.mark.parametrize(
    "name",
    [
        *("SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT", "PORT_8000_TCP"),
        *("PORT_8000_TCP_ADDR", "PORT_8000_TCP_PROTO", "REST_SERVICE_HOST", "REST_PORT"),
    ],
)
def test_what_kubernetes_sets_for_a_service_of_that_name_is_let_be(
    tmp_path: Path, name: str
) -> None:
    assert _load(tmp_path, PREFIX + name, "tcp://10.0.0.1:8000").tier == 1


@pytest.mark.parametrize(
    "name", ["PATH", "SEMANTIC_RELEASE", "SEMANTIC_VERSION", "ASSETS_ROOT", "COST_USD", "ROOT"]
)
def test_variables_of_others_are_let_be(tmp_path: Path, name: str) -> None:
    assert _load(tmp_path, name).tier == 1


def test_a_misspelt_name_without_a_value_sets_nothing(tmp_path: Path) -> None:
    assert _load(tmp_path, PREFIX + "MAX_COST", "").max_cost_usd_per_day is None


@pytest.mark.parametrize(
    "typed",
    [
        *("refresh -y", "status", "search x", "estimate", "collect", "add README.md"),
        *(
            "ingest README.md -d a/b",
            "init",
            "serve",
            "mcp",
            "keys list",
            "generate list",
            "doctor",
        ),
        *("emulator", "recover", "index list", "migrate --dry-run", "spend add 1"),
    ],
)
def test_it_stops_every_command_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    monkeypatch.setenv(PREFIX + "ROOT", str(tmp_path / "lake"))
    monkeypatch.setenv(PREFIX + "MAX_COST_USD_PER_DYA", "3")
    found = CliRunner().invoke(main, typed.split())
    assert found.exit_code == 2, found.output
    said = re.sub(r"[\s│┃]+", " ", found.output)
    assert "MAX_COST_USD_PER_DYA is no setting" in said
    assert typed == "doctor" or len(found.output.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_it_stops_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + "MAX_COST_USD_PER_DYA", "3")
    with SemanticCore(tmp_path / "lake") as core, pytest.raises(ConfigError, match="did you mean"):
        core.status()


@pytest.mark.parametrize(("value", "found"), [("true", True), ("on", True), ("No", False)])
def test_a_switch_is_on_or_off(tmp_path: Path, value: str, *, found: bool) -> None:
    assert _load(tmp_path, PREFIX + "UNPROBED", value).unprobed is found
    with pytest.raises(ConfigError, match="use true or false"):
        _load(tmp_path, PREFIX + "UNPROBED", f"{value}y")


def test_a_misspelt_choice_is_told_which_one_is_near(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean gemini"):
        _load(tmp_path, PREFIX + "BACKEND", "Gemni")
