"""Commands about money: the quote, the consent to spend, what other tools spent, the window."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from semantic_assets.cli.cells import ask, say
from semantic_assets.cli.options import (
    Choice,
    edge,
    json_option,
    print_json,
    root_option,
    show_found,
    takes_datasets,
)
from semantic_assets.errors import ConfigError, SpendRefused
from semantic_assets.model.wording import counted

if TYPE_CHECKING:
    from semantic_assets.pipeline.costs.estimate import Estimate

_SCRIPTS = ("latin", "cyrillic-greek", "cjk", "other")


@click.command()
@takes_datasets()
@root_option
@click.option("--articles", type=click.IntRange(1), help="Quote a corpus of so many articles...")
@click.option("--chars", type=click.IntRange(1), help="... of so many characters each.")
@click.option("--script", type=Choice(_SCRIPTS), default="latin", show_default=True)
@click.option("--limit", type=click.IntRange(1), help="Only the first so many documents.")
@click.option(
    "--exact",
    is_flag=True,
    help="Let Google count a sample of the texts: free, one request each, at most 40 a script.",
)
@click.option("--services", is_flag=True, help="Show both services of Google, also if it is small.")
@json_option
@edge
def estimate(
    root: str | None,
    datasets: tuple[str, ...],
    articles: int | None,
    chars: int | None,
    script: str,
    limit: int | None,
    exact: bool,
    services: bool,
    as_json: bool,
) -> None:
    """Quote what the next refresh would send: tokens, dollars, window fills, finish."""
    from semantic_assets.api import functions

    if (articles is None) != (chars is None):
        raise ConfigError("--articles and --chars go together: say how many, and how long each is")
    if exact and articles is not None:
        raise ConfigError("--exact counts texts that are there: leave out --articles and --chars")
    if articles is not None and chars is not None:
        found = functions.estimate_articles(articles, chars, script=script, root=root)
    else:
        found = functions.estimate(datasets or None, limit=limit, exact=exact, root=root)
    show_quote(found, as_json, services=services)


@click.group()
def spend() -> None:
    """Enter what other tools spend on the same key: it counts against the day's cap."""


@spend.command("add")
@click.argument("usd", type=float)
@click.option("--day", metavar="YYYY-MM-DD", help="The day it was spent, UTC; default today.")
@click.option("--note", default="", help="What it was for.")
@root_option
@json_option
@edge
def spend_add(usd: float, day: str | None, note: str, root: str | None, as_json: bool) -> None:
    """Enter US dollars that another tool spent on the key."""
    from semantic_assets.api.functions import opened
    from semantic_assets.pipeline.costs.other_spend import add_spend

    with opened(root) as (store, _):
        show_found([add_spend(store, usd, day=day, note=note)], as_json)


@spend.command("list")
@root_option
@json_option
@edge
def spend_list(root: str | None, as_json: bool) -> None:
    """List what was entered."""
    from semantic_assets.api.functions import opened
    from semantic_assets.pipeline.costs.other_spend import list_spend

    with opened(root, reading=True) as (store, _):
        show_found(list_spend(store), as_json)


@spend.command("remove")
@click.argument("entry", metavar="ID")
@root_option
@edge
def spend_remove(entry: str, root: str | None) -> None:
    """Take an entry back; `spend list` shows their IDs."""
    from semantic_assets.api.functions import opened
    from semantic_assets.pipeline.costs.other_spend import remove_spend

    with opened(root) as (store, _):
        remove_spend(store, entry)
    say(f"{entry} is taken back")


def show_quote(found: "Estimate", as_json: bool, *, services: bool = False) -> None:
    from semantic_assets.cli.cells import show
    from semantic_assets.cli.terminal_tables import estimate_tables

    if as_json:
        print_json(found)
    else:
        show(*estimate_tables(found, services=services))


def asking(yes: bool) -> "Callable[[Estimate], None]":
    """Return a callback that consents with --yes, or asks; without a terminal it needs --yes."""
    from semantic_assets.cli.cells import show
    from semantic_assets.cli.terminal_tables import estimate_tables

    def consent(quote: "Estimate") -> None:
        if yes or quote.is_free:
            return
        if not sys.stdin.isatty():
            raise SpendRefused(
                f"this sends {counted(quote.requests, 'text')} for about ${quote.usd:.4f}: without a terminal to "
                "ask on, say --yes"
            )
        show(*estimate_tables(quote))
        ask("Send them?")

    return consent


@click.command()
@root_option
@json_option
@edge
def window(root: str | None, as_json: bool) -> None:
    """Show how full each model's window of enqueued tokens was, over time."""
    from semantic_assets.api.functions import opened
    from semantic_assets.cli.cells import show
    from semantic_assets.cli.terminal_tables import window_chart
    from semantic_assets.pipeline.reports.window_use import models_used, window_use

    with opened(root, reading=True) as (store, gemini):
        found = [
            window_use(store, scope_id=gemini.scope_id, model=model)
            for model in models_used(store, scope_id=gemini.scope_id)
        ]
    if as_json:
        print_json(found)
    else:
        show(*map(window_chart, found))


COMMANDS = [estimate, spend, window]
