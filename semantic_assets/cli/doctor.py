"""The doctor command and shell completion."""

import sys

import click

from semantic_assets.cli.cells import say
from semantic_assets.cli.options import (
    FAILED,
    SETTINGS_WRONG,
    Choice,
    edge,
    json_option,
    root_option,
    show_found,
)

_LINES = {
    "bash": 'eval "$(_SEMANTIC_ASSETS_COMPLETE=bash_source semantic-assets)"',
    "zsh": 'eval "$(_SEMANTIC_ASSETS_COMPLETE=zsh_source semantic-assets)"',
    "fish": "_SEMANTIC_ASSETS_COMPLETE=fish_source semantic-assets | source",
}


@click.command()
@root_option
@json_option
@edge
def doctor(root: str | None, as_json: bool) -> None:
    """Check settings, folders, ledger, key and service, and say what to do; exits with 1 if ill."""
    from semantic_assets.pipeline.maintenance.doctor import SETTINGS
    from semantic_assets.pipeline.maintenance.doctor import doctor as run

    found = run(root)
    show_found(found, as_json)
    if any(one.name == SETTINGS and one.is_well is False for one in found):
        sys.exit(SETTINGS_WRONG)
    if any(one.is_well is False for one in found):
        sys.exit(FAILED)


@click.command()
@click.argument("shell", type=Choice(sorted(_LINES)))
def completion(shell: str) -> None:
    """Print the line that makes SHELL complete commands; put it into its start-up file."""
    say(_LINES[shell])


COMMANDS = [doctor, completion]
