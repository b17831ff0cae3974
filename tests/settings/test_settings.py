"""Settings: where they come from, what is refused, and what is never shown."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import semantic_assets
from semantic_assets.errors import ConfigError
from semantic_assets.settings.settings import GEMINI_URL, PREFIX, Settings, project_dir
from tests.factories import BLANK


def load(**environ: str) -> Settings:
    """Settings of these variables, named without their prefix, and no others."""
    return Settings.load(environ={**BLANK, **{PREFIX + k: v for k, v in environ.items()}})


def test_without_any_setting_the_emulator_is_used_below_the_project() -> None:
    settings = load()
    assert settings.backend == "emulator"
    assert settings.api_key is None
    assert settings.root == project_dir() / "data/lake"
    assert settings.sources == project_dir() / "data/sources"
    assert settings.emulator_dir == project_dir() / "data/emulator"
    assert (settings.model, settings.dimensions) == ("gemini-embedding-001", 768)
    assert settings.gemini_url == GEMINI_URL
    assert settings.max_cost_usd_per_day is None


def test_a_key_alone_never_spends() -> None:
    settings = Settings.load(environ={**BLANK, "GEMINI_API_KEY": "k"})
    assert settings.api_key == "k"
    assert settings.backend == "emulator"


@pytest.mark.parametrize(
    ("environ", "key"),
    [
        ({"GEMINI_API_KEY": "a", "GOOGLE_API_KEY": "b"}, "a"),
        ({"GEMINI_API_KEY": "", "GOOGLE_API_KEY": "b"}, "b"),
    ],
)
def test_googles_key_is_taken_where_geminis_is_not_set(environ: dict[str, str], key: str) -> None:
    assert Settings.load(environ={**BLANK, **environ}).api_key == key


def test_each_number_is_read_as_what_it_is() -> None:
    settings = load(
        DIMENSIONS="1536",
        TIER="3",
        ENQUEUED_TOKENS="1234",
        MAX_ATTEMPTS="5",
        EMULATOR_LATENCY_SECONDS="0.5",
        MAX_COST_USD_PER_DAY="0",
        WAIT_MINUTES="2.5",
    )
    assert settings.dimensions == 1536
    assert settings.tier == 3
    assert settings.window_tokens == 1234
    assert settings.max_attempts == 5
    assert settings.emulator_latency_seconds == 0.5
    assert settings.max_cost_usd_per_day == 0.0  # consent to nothing is not "no consent given"
    assert settings.wait_minutes == 2.5


@pytest.mark.parametrize(
    ("value", "unprobed"), [("1", True), ("TRUE", True), ("yes", True), ("0", False), ("", False)]
)
def test_unprobed_is_said_in_so_many_words(value: str, unprobed: bool) -> None:
    assert load(UNPROBED=value).unprobed is unprobed


@pytest.mark.parametrize(("tier", "tokens"), [("1", 500_000), ("2", 5_000_000), ("3", 10_000_000)])
def test_the_window_follows_the_tier(tier: str, tokens: int) -> None:
    assert load(TIER=tier).window_tokens == tokens


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DIMENSIONS", "many"),
        ("DIMENSIONS", "768.5"),
        ("TIER", "paid"),
        ("TIER", "4"),
        ("TIER", "0"),
        ("ENQUEUED_TOKENS", "1M"),
        ("MAX_ATTEMPTS", "three"),
        ("EMULATOR_LATENCY_SECONDS", "soon"),
        ("MAX_COST_USD_PER_DAY", "$5"),
        ("WAIT_MINUTES", "1h"),
        ("BACKEND", "google"),
    ],
)
def test_a_value_that_does_not_fit_names_its_variable_and_itself(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(**{name: value})
    assert PREFIX + name in str(caught.value)
    assert value in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_COST_USD_PER_DAY", "nan"),
        ("MAX_COST_USD_PER_DAY", "-1"),
        ("ENQUEUED_TOKENS", "0"),
        ("ENQUEUED_TOKENS", "-5"),
        ("MAX_ATTEMPTS", "0"),
        ("WAIT_MINUTES", "nan"),
        ("EMULATOR_LATENCY_SECONDS", "-1"),
    ],
)
def test_a_number_without_a_meaning_is_refused(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=PREFIX + name):
        load(**{name: value})


def test_an_unknown_or_retired_model_is_refused_when_settings_are_read() -> None:
    with pytest.raises(ConfigError, match="gemini-embedding-001"):
        load(MODEL="text-embedding-004")
    with pytest.raises(ConfigError, match="128 to 3072"):
        load(DIMENSIONS="64")


def test_relative_paths_are_below_the_project_wherever_the_process_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(ROOT="some/lake", SOURCES="in", EMULATOR_DIR="emu")
    assert settings.root == project_dir() / "some/lake"
    assert settings.sources == project_dir() / "in"
    assert settings.emulator_dir == project_dir() / "emu"


def test_absolute_paths_and_the_home_directory_stand_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = load(ROOT="/srv/lake", SOURCES="~/corpus")
    assert settings.root == Path("/srv/lake")
    assert settings.sources == tmp_path / "corpus"
    assert settings.emulator_dir == Path("/srv/emulator")  # beside the lake


def test_a_root_given_in_code_wins_over_the_environment(tmp_path: Path) -> None:
    environ = {**BLANK, PREFIX + "ROOT": "/srv/lake"}
    settings = Settings.load(root=tmp_path / "mine", environ=environ)
    assert settings.root == tmp_path / "mine"
    assert settings.emulator_dir == tmp_path / "emulator"


def test_secrets_are_in_no_text_of_the_settings() -> None:
    settings = Settings.load(
        environ={
            **BLANK,
            "GEMINI_API_KEY": "AIza-secret",
            PREFIX + "LEDGER_URL": "postgresql://me:hunter2@db/ledger",
        }
    )
    assert settings.api_key == "AIza-secret"
    assert settings.ledger_url == "postgresql://me:hunter2@db/ledger"
    for shown in (repr(settings), str(settings), f"{settings}"):
        assert "AIza-secret" not in shown
        assert "hunter2" not in shown


_SHOW = """
from semantic_assets.settings.settings import Settings
settings = Settings.load()
print(settings.root, settings.tier, settings.model, settings.api_key, sep="|")
"""


def _shown(folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Settings as a process sees them that runs from another checkout."""
    return subprocess.run(
        [sys.executable, "-c", _SHOW],
        capture_output=True,
        text=True,
        cwd=folder.parent,
        env={"PYTHONPATH": str(folder), **environ},
    )


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A copy of the package without a pyproject.toml beside it."""
    package = Path(semantic_assets.__file__).parent
    folder = tmp_path / "elsewhere"
    shutil.copytree(package, folder / "semantic_assets", ignore=shutil.ignore_patterns("*.pyc"))
    return folder


def test_the_projects_dotenv_is_read_and_the_environment_wins(elsewhere: Path) -> None:
    (elsewhere / "pyproject.toml").write_text('[project]\nname = "semantic-assets"\n')
    (elsewhere / ".env").write_text(
        "SEMANTIC_ASSETS_ROOT=kept/lake\n"
        "SEMANTIC_ASSETS_TIER=2\n"
        "SEMANTIC_ASSETS_MODEL=gemini-embedding-2 # a comment\n"
        "GEMINI_API_KEY='from-the-file'\n"
    )
    (elsewhere.parent / ".env").write_text("SEMANTIC_ASSETS_TIER=1\n")  # the working directory's
    shown = _shown(elsewhere, SEMANTIC_ASSETS_TIER="3")
    assert shown.stdout.strip() == f"{elsewhere}/kept/lake|3|gemini-embedding-2|from-the-file"


def test_outside_of_a_checkout_paths_must_be_given(elsewhere: Path) -> None:
    refused = _shown(elsewhere)
    assert "ConfigError" in refused.stderr
    assert "SEMANTIC_ASSETS_ROOT" in refused.stderr
    given = _shown(
        elsewhere, SEMANTIC_ASSETS_ROOT="/srv/lake", SEMANTIC_ASSETS_SOURCES="/srv/sources"
    )
    assert given.stdout.startswith("/srv/lake|1|gemini-embedding-001|None")


def test_every_setting_is_in_the_example_file() -> None:
    example = (project_dir() / ".env.example").read_text(encoding="utf-8")
    missing = [name for name in BLANK if name not in example]
    assert missing == ["GOOGLE_API_KEY"]


@pytest.mark.parametrize(
    "name", ["GEMINI_API_KEY", "GOOGLE_API_KEY", "SEMANTIC_ASSETS_QDRANT_API_KEY"]
)
@pytest.mark.parametrize(
    "key",
    [
        "AIza\nx",
        "AIza\r\nx",
        "AIza x",
        " AIza",
        "AIza\t",
        "AIza\xadx",
        "AIzaé",
        "AI\x00za",
        "\u200b",
    ],
)
def test_a_key_that_no_header_takes_is_refused_when_it_is_loaded(name: str, key: str) -> None:
    """One with a line break was answered to a caller in full; with a soft hyphen nothing ever ran."""
    with pytest.raises(ConfigError) as refused:
        Settings.load(environ={**BLANK, name: key})
    said = str(refused.value)
    assert said.startswith(f"{name}=...: use the key as it was given")
    assert len(said.splitlines()) == 1
    assert "AIza" not in said
    assert key not in said
    assert repr(key)[1:-1] not in said
