"""The everyday commands: init, refresh, and views of the lake."""

import sys
from typing import TYPE_CHECKING

import click

from semantic_assets.cli.cells import say
from semantic_assets.cli.costs import asking
from semantic_assets.cli.following import is_job, show_datasets, show_standing
from semantic_assets.cli.options import (
    FAILED,
    WAITING,
    Choice,
    edge,
    json_option,
    print_json,
    root_option,
    scope_option,
    show_found,
    takes_datasets,
    tell_trouble,
    verbose_option,
    yes_option,
)
from semantic_assets.errors import ConfigError
from semantic_assets.model.wording import counted

if TYPE_CHECKING:
    from semantic_assets.model.keys import DatasetKey


@click.command()
@click.option("--root", "new_root", help="Where the lake is made; default SEMANTIC_ASSETS_ROOT.")
@click.option("--beside", metavar="ID", help="Another ledger that shares the key by intent.")
@click.option("--moved", "fate", flag_value="moved", help="The lake is here now, nowhere else.")
@click.option("--copied", "fate", flag_value="copied", help="Make a copy a lake of its own.")
@edge
def init(new_root: str | None, beside: str | None, fate: str | None) -> None:
    """Create the ledger. The real backend never creates one by itself."""
    from semantic_assets.pipeline.maintenance.doctor import window_advice
    from semantic_assets.pipeline.maintenance.init import Fate
    from semantic_assets.pipeline.maintenance.init import init as run
    from semantic_assets.settings.settings import Settings

    settings = Settings.load(root=new_root)
    made = run(settings, beside=beside, fate=Fate(fate) if fate else None)
    say(f"ledger {made.ledger_id} at {made.place}")
    if made.given_up:
        say(
            f"{made.given_up} jobs are the original's: their texts are pending here too, and "
            "would be paid for again; see `semantic-assets estimate`"
        )
    if made.needs_recovery:
        say("the lake knows more than this ledger: run `semantic-assets recover`")
    if advice := window_advice(settings):
        say(f"next: {advice}")


@click.command()
@takes_datasets()
@root_option
@click.option("--wait-minutes", type=float, help="How long to wait for batches.")
@click.option("--no-wait", is_flag=True, help="One pass, for cron: wait for no batch.")
@click.option(
    "--mode", type=Choice(("async", "sync", "auto"), case_sensitive=False), help="For this run."
)
@click.option("--max-cost-usd", type=float, help="Refuse if the quote is higher.")
@yes_option
@verbose_option
@json_option
@edge
def refresh(
    root: str | None,
    datasets: tuple[str, ...],
    wait_minutes: float | None,
    no_wait: bool,
    mode: str | None,
    max_cost_usd: float | None,
    yes: bool,
    verbose: bool,
    as_json: bool,
) -> None:
    """Bring all that is new to search, and wait for the batches.

    It chunks, sends, collects and indexes. It may be stopped, and goes on when it is run again.
    Exits with 4 while batches are still out, as after --no-wait. Exits with 1 where a file is not read and was not excluded on purpose, or a text FAILED:
    `failures` lists them. What can be read is in search all the same.
    """
    from semantic_assets.api import functions
    from semantic_assets.cli.progress import working

    if no_wait and wait_minutes is not None:
        raise ConfigError("--no-wait and --wait-minutes exclude each other: say one of them")
    with working(root, "refresh", to_stderr=as_json, verbose=verbose) as progress:
        report = functions.refresh(
            datasets or None,
            root=root,
            wait_minutes=0 if no_wait else wait_minutes,
            mode=mode,
            max_cost_usd=max_cost_usd,
            consent=asking(yes),
            progress=progress,
        )
    if as_json:
        print_json(report)
    if report.is_waiting:
        sys.exit(WAITING)
    if report.discovery.skipped or report.left_out:
        sys.exit(FAILED)


@click.command(hidden=True)
@root_option
@yes_option
@verbose_option
@edge
def advance(root: str | None, yes: bool, verbose: bool) -> None:
    """Send what is chunked and collect what ended; builds no index. `refresh --no-wait` does all.

    Exits with 1 where a text FAILED for good: `failures` lists it.
    """
    from semantic_assets.api.functions import opened
    from semantic_assets.cli.progress import working
    from semantic_assets.pipeline.costs.estimate import require_run_budget
    from semantic_assets.pipeline.flows.advance import advance as run

    with (
        working(root, "refresh", to_stderr=False, verbose=verbose) as told,
        opened(root, progress=told) as (store, gemini),
    ):
        require_run_budget(store, (), None, asking(yes))
        report = run(store, gemini)
    say(
        f"{counted(report.submitted_texts, 'text')} sent, "
        f"{counted(len(report.collected), 'job')} collected, "
        f"{counted(report.open_jobs, 'job')} out, {counted(report.waiting_texts, 'text')} waiting"
        + (f", {report.failed} FAILED: `semantic-assets failures`" if report.failed else "")
    )
    tell_trouble(report.trouble)
    if report.failed:
        sys.exit(FAILED)


