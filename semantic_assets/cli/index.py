"""Commands for index versions: list, build, switch, roll back, export."""

from pathlib import Path

import click

from semantic_assets.cli.cells import say
from semantic_assets.cli.options import (
    dataset_option,
    edge,
    json_option,
    print_json,
    root_option,
    show_found,
)

dataset_argument = click.argument("dataset", metavar="P/D")


@click.group()
def index() -> None:
    """List, build, switch, roll back and export index versions."""


@index.command(name="list")
@root_option
@dataset_option
@json_option
@edge
def list_(root: str | None, datasets: tuple[str, ...], as_json: bool) -> None:
    """List the versions kept, newest first, and which one serves."""
    from semantic_assets.api.core import dataset_keys
    from semantic_assets.api.functions import opened
    from semantic_assets.pipeline.vector_index.versions import index_versions

    with opened(root, reading=True) as (store, _):
        show_found(index_versions(store, datasets=dataset_keys(datasets)), as_json)


@index.command()
@click.argument("dataset", metavar="[P/D]", required=False)
@root_option
@json_option
@edge
def build(dataset: str | None, root: str | None, as_json: bool) -> None:
    """Build a version from the existing embeddings, and serve it.

    It is in the backend that is set. Without a dataset those of all that have an index are built. It also replaces an older version
    that `switch` or `rollback` chose.
    """
    from semantic_assets.api.functions import opened
    from semantic_assets.model.keys import DatasetKey
    from semantic_assets.pipeline.flows.assemble_and_index import index_dataset, index_datasets

    with opened(root, progress=lambda line: say(line, err=as_json)) as (store, _):
        if dataset is None:
            reports = index_datasets(store)
        else:
            reports = [index_dataset(store, DatasetKey.parse(dataset), by_hand=True)]
    if as_json:
        print_json(reports if dataset is None else reports[0])
        return
    for report in reports:
        if not report.written:
            say(f"{report.dataset}: index version {report.version} ({report.backend}) is current")


@index.command()
@dataset_argument
@click.argument("number", type=int)
@root_option
@json_option
@edge
def switch(dataset: str, number: int, root: str | None, as_json: bool) -> None:
    """Serve version NUMBER.

    New embeddings or `index build` replace it.
    """
    from semantic_assets.api.functions import opened
    from semantic_assets.model.keys import DatasetKey
    from semantic_assets.pipeline.vector_index.switch import switch as run

    with opened(root, progress=lambda line: say(line, err=as_json)) as (store, _):
        report = run(store, DatasetKey.parse(dataset), number)
    if as_json:
        print_json(report)


@index.command()
@dataset_argument
@root_option
@json_option
@edge
def rollback(dataset: str, root: str | None, as_json: bool) -> None:
    """Serve the version that served before; say which edits it lacks."""
    from semantic_assets.api.functions import opened
    from semantic_assets.model.keys import DatasetKey
    from semantic_assets.pipeline.vector_index.switch import rollback as run

    with opened(root, progress=lambda line: say(line, err=as_json)) as (store, _):
        report = run(store, DatasetKey.parse(dataset))
    if as_json:
        print_json(report)


@index.command()
@dataset_argument
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@root_option
@json_option
@edge
def export(dataset: str, file: Path, root: str | None, as_json: bool) -> None:
    """Write the serving version to FILE, and its ids beside it.

    faiss.read_index reads FILE.
    """
    from semantic_assets.api.functions import opened
    from semantic_assets.model.keys import DatasetKey
    from semantic_assets.pipeline.vector_index.export import export_index

    with opened(root, reading=True) as (store, _):
        report = export_index(store, DatasetKey.parse(dataset), file)
    if as_json:
        print_json(report)
    else:
        say(f"{report.rows} vectors of {report.space} in {report.file}, ids in {report.ids}")
        if report.rounded:
            say(f"{report.rounded} of them are rounded to 16 bits: embeddings no longer has them")


COMMANDS = [index]
