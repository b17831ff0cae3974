"""The command line: read arguments, call one verb, print. No decisions in here.

Exit codes: 0 done, 1 failed, 2 usage or settings, 4 waiting (run again).
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from semantic_assets.errors import ConfigError, SemanticAssetsError

WAITING = 4


def _edge(command: Callable[..., None]) -> Callable[..., None]:
    """The one place where errors become messages and exit codes."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except SemanticAssetsError as error:
            click.echo(f"error: {error}", err=True)
            sys.exit(2 if isinstance(error, ConfigError) else 1)

    return run


def _print_json(value: Any) -> None:
    plain = [_plain(item) for item in value] if isinstance(value, list) else _plain(value)
    click.echo(json.dumps(plain, ensure_ascii=False, default=str, indent=2))


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


_root = click.option(
    "--root", type=click.Path(path_type=Path), help="The lake; default SEMANTIC_ASSETS_ROOT."
)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_dataset = click.option(
    "--dataset", "-d", "datasets", multiple=True, metavar="P/D", help="Only these datasets."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="semantic-assets")
def main() -> None:
    """Embeddings of large, living corpora through the Gemini Batch API."""


@main.command()
@_root
@_edge
def init(root: Path | None) -> None:
    """Make the ledger. The real backend never makes one by itself."""
    from semantic_assets.config import Settings
    from semantic_assets.store import open_store

    with open_store(Settings.load(root=root), create=True) as store:
        click.echo(f"ledger {store.ledger.ledger_id} at {store.settings.root}")


@main.command()
@_root
@_dataset
@click.option("--wait-minutes", type=float, help="How long to wait for batches.")
@_json
@_edge
def refresh(
    root: Path | None, datasets: tuple[str, ...], wait_minutes: float | None, as_json: bool
) -> None:
    """Bring everything new to the index; exits with 4 while batches are still out."""
    from semantic_assets import library

    report = library.refresh(
        datasets or None,
        root=root,
        wait_minutes=wait_minutes,
        tell=lambda line: click.echo(line, err=as_json),
    )
    if as_json:
        _print_json(report)
    if report.is_waiting:
        sys.exit(WAITING)


@main.command()
@_root
@_edge
def advance(root: Path | None) -> None:
    """Submit what fits, collect what ended, without waiting; for cron."""
    from semantic_assets.library import opened
    from semantic_assets.verbs.advance import advance as run

    with opened(root, tell=click.echo) as (store, gemini):
        report = run(store, gemini)
    click.echo(
        f"{report.submitted_texts} texts sent, {len(report.collected)} jobs collected, "
        f"{report.open_jobs} jobs out, {report.waiting_texts} texts waiting"
    )


@main.command()
@click.argument("question")
@_root
@_dataset
@click.option("-k", default=10, show_default=True, help="How many passages.")
@_json
@_edge
def search(
    question: str, root: Path | None, datasets: tuple[str, ...], k: int, as_json: bool
) -> None:
    """Find the passages nearest to QUESTION."""
    from semantic_assets import library
    from semantic_assets.tables import hits_table, show

    hits = library.search(question, dataset=datasets or None, k=k, root=root)
    if as_json:
        _print_json(hits)
    else:
        show(hits_table(hits))


@main.command()
@_root
@_json
@_edge
def status(root: Path | None, as_json: bool) -> None:
    """The queue, the jobs, the expected finish and the cost so far."""
    from semantic_assets import library
    from semantic_assets.tables import bill_table, show, status_table

    found = library.status(root=root)
    if as_json:
        _print_json(found)
    else:
        show(status_table(found), bill_table(found.bill))


@main.command()
@_root
@_json
@_edge
def ls(root: Path | None, as_json: bool) -> None:
    """List the shards: documents, chunks and what still waits in each."""
    _query(
        "SELECT shard, documents, chunks, coalesce(pending, chunks) AS pending, settled "
        "FROM shards ORDER BY shard",
        root,
        as_json,
    )


@main.command()
@_root
@_json
@_edge
def jobs(root: Path | None, as_json: bool) -> None:
    """List the batch jobs, newest first."""
    _query(
        "SELECT id, stage, state, stats.requests AS requests, stats.failed AS failed, "
        "stats.tokens AS tokens, strftime(created_at, '%Y-%m-%d %H:%M:%S') AS created, "
        "error_message "
        "FROM batch_jobs ORDER BY id DESC",
        root,
        as_json,
    )


@main.command()
@click.argument("query")
@_root
@_json
@_edge
def sql(query: str, root: Path | None, as_json: bool) -> None:
    """Run a query over documents, chunks, embeddings, results, batch_jobs, shards, chunk_status."""
    import duckdb

    try:
        _query(query, root, as_json)
    except duckdb.Error as error:
        raise ConfigError(str(error)) from error


def _query(query: str, root: Path | None, as_json: bool) -> None:
    from semantic_assets import library
    from semantic_assets.tables import rows_table, show

    with library.connect(root=root) as connection:
        table = connection.sql(query).to_arrow_table()
    if as_json:
        _print_json(table.to_pylist())
    else:
        show(rows_table(table))