@click.command()
@click.argument("names", metavar="[JOB | P/D...]", nargs=-1)
@scope_option
@click.option("--no-ask", "asks", flag_value=False, default=True, help="As it was last polled.")
@root_option
@json_option
@edge
def status(
    names: tuple[str, ...],
    datasets: tuple[str, ...],
    asks: bool,
    root: str | None,
    as_json: bool,
) -> None:
    """Show the queue, the jobs, the expected finish and the cost so far.

    Of datasets and projects it shows what they hold and what is left to do; of a JOB, which is a
    batch job or a name given to `generate submit`, how far it is. While a JOB, or what a task makes
    of one dataset, is out its service is asked, what has ended is collected, and the rest of a
    submitted file is sent, so that calling this until it exits with 0 ends; it exits with 4 before.
    A read-only lake is read.
    """
    from semantic_assets.cli.cells import show
    from semantic_assets.cli.terminal_tables import bill_table, status_table

    if datasets or (names and not is_job(names, root)):
        show_datasets((*names, *datasets), root, as_json, asks=asks)
        return
    if names:
        (job,) = names
        from semantic_assets.api.semantic_core import SemanticCore

        with SemanticCore(root) as core:
            show_standing(core, job, as_json, asks=asks)
        return
    # Not through the library, which imports what refreshes and generates too.
    from semantic_assets.gemini.endpoint import endpoint_of
    from semantic_assets.pipeline.reports.status import status as run
    from semantic_assets.settings.settings import Settings
    from semantic_assets.store import open_store

    with open_store(Settings.load(root=root), reading=True) as store:
        found = run(store, scope_id=endpoint_of(store.settings).scope_id)
    if as_json:
        print_json(found)
    else:
        show(status_table(found), bill_table(found.bill))


@click.command()
@root_option
@click.option("--pending", is_flag=True, help="What is left to do, by dataset, smallest first.")
@click.option("--projects", is_flag=True, help="With --pending: added up by project.")
@takes_datasets()
@json_option
@edge
def ls(
    root: str | None, datasets: tuple[str, ...], pending: bool, projects: bool, as_json: bool
) -> None:
    """List the shards: documents, chunks, and the chunks that still wait in each."""
    from semantic_assets.api import functions

    if pending or projects:
        show_found(functions.pending(datasets or None, by_project=projects, root=root), as_json)
        return
    _query(
        "SELECT shard, documents, chunks, coalesce(pending, chunks) AS pending, settled "
        "FROM shards {where} ORDER BY shard",
        root,
        as_json,
        datasets=datasets,
    )


@click.command()
@root_option
@json_option
@edge
def jobs(root: str | None, as_json: bool) -> None:
    """List the batch jobs, newest first; with --json also their names at Google."""
    its_name = ", remote_name" if as_json else ""  # too wide for a table
    _query(
        f"SELECT id AS job_id{its_name}, stage, outcome, state, stats.requests AS requests, "
        "stats.failed AS failed, "
        "stats.tokens AS tokens, strftime(created_at, '%Y-%m-%d %H:%M:%S') AS created, "
        "error_message "
        "FROM batch_jobs ORDER BY job_id DESC",
        root,
        as_json,
        are_jobs=True,
    )


@click.command()
@click.argument("query")
@root_option
@json_option
@edge
def sql(query: str, root: str | None, as_json: bool) -> None:
    """Run a query over documents, chunks, embeddings, results, batch_jobs, shards, chunk_status."""
    import duckdb

    try:
        _query(query, root, as_json, lake=True)
    except duckdb.Error as error:
        raise ConfigError(" ".join(str(error).split())) from error


def _query(
    query: str,
    root: str | None,
    as_json: bool,
    *,
    lake: bool = False,
    datasets: tuple[str, ...] | None = None,
    are_jobs: bool = False,
) -> None:
    from semantic_assets.api.core import dataset_keys
    from semantic_assets.api.functions import opened
    from semantic_assets.cli.cells import show
    from semantic_assets.cli.terminal_tables import jobs_table, rows_table
    from semantic_assets.pipeline.reports.sql import connect, connect_ledger

    with (
        opened(root, reading=True) as (store, _),
        connect(store) if lake else connect_ledger(store) as connection,
    ):
        if datasets is not None:
            query = query.format(where=_where(dataset_keys(store, datasets)))
        table = connection.sql(query).to_arrow_table()
    if as_json:
        print_json(table.to_pylist())
    else:
        show(jobs_table(table) if are_jobs else rows_table(table))


def _where(datasets: "tuple[DatasetKey, ...]") -> str:
    """Return the condition of shards of these datasets, whose names need no quoting."""
    names = ", ".join(f"'{one.partition}'" for one in datasets)
    return f"WHERE regexp_replace(shard, '\\.[0-9]+$', '') IN ({names})" if names else ""


COMMANDS = [init, refresh, advance, status, ls, jobs, sql]
