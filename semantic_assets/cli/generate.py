"""Commands of text generation: submit, status, results, retry and more."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from semantic_assets.cli.cells import say, say_json
from semantic_assets.cli.costs import asking
from semantic_assets.cli.options import (
    FAILED,
    WAITING,
    edge,
    json_option,
    print_json,
    root_option,
    scope_option,
    show_found,
    takes_datasets,
    yes_option,
)
from semantic_assets.errors import ConfigError

if TYPE_CHECKING:
    from semantic_assets.api.generation_job import GenerationJob
    from semantic_assets.api.semantic_core import SemanticCore
    from semantic_assets.pipeline.generation_jobs.generate import GenerationStatus

_task_option = click.option("--task", "-t", help="The task; may be left out where there is one.")
_OUTPUTS = (".jsonl", ".parquet")


@click.group()
def generate() -> None:
    """Process documents by a task: prompts with a JSON schema, in batches at half price."""


@generate.command("submit")
@click.argument("words", nargs=-1, metavar="[FILE | P/D...]")
@scope_option
@click.option("--task", "-t", required=True, help="A file of data/tasks, without .toml.")
@click.option("--name", "-n", help="The job's name; default: after the file.")
@click.option("--realtime", is_flag=True, help="All at once, at full price.")
@click.option("--wait", is_flag=True, help="Until every document has its outcome.")
@click.option("--dry-run", is_flag=True, help="Quote; send nothing.")
@click.option("--max-cost-usd", type=float, help="Refuse if the quote is higher.")
@root_option
@yes_option
@json_option
@edge
def submit(
    words: tuple[str, ...],
    datasets: tuple[str, ...],
    task: str,
    name: str | None,
    realtime: bool,
    wait: bool,
    dry_run: bool,
    max_cost_usd: float | None,
    root: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Quote FILE or datasets, then send what fits. This spends.

    FILE is a .json, .jsonl, .csv or .parquet. New and edited documents of a dataset are processed
    from then on, until `generate stop`.
    """
    from semantic_assets.api.core import dataset_keys

    files = [Path(word) for word in words if Path(word).suffix or Path(word).is_file()]
    named = (*(word for word in words if Path(word) not in files), *datasets)
    if len(files) + bool(named) != 1:
        raise ConfigError("name one FILE, or documents that are there as PROJECT/DATASET")
    spending: dict[str, Any] = {"realtime": realtime, "max_cost_usd": max_cost_usd}
    with _core(root, as_json) as core:
        keys = map(str, dataset_keys(core.reader, named))
        whats: list[dict[str, Any]] = [{"articles": file} for file in files]
        whats += [{"dataset": key} for key in keys]
        if dry_run:
            quotes = [core.generate(task=task, name=name, dry_run=True, **one) for one in whats]
            show_found(quotes, as_json)
            return
        jobs = [
            core.generate(task=task, name=name, consent=asking(yes), **spending, **one)
            for one in whats
        ]
        _tell(*jobs, as_json=as_json, wait=wait)


def _tell(*jobs: "GenerationJob", as_json: bool, wait: bool = False) -> None:
    standings = [(job, job.wait() if wait else job.status()) for job in jobs]
    show_found([found for _, found in standings], as_json)
    out = [(job, found) for job, found in standings if not found.is_done]
    for job, found in out:
        say(found.blocked_by or _what_is_out(job, found), err=True)
    if out:
        sys.exit(WAITING)
    if any(found.failed for _, found in standings):
        sys.exit(FAILED)


def _what_is_out(job: "GenerationJob", found: "GenerationStatus") -> str:
    if found.unapplied:
        return f"{found.unapplied} outcomes wait to be applied: `semantic-assets collect` does it"
    hint = f"`semantic-assets generate status {job.name} --wait` goes on with it"
    return f"{found.pending} documents are out: {hint}"


@generate.command("status")
@click.argument("name")
@_task_option
@click.option("--wait", is_flag=True, help="Send and take in until every document has its outcome.")
@root_option
@json_option
@edge
def status(name: str, task: str | None, wait: bool, root: str | None, as_json: bool) -> None:
    """Show the progress of NAME (or P/D).

    Exits with 4 while documents are out, and with 1 where one FAILED: `results` says why.
    """
    with _core(root, as_json) as core:
        _tell(core.generation(name, task=task), as_json=as_json, wait=wait)


