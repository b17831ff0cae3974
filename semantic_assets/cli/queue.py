"""Commands of the queue: ingest documents, send, collect, read results, cancel a job."""

import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING

import click

from semantic_assets.cli.cells import ask, say
from semantic_assets.cli.costs import asking
from semantic_assets.cli.options import (
    FAILED,
    WAITING,
    edge,
    json_option,
    print_json,
    root_option,
    target_option,
    yes_option,
)
from semantic_assets.errors import ConfigError

if TYPE_CHECKING:
    from semantic_assets.api.semantic_core import SemanticCore
    from semantic_assets.index.ranking import Vectors
    from semantic_assets.model.document import Document

_AT_ONCE = 500
_LEAST_PAUSE_SECONDS = 1.0


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@target_option("Where they belong.", required=True)
@click.option("--overwrite", is_flag=True, help="Replace documents of the same name.")
@click.option("--name", help="For one file, or for - (standard input): its name.")
@root_option
@json_option
@edge
def ingest(
    paths: tuple[Path, ...],
    to: str,
    overwrite: bool,
    name: str | None,
    root: str | None,
    as_json: bool,
) -> None:
    """Ingest files as sources of a dataset; `send` or `refresh` sends them.

    PATHS are files, folders (with all below that is not excluded), or - for a text on standard
    input. `add` keeps the tree of a folder, and takes files of any kind.
    """
    from semantic_assets.api.semantic_core import SemanticCore
    from semantic_assets.cli.progress import progress
    from semantic_assets.pipeline.discovery.named_datasets import near_a_new_one

    files = list(_files(paths))
    _require_names(files)
    if name is not None and len(files) != 1:
        raise ConfigError("--name is for one document")
    done = []
    with SemanticCore(root) as core, progress("taken in", len(files)) as advance:
        if told := near_a_new_one(core.reader, to):
            say(told, err=True)
        for first in range(0, len(files), _AT_ONCE):
            some = [_document(path, name) for path in files[first : first + _AT_ONCE]]
            done += core.ingest_many(some, dataset=to, overwrite=overwrite)
            advance(len(some))
    failed = [one for one in done if one.error is not None]
    if as_json:
        print_json(done)
    else:
        for one in failed:
            say(f"error: {one.error}", err=True)
        say(_counted([str(one.status) for one in done if one.status]))
    if failed:
        sys.exit(FAILED)


def _files(paths: tuple[Path, ...]) -> Iterator[Path]:
    from semantic_assets.pipeline.additions.addition_plan import files_below

    for path in paths:
        if path.is_dir():
            found, listing = files_below(path)
            for name in listing.hidden:
                say(f"not taken in: {path / name}: its name begins with a dot", err=True)
            yield from sorted(one for one in found if one.is_file())
        else:
            yield path


def _require_names(files: list[Path]) -> None:
    """Refuse files that share a name: one would replace the other."""
    often = Counter(path.name for path in files)
    twice = [path for path in files if often[path.name] > 1]
    if twice:
        raise ConfigError(
            f"{len(twice)} files share their names with others, {twice[0]} among them: take them in "
            "one by one with --name, or put the folder below the source root"
        )


def _document(path: Path, name: str | None) -> "Document":
    from semantic_assets.model.document import Document

    if str(path) == "-":
        return Document(text=sys.stdin.read(), name=name or "standard-input")
    return Document(path, name=name or path.name)


def _counted(statuses: list[str]) -> str:
    found = {status: statuses.count(status) for status in ("uploaded", "replaced", "unchanged")}
    return ", ".join(f"{count} {status}" for status, count in found.items())


