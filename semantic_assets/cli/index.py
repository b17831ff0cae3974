"""Commands for index versions: list, build, switch, roll back, export."""

from pathlib import Path

import click

from semantic_assets.cli.cells import say
from semantic_assets.cli.options import (
    edge,
    json_option,
    print_json,
    root_option,
    show_found,
    takes_datasets,
)


@click.group()
def index() -> None:
    """List, build, switch, roll back and export index versions."""


@index.command(name="list")
@takes_datasets()
@root_option
@json_option
@edge
def list_(root: str | None, datasets: tuple[str, ...], as_json: bool) -> None:
    """List the versions kept, newest first, and which one serves."""
    from semantic_assets.api.core import dataset_keys
    from semantic_assets.api.functions import opened
    from semantic_assets.pipeline.vector_index.versions import index_versions

    with opened(root, reading=True) as (store, _):
        show_found(index_versions(store, datasets=dataset_keys(store, datasets)), as_json)


@index.command()
@takes_datasets()
@root_option
@json_option
@edge
def build(datasets: tuple[str, ...], root: str | None, as_json: bool) -> None:
    """Build a version from the existing embeddings, and serve it.

    It is in the backend that is set. Without a dataset those of all that have an index are built. It also replaces an older version
    that `switch` or `rollback` chose.
    """
    from semantic_assets.api.core import dataset_keys
    from semantic_assets.api.functions import opened
    from semantic_assets.pipeline.flows.assemble_and_index import index_dataset, index_datasets

    with opened(root, progress=lambda line: say(line, err=as_json)) as (store, _):
        named = dataset_keys(store, datasets)
        if named:
            reports = [index_dataset(store, one, by_hand=True) for one in named]
        else:
            reports = index_datasets(store)
    if as_json:
        print_json(reports[0] if len(named) == 1 else reports)
        return
    for report in reports:
        if not report.written:
            say(f"{report.dataset}: index version {report.version} ({report.backend}) is current")


@index.command()
@takes_datasets("NUMBER")
@root_option
@json_option
@edge
def switch(datasets: tuple[str, ...], number: str, root: str | None, as_json: bool) -> None:
    """Serve version NUMBER.

    New embeddings or `index build` replace it.
    """
    from semantic_assets.api.core import dataset_key
    from semantic_assets.api.functions import opened
    from semantic_assets.pipeline.vector_index.switch import switch as run

    if not number.isdecimal():
        raise click.UsageError(f"'{number}' is no number of a version: `index list` has them.")
    with opened(root, progress=lambda line: say(line, err=as_json)) as (store, _):
        report = run(store, dataset_key(store, datasets), int(number))
    if as_json:
        print_json(report)


@index.command()
@takes_datasets(required=True)
@root_option
@json_option
@edge
def rollback(datasets: tuple[str, ...], root: str | None, as_json: bool) -> None:
    """Serve the version that served before; say which edits it lacks."""
    from semantic_assets.api.core import dataset_keys
    from semantic_assets.api.functions import opened
    from semantic_assets.pipeline.vector_index.switch import rollback as run

    with opened(root, progress=lambda line: say(line, err=as_json)) as (store, _):
        reports = [run(store, one) for one in dataset_keys(store, datasets)]
    if as_json:
        print_json(reports[0] if len(reports) == 1 else reports)


@index.command()
@takes_datasets("FILE")
@root_option
@json_option
@edge
def export(datasets: tuple[str, ...], file: str, root: str | None, as_json: bool) -> None:
    """Write the serving version to FILE, and its ids beside it.

    faiss.read_index reads FILE.
    """
    from semantic_assets.api.core import dataset_key
    from semantic_assets.api.functions import opened
    from semantic_assets.pipeline.vector_index.export import export_index

    with opened(root, reading=True) as (store, _):
        report = export_index(store, dataset_key(store, datasets), Path(file))
    if as_json:
        print_json(report)
    else:
        say(f"{report.rows} vectors of {report.space} in {report.file}, ids in {report.ids}")
        if report.rounded:
            say(f"{report.rounded} of them are rounded to 16 bits: embeddings no longer has them")


COMMANDS = [index]
