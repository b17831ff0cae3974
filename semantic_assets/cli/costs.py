"""Commands about money: the quote, and the consent to spend."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from semantic_assets.cli.options import (
    dataset_option,
    edge,
    json_option,
    print_json,
    root_option,
)
from semantic_assets.errors import ConfigError, SpendRefused

if TYPE_CHECKING:
    from semantic_assets.pipeline.costs.estimate import Estimate

_SCRIPTS = ("latin", "cyrillic-greek", "cjk", "other")


@click.command()
@root_option
@dataset_option
@click.option("--articles", type=click.IntRange(1), help="Quote a corpus of so many articles...")
@click.option("--chars", type=click.IntRange(1), help="... of so many characters each.")
@click.option("--script", type=click.Choice(_SCRIPTS), default="latin", show_default=True)
@click.option("--limit", type=click.IntRange(1), help="Only the first so many documents.")
@json_option
@edge
def estimate(
    root: str | None,
    datasets: tuple[str, ...],
    articles: int | None,
    chars: int | None,
    script: str,
    limit: int | None,
    as_json: bool,
) -> None:
    """Quote what the next refresh would send: tokens, dollars, window fills, finish."""
    from semantic_assets.api import functions

    if (articles is None) != (chars is None):
        raise ConfigError("--articles and --chars go together: say how many, and how long each is")
    if articles is not None and chars is not None:
        found = functions.estimate_articles(articles, chars, script=script, root=root)
    else:
        found = functions.estimate(datasets or None, limit=limit, root=root)
    show_quote(found, as_json)


def show_quote(found: "Estimate", as_json: bool) -> None:
    from semantic_assets.cli.terminal_tables import estimate_tables, show

    if as_json:
        print_json(found)
    else:
        show(*estimate_tables(found))


def asking(yes: bool) -> "Callable[[Estimate], None]":
    """Return a callback that consents with --yes, or asks; without a terminal it needs --yes."""
    from semantic_assets.cli.terminal_tables import estimate_tables, show

    def consent(quote: "Estimate") -> None:
        if yes or quote.is_free:
            return
        if not sys.stdin.isatty():
            raise SpendRefused(
                f"this sends {quote.requests} texts for about ${quote.usd:.4f}: without a terminal to "
                "ask on, say --yes"
            )
        show(*estimate_tables(quote))
        click.confirm("Send them?", abort=True)

    return consent


COMMANDS = [estimate]
