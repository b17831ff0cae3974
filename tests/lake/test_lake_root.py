"""A mistyped root is told what it was meant to be, and nothing is made there."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from semantic_assets.cli import main
from semantic_assets.errors import ConfigError
from semantic_assets.lake.lake import Lake
from semantic_assets.lake.lake_root import require_root
from semantic_assets.rest.api_keys import ApiKeys
from semantic_assets.settings.settings import Settings
from semantic_assets.store import open_store


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with a lake in it, and other things."""
    (tmp_path / "data" / "sources").mkdir(parents=True)
    open_store(Settings.load(root=tmp_path / "data" / "lake")).close()
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("data/laek", "data/lake"),
        ("data/lakes", "data/lake"),
        ("daat/lake", "data/lake"),
        ("data", "data/lake"),
        ("data/lake/documents", None),
        ("elsewhere", None),
        ("none/of/these", None),
    ],
)
def test_a_mistyped_root_is_told_which_lake_is_near(
    data: Path, typed: str, meant: str | None
) -> None:
    with pytest.raises(ConfigError, match="there is no lake at") as said:
        require_root(str(data.parent / typed))
    assert ("did you mean" in str(said.value)) == (meant is not None)
    assert meant is None or f"did you mean {data.parent / meant}?" in str(said.value)
    assert f"init --root {data.parent / typed}`" in str(said.value)


def test_a_lake_and_an_empty_folder_are_taken(data: Path) -> None:
    (data.parent / "new").mkdir()
    for typed in (data / "lake", data.parent / "new", "s3://bucket/lake"):
        require_root(str(typed))


def test_a_lake_that_has_nothing_but_keys_yet_is_taken(tmp_path: Path) -> None:
    ApiKeys(Lake(tmp_path / "keyed")).make(project="*", role="read")
    require_root(str(tmp_path / "keyed"))


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "refresh -y",
            "send -y",
            "collect",
            "advance -y",
            "add {0}/a.txt",
            "ingest {0}/a.txt -d a/b",
        ),
        *("status", "search x", "spend add 1", "serve", "mcp", "recover", "doctor", "compact"),
        *("generate list", "keys list", "cleanup -y", "index build", "migrate --dry-run", "verify"),
    ],
)
def test_no_command_makes_anything_at_a_mistyped_root(data: Path, typed: str) -> None:
    (data.parent / "a.txt").write_text("A text.")
    before = sorted(data.parent.rglob("*"))
    words = [*typed.format(data.parent).split(), "--root", str(data / "laek")]
    found = CliRunner().invoke(main, words)
    assert found.exit_code == 2, found.output
    assert f"did you mean {data / 'lake'}?" in found.output
    assert len(found.output.splitlines()) == 1
    assert sorted(data.parent.rglob("*")) == before


def test_init_makes_a_lake_where_it_is_told_to(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEMANTIC_ASSETS_SOURCES", str(data / "sources"))
    other = data / "deep" / "lake-2"
    assert CliRunner().invoke(main, ["init", "--root", str(other)]).exit_code == 0
    assert CliRunner().invoke(main, ["status", "--root", str(other)]).exit_code == 0
