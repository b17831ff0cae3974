"""The help: four groups in the order of use, each command once, 80 columns, three lines of a loop."""

from collections import Counter
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from semantic_assets.cli import main
from semantic_assets.cli.groups import GROUPS

WIDTH = 80


def _all(command: click.Command, *words: str) -> Iterator[tuple[str, ...]]:
    yield words
    for name, child in getattr(command, "commands", {}).items():
        yield from _all(child, *words, name)


def _help(*words: str) -> str:
    return CliRunner().invoke(main, [*words, "--help"], terminal_width=WIDTH).output


@pytest.mark.parametrize("words", list(_all(main)), ids=" ".join)
def test_help_fits_80_columns_and_cuts_nothing(words: tuple[str, ...]) -> None:
    said = _help(*words)
    assert max(map(len, said.splitlines())) <= WIDTH
    assert "...\n" not in said.partition("Commands:")[2]


def test_each_command_stands_once_in_one_of_four_groups() -> None:
    grouped = Counter(name for names in GROUPS.values() for name in names)
    shown = {name for name, one in main.commands.items() if not one.hidden}
    assert len(GROUPS) == 4
    assert grouped == Counter(shown)
    said = _help()
    assert [said.index(f"\n{heading}:\n") for heading in GROUPS] == sorted(
        said.index(f"\n{heading}:\n") for heading in GROUPS
    )
    assert all(text in said for names in GROUPS.values() for text in names.values())


def test_one_loop_is_explained_in_three_lines() -> None:
    (said,) = [one for one in _help().split("\n\n") if "One loop" in one]
    assert [line.split()[1] for line in said.splitlines()[1:]] == ["add", "refresh", "search"]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("serach x", "Did you mean 'search'?"),
        ("refesh", "Did you mean 'refresh'?"),
        ("rollback acme/a", "Did you mean 'index rollback'?"),
        ("index rolback acme/a", "Did you mean 'rollback'?"),
        ("refresh --max-cost-us 1", "Did you mean '--max-cost-usd'?"),
        ("refresh --mode snyc", "Did you mean 'sync'?"),
        ("search x --mode word", "Did you mean 'words'?"),
        ("keys create --project a --role wirte", "Did you mean 'write'?"),
        ("--root data status", "'--root' stands after the command"),
        ("refresh --no-wait --wait-minutes 1", "exclude each other"),
        ("rm", "name a dataset, or a project"),
        ("export", "Missing argument 'TARGET'"),
        ("index switch acme/a two", "'two' is no number of a version"),
    ],
)
def test_a_mistyped_line_is_a_usage_error_that_names_what_was_meant(typed: str, told: str) -> None:
    found = CliRunner().invoke(main, typed.split())
    assert found.exit_code == 2
    assert told in found.output
