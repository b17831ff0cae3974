"""The shared parts of all commands: options, printing, and errors as exit codes."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, is_dataclass
from difflib import get_close_matches
from functools import wraps
from itertools import groupby
from typing import Any

import click

from semantic_assets.cli.cells import say, say_json
from semantic_assets.errors import ConfigError, SemanticAssetsError

#: Exit codes: 0 done, 1 failed or left something out, 2 usage or settings, 4 waiting (run again).
FAILED = 1
SETTINGS_WRONG = 2
WAITING = 4


#: As shells report a process that SIGINT ended.
_INTERRUPTED = 130


def edge(command: Callable[..., None]) -> Callable[..., None]:
    """Turn the errors of a command into messages and exit codes; nothing else does."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except SemanticAssetsError as error:
            say(f"error: {error}", err=True)
            sys.exit(SETTINGS_WRONG if isinstance(error, ConfigError) else FAILED)
        except BrokenPipeError:  # whoever read has read enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            say(f"error: {place}{error.strerror or error}", err=True)
            sys.exit(FAILED)
        except KeyboardInterrupt:
            say("stopped; nothing is lost: run it again, it goes on from here", err=True)
            sys.exit(_INTERRUPTED)
        except Exception as error:
            from semantic_assets.ledger.database.trouble import trouble_of

            said = trouble_of(error)
            if said is None:
                raise
            say(f"error: {said}", err=True)
            sys.exit(FAILED)

    return run


def print_json(value: Any) -> None:
    plain = [_plain(item) for item in value] if isinstance(value, list) else _plain(value)
    say_json(plain, indent=2)


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


class Choice(click.Choice[str]):
    """One of several words; a mistyped one is told which is near."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        near = get_close_matches(str(value).lower(), self.choices, 1)
        told = super().get_invalid_choice_message(value, ctx)
        return f"{told} Did you mean {near[0]!r}?" if near else told


root_option = click.option(
    "--root", help="The lake, a folder or a bucket; default SEMANTIC_ASSETS_ROOT."
)
yes_option = click.option("-y", "--yes", is_flag=True, help="Consent to spending; do not ask.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
dataset_option = click.option(
    "--dataset", "-d", "datasets", multiple=True, metavar="P/D", help="Only these datasets."
)

scope_option = click.option(
    "--dataset",
    "-d",
    "names",
    multiple=True,
    metavar="P/D",
    help="Only these datasets; a project P stands for all of its own.",
)


def show_found(found: list[Any], as_json: bool) -> None:
    from semantic_assets.cli.cells import show
    from semantic_assets.cli.terminal_tables import dataclass_table

    if as_json:
        print_json(found)
        return
    for _, alike in groupby(found, type) if found else [(None, found)]:
        show(dataclass_table(list(alike)))


def tell_trouble(lines: Sequence[str]) -> None:
    """Say what stopped single datasets, and exit as for something left out."""
    for line in lines:
        say(f"error: {line}", err=True)
    if lines:
        sys.exit(FAILED)
