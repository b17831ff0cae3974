"""The commands reindex, quality and import-vectors."""

import sys
from pathlib import Path

import click

from semantic_assets.cli.cells import say
from semantic_assets.cli.costs import asking
from semantic_assets.cli.options import (
    WAITING,
    edge,
    json_option,
    print_json,
    root_option,
    show_found,
    takes_datasets,
    yes_option,
)
from semantic_assets.errors import ConfigError


@click.command()
@takes_datasets()
@root_option
@click.option("--model", help="The model to go to.")
@click.option("--dimensions", type=int, help="Default: as the settings say.")
@click.option("--wait-minutes", type=float, help="How long to wait for batches.")
@click.option("--max-cost-usd", type=float, help="Refuse a dataset whose quote is higher.")
@click.option("--switch/--no-switch", default=None, help="Default: unless nDCG@10 drops.")
@click.option("--cancel", is_flag=True, help="Give up a reindex under way.")
@yes_option
@json_option
@edge
def reindex(
    root: str | None,
    datasets: tuple[str, ...],
    model: str | None,
    dimensions: int | None,
    wait_minutes: float | None,
    max_cost_usd: float | None,
    switch: bool | None,
    cancel: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Move datasets to another model or size: quote, embed beside the old, compare, switch.

    The old index serves until the switch; `index rollback` goes back. Run it again to continue.
    """
    from semantic_assets.api import functions

    if cancel:
        given_up = functions.cancel_reindex(datasets or None, root=root)
        say(f"given up: {', '.join(given_up) or 'nothing was under way'}")
        return
    if model is None:
        raise ConfigError("say --model: gemini-embedding-001 or gemini-embedding-2")
    found = functions.reindex(
        model,
        dimensions=dimensions,
        datasets=datasets or None,
        root=root,
        wait_minutes=wait_minutes,
        switch=switch,
        max_cost_usd=max_cost_usd,
        consent=asking(yes),
        progress=lambda line: say(line, err=as_json),
    )
    if as_json:
        print_json(found)
    if not all(report.switched for report in found):
        sys.exit(WAITING)


@click.command()
@takes_datasets()
@root_option
@json_option
@edge
def quality(root: str | None, datasets: tuple[str, ...], as_json: bool) -> None:
    """Measure nDCG@10, recall@10 and MRR of each mode by queries.jsonl and qrels.tsv.

    The weight of meaning and words in hybrid search is learned from them, if that is better for
    questions it was not learned from.
    """
    from semantic_assets.api import functions

    show_found(functions.quality(datasets or None, root=root), as_json)


@click.command("import-vectors")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@root_option
@click.option("--model", help="The model they were made with; default: as the settings say.")
@click.option("--dimensions", type=int, help="Default: as the settings say.")
@json_option
@edge
def import_vectors(
    file: Path, root: str | None, model: str | None, dimensions: int | None, as_json: bool
) -> None:
    """Import vectors paid elsewhere: columns `vector`, and `text` (as embedded) or `text_hash`.

    Ten rows, or 1 %, are embedded again in real time and must agree.
    """
    from semantic_assets.api import functions

    found = functions.import_vectors(file, model=model, dimensions=dimensions, root=root)
    show_found([found], as_json)


COMMANDS = [reindex, quality, import_vectors]
