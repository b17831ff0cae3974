"""The command that a person types first: their files to the sources, a quote, and on to search."""

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from semantic_assets.cli.cells import agrees, say
from semantic_assets.cli.costs import asking, show_quote
from semantic_assets.cli.options import (
    FAILED,
    WAITING,
    edge,
    json_option,
    print_json,
    root_option,
    target_option,
)

if TYPE_CHECKING:
    from semantic_assets.pipeline.additions.copying import Added


@click.command()
@click.argument("paths", nargs=-1, required=True)
@target_option("The dataset; default: default/NAME-OF-THE-FOLDER.")
@click.option("--replace", is_flag=True, help="Replace files there that differ.")
@click.option("--refresh", "goes_on", is_flag=True, help="Go on to search; asks before spending.")
@click.option("-y", "--yes", is_flag=True, help="Go on, and consent to spending; do not ask.")
@root_option
@json_option
@edge
def add(
    paths: tuple[str, ...],
    to: str | None,
    replace: bool,
    goes_on: bool,
    yes: bool,
    root: str | None,
    as_json: bool,
) -> None:
    """Copy files and folders below the sources, say what they are, and quote them.

    A folder keeps its tree. Nothing is moved, and no other file is overwritten. Columns of records
    are proposed in a dataset.toml, where there is none.
    """
    from semantic_assets.api import functions

    done = functions.add(paths, to=to, replace=replace, root=root)
    datasets = [one.dataset for one in done if one.copied + one.unchanged + one.replaced]
    quote = functions.estimate(datasets, root=root) if datasets else None
    _say_what_is_new([one.dataset for one in done], root)
    if as_json:
        print_json({"added": [asdict(one) for one in done], "quote": quote and asdict(quote)})
    else:
        _show(done)
        if quote is not None:
            show_quote(quote, as_json=False)
    if not datasets:
        sys.exit(FAILED)
    if not (goes_on or yes or _wants_more(as_json)):
        only = "".join(f" -d {name}" for name in datasets)
        say(f"next: `semantic-assets refresh{only}`", err=as_json)
    else:
        _refresh(datasets, root, yes=yes, as_json=as_json)
    if any(one.refused for one in done):
        sys.exit(FAILED)


def _say_what_is_new(datasets: list[str], root: str | None) -> None:
    """Say which datasets nobody has listed are named much like one that is there."""
    from semantic_assets.api.functions import opened
    from semantic_assets.pipeline.discovery.named_datasets import near_a_new_one

    with opened(root, reading=True) as (store, _):
        for told in filter(None, (near_a_new_one(store, name) for name in datasets)):
            say(told, err=True)


def _wants_more(as_json: bool) -> bool:
    is_asked = not as_json and sys.stdin.isatty() and sys.stdout.isatty()
    return is_asked and agrees("Bring them to search now?")


def _refresh(datasets: list[str], root: str | None, *, yes: bool, as_json: bool) -> None:
    from semantic_assets.api import functions
    from semantic_assets.cli.progress import progress_reporter

    with progress_reporter(to_stderr=as_json) as progress:
        report = functions.refresh(datasets, root=root, consent=asking(yes), progress=progress)
    if report.is_waiting:
        sys.exit(WAITING)
    if report.discovery.skipped or report.left_out:
        sys.exit(FAILED)


def _show(done: "list[Added]") -> None:
    from semantic_assets.cli.cells import add_row, show, table

    for one in done:
        made = table("kind", "files", "bytes", "read", title=f"{one.dataset}: {one.folder}")
        for kind in one.kinds:
            is_read = "yes" if kind.is_read else "no"
            add_row(made, kind.kind, f"{kind.files:,}", f"{kind.bytes:,}", is_read)
        show(made)
        counts = f"{one.copied:,} copied, {one.unchanged:,} there already"
        counts += f", {one.replaced:,} replaced" if one.replaced else ""
        say(counts + (f", {one.excluded:,} excluded on purpose" if one.excluded else ""))
        if one.dataset_toml is not None:
            say(f"dataset.toml written:\n{one.dataset_toml.rstrip()}")
        for path, reason in one.refused.items():
            say(f"not copied: {path}: {reason}", err=True)


COMMANDS = [add]
