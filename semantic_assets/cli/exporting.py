"""Commands that take the rows out: export and map."""

import click

from semantic_assets.cli.cells import say
from semantic_assets.cli.options import (
    Choice,
    edge,
    json_option,
    print_json,
    root_option,
    takes_datasets,
)

_FORMATS = ("parquet", "lance", "huggingface", "jsonl")


@click.command()
@takes_datasets("TARGET")
@root_option
@click.option("--format", "wanted", type=Choice(_FORMATS), help="Of a folder; else Parquet.")
@click.option("--table", help="In Postgres; default: named after the dataset.")
@click.option("--index", is_flag=True, help="In Postgres: make an HNSW index of the vectors.")
@click.option("--replace", is_flag=True, help="Write an earlier export of something else anew.")
@json_option
@edge
def export(
    datasets: tuple[str, ...],
    target: str,
    root: str | None,
    wanted: str | None,
    table: str | None,
    index: bool,
    replace: bool,
    as_json: bool,
) -> None:
    """Bring TARGET to the rows that search serves, with their vectors; only changes are written.

    TARGET is a folder (Parquet, a file for each shard), a .parquet or .jsonl file, a .lance table,
    or postgresql://USER@HOST/DATABASE with pgvector.
    """
    from semantic_assets.api import functions
    from semantic_assets.cli.progress import progress_reporter

    with progress_reporter(to_stderr=True) as progress:
        report = functions.export(
            datasets,
            target,
            format=wanted,
            table=table,
            index=index,
            replace=replace,
            root=root,
            progress=progress,
        )
    if as_json:
        print_json(report)
        return
    say(
        f"{report.rows} rows of {report.dataset} in {report.target} ({report.format}): "
        f"{report.shards_written} shards written, {report.shards_kept} as they were, "
        f"{report.shards_removed} removed"
    )
    if report.rounded:
        say(f"{report.rounded} vectors are rounded to 16 bits: embeddings no longer has them")


@click.command(name="map")
@takes_datasets(required=True)
@root_option
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="Else a free one.")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@edge
def map_(datasets: tuple[str, ...], root: str | None, port: int, no_browser: bool) -> None:
    """Show the passages of datasets as a map in the browser: near points have like meaning.

    It is served on loopback until it is stopped with Ctrl-C.
    """
    from semantic_assets.api import functions
    from semantic_assets.cli.progress import progress_reporter
    from semantic_assets.rest.map.server import serve_map

    with progress_reporter(to_stderr=True) as progress:
        found = functions.corpus_map(datasets, root=root, progress=progress)

    def ready(url: str) -> None:
        say(f"{len(found)} passages at {url}, until Ctrl-C")
        if not no_browser:
            click.launch(url)

    serve_map(found, port=port, on_ready=ready)


COMMANDS = [export, map_]