@generate.command("results")
@click.argument("name")
@click.argument("output", required=False, type=click.Path(path_type=Path, dir_okay=False))
@_task_option
@root_option
@edge
def results(name: str, output: Path | None, task: str | None, root: str | None) -> None:
    """Write the results of NAME (or P/D), by default as JSON Lines.

    OUTPUT is named .jsonl or .parquet.
    """
    with _core(root, as_json=True) as core:
        write_results(core.generation(name, task=task), output)


def write_results(job: "GenerationJob", output: Path | None) -> None:
    if output is None:
        for row in job.results():
            say_json(row)
        return
    if output.suffix not in _OUTPUTS:
        raise ConfigError(f"{output}: name it .jsonl or .parquet")
    from semantic_assets.api.generation_job import write_jsonl, write_parquet

    write = write_parquet if output.suffix == ".parquet" else write_jsonl
    say(f"{write(job.results(), output)} rows in {output}", err=True)


@generate.command("retry")
@click.argument("name")
@_task_option
@root_option
@json_option
@edge
def retry(name: str, task: str | None, root: str | None, as_json: bool) -> None:
    """Retry the failed requests of NAME (or P/D).

    A submit, `status --wait` or refresh sends them.
    """
    with _core(root, as_json) as core:
        count = core.generation(name, task=task).retry()
    if as_json:
        print_json({"requests": count})
    else:
        say(f"{count} requests are pending again")


@generate.command("regenerate")
@takes_datasets(required=True)
@click.option("--task", "-t", required=True)
@click.option("--dry-run", is_flag=True, help="Quote; change nothing.")
@click.option("--max-cost-usd", type=float, help="Refuse if the quote is higher.")
@root_option
@yes_option
@json_option
@edge
def regenerate(
    datasets: tuple[str, ...],
    task: str,
    dry_run: bool,
    max_cost_usd: float | None,
    root: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Process datasets by the task's current file. Quotes generating and embedding again."""
    from semantic_assets.api.core import dataset_keys
    from semantic_assets.pipeline.generation_jobs.regenerate import quote_regeneration
    from semantic_assets.pipeline.generation_jobs.regenerate import regenerate as run

    with _core(root, as_json) as core:
        keys = dataset_keys(core.reader, datasets)
        if dry_run:
            found = [quote_regeneration(core.store, key, task) for key in keys]
        else:
            consent = asking(yes)
            found = [
                run(core.store, key, task, max_cost_usd=max_cost_usd, consent=consent)
                for key in keys
            ]
    show_found(found, as_json)
    if any(one.is_changed for one in found) and not dry_run:
        say("the next submit, refresh or sensor tick sends its requests", err=True)


@generate.command("stop")
@takes_datasets(required=True)
@click.option("--task", "-t", required=True)
@root_option
@edge
def stop(datasets: tuple[str, ...], task: str, root: str | None) -> None:
    """Stop processing datasets by a task; their answers stay."""
    from semantic_assets.api.core import dataset_keys
    from semantic_assets.pipeline.generation_jobs.generate import stop_generation

    with _core(root, as_json=False) as core:
        for key in dataset_keys(core.reader, datasets):
            stopped = stop_generation(core.store, key, task)
            say(f"{key} is stopped" if stopped else f"{key} is not processed by {task}")


@generate.command("list")
@root_option
@json_option
@edge
def list_tasks(root: str | None, as_json: bool) -> None:
    """List the tasks and the datasets they process.

    It says which task files changed since.
    """
    from semantic_assets.pipeline.generation.task_versions import list_of_tasks

    with _core(root, as_json) as core:
        show_found(list_of_tasks(core.reader), as_json)


@click.command("submit-contents")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", "-n", required=True, help="The job's name.")
@click.option("--task", "-t", default="summary-en", show_default=True)
@root_option
@yes_option
@json_option
@edge
def submit_contents(
    file: Path, name: str, task: str, root: str | None, yes: bool, as_json: bool
) -> None:
    """Submit FILE as `generate submit FILE --name NAME` does. This spends."""
    with _core(root, as_json) as core:
        job = core.generate(file, task=task, name=name, consent=asking(yes))
        _tell(job, as_json=as_json)


def _core(root: str | None, as_json: bool) -> "SemanticCore":
    from semantic_assets.api.semantic_core import SemanticCore

    return SemanticCore(root, progress=lambda line: say(line, err=True) if not as_json else None)


COMMANDS = [generate, submit_contents]
