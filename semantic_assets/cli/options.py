"""The shared parts of all commands: options, printing, and errors as exit codes."""

import os
import sys
from collections.abc import Callable
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
            if kwargs.get("root") is not None:
                _require_root(kwargs["root"])
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


def _require_root(typed: str) -> None:
    from semantic_assets.lake.lake_root import require_root

    require_root(typed)


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
scope_option = click.option(
    "--dataset",
    "-d",
    "datasets",
    multiple=True,
    metavar="P/D",
    help="A dataset; a project P stands for all of its own.",
)


def target_option(told: str, *, required: bool = False) -> Callable[..., Any]:
    """Return the option of commands that bring documents in, to a dataset that may be new."""
    names = ("--to", "-d", "--dataset", "to")
    return click.option(*names, required=required, metavar="P/D", help=told)


def takes_datasets(
    then: str | None = None, *, required: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command its `datasets`: typed after it, or each after -d; a project is one of them.

    Args:
        then: another argument, which is the last word.
        required: at least one is to be named, lest all are meant.
    """
    metavar = "P/D..." if required and then is None else "[P/D]..."

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def run(*args: Any, words: tuple[str, ...], datasets: tuple[str, ...], **more: Any) -> None:
            if then is not None:
                if not words:
                    raise click.UsageError(f"Missing argument '{then}'.")
                words, more[then.lower()] = words[:-1], words[-1]
            if required and not (words or datasets):
                raise click.UsageError("Missing argument 'P/D': name a dataset, or a project.")
            command(*args, datasets=(*words, *datasets), **more)

        shown = metavar if then is None else f"[P/D] {then}"
        return scope_option(click.argument("words", nargs=-1, metavar=shown)(run))

    return decorate


def show_found(found: list[Any], as_json: bool) -> None:
    from semantic_assets.cli.cells import show
    from semantic_assets.cli.terminal_tables import dataclass_table

    if as_json:
        print_json(found)
        return
    for _, alike in groupby(found, type) if found else [(None, found)]:
        show(dataclass_table(list(alike)))