@click.command()
@click.option("--min-batch-size", type=click.IntRange(1), default=1, show_default=True)
@click.option("--max-cost-usd", type=float, help="Refuse if the quote is higher.")
@click.option("--dry-run", is_flag=True, help="Chunk and quote; send nothing.")
@root_option
@yes_option
@json_option
@edge
def send(
    min_batch_size: int,
    max_cost_usd: float | None,
    dry_run: bool,
    root: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Chunk new documents and send what fits the window; waits for nothing. This spends."""
    from semantic_assets.cli.costs import show_quote

    with _core(root, as_json) as core:
        if dry_run:
            show_quote(core.batch_manager.quote_queue(), as_json)
            return
        report = core.batch_manager.flush_queue(
            min_batch_size, max_cost_usd=max_cost_usd, consent=asking(yes)
        )
    if as_json:
        print_json(report)
    else:
        why = f": {report.blocked_by}" if report.blocked_by else ""
        say(
            f"{report.texts} texts sent in {len(report.job_ids)} jobs, "
            f"{report.waiting_texts} texts wait{why}"
        )
    if report.blocked_by is not None:
        sys.exit(WAITING)


@click.command()
@click.option("--watch", is_flag=True, help="Until no job is out.")
@click.option(
    "--interval", type=float, default=30.0, show_default=True, help="Seconds, of --watch."
)
@root_option
@json_option
@edge
def collect(watch: bool, interval: float, root: str | None, as_json: bool) -> None:
    """Collect the jobs that have ended, and index their answers. Submits nothing.

    Exits with 4 while jobs are out, and with 1 where a text FAILED for good: `failures` lists it.
    """
    from semantic_assets.cli.cells import show
    from semantic_assets.cli.terminal_tables import dataclass_table

    with _core(root, as_json) as core:
        report = core.batch_manager.check_and_sync()
        while watch and report.open_jobs:
            time.sleep(max(_LEAST_PAUSE_SECONDS, interval))
            report = core.batch_manager.check_and_sync().after(report)
    if as_json:
        print_json(report)
    else:
        show(dataclass_table([report]))
    if report.open_jobs:
        sys.exit(WAITING)
    if report.given_up:
        sys.exit(FAILED)


@click.command()
@click.argument("job")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="As FILE.")
@root_option
@edge
def results(job: str, file: Path | None, output: Path | None, root: str | None) -> None:
    """Write the results of JOB as JSON Lines, or to FILE.

    A collected batch job has vectors (FILE is .parquet); a name given to `generate submit`, or a
    project/dataset, has answers (FILE is .jsonl or .parquet).
    """
    from semantic_assets.cli.generate import write_results

    with _core(root, as_json=True) as core:
        if core.has_generation(job):
            write_results(core.generation(job), output or file)
            return
        vectors = core.batch_manager.retrieve_results(job)
    _write_vectors(vectors, output or file)


def _write_vectors(vectors: "Mapping[str, Vectors]", output: Path | None) -> None:
    from semantic_assets.pipeline.batch_jobs.job_status import json_lines, write_parquet

    if output is None:
        for line in json_lines(vectors):
            say(line.decode().rstrip("\n"))
    else:
        write_parquet(vectors, output)
        say(f"{len(vectors)} vectors in {output}", err=True)


@click.command()
@click.argument("job")
@root_option
@json_option
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@edge
def cancel(job: str, root: str | None, as_json: bool, yes: bool) -> None:
    """Ask Google to stop JOB; what it has finished is collected and paid for."""
    from semantic_assets.cli.cells import show
    from semantic_assets.cli.terminal_tables import dataclass_table
    from semantic_assets.pipeline.batch_jobs.deadlines import cancel as run
    from semantic_assets.pipeline.batch_jobs.deadlines import require_cancellable

    with _core(root, as_json) as core:
        require_cancellable(core.store, core.gemini, job)
        if not yes:
            ask(f"Ask Google to stop {job}?", err=True)
        found = run(core.store, core.gemini, job)
    say("its unanswered texts are pending when it has ended, and go with the next send", err=True)
    if as_json:
        print_json(found)
    else:
        show(dataclass_table([found]))


def _core(root: str | None, as_json: bool) -> "SemanticCore":
    from semantic_assets.api.semantic_core import SemanticCore

    return SemanticCore(root, progress=lambda line: say(line, err=as_json))


def _old_name(command: click.Command, name: str) -> click.Command:
    """Return a command by the name that it had before; help does not list it."""
    old = copy(command)
    old.name, old.hidden = name, True
    return old


COMMANDS = [ingest, send, collect, results, cancel]
COMMANDS += [_old_name(send, "flush"), _old_name(collect, "sync")]
