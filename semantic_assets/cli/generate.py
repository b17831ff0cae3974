"""Commands of text generation: submit, status, results, retry and more."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from semantic_assets.cli.cells import say
from semantic_assets.cli.costs import asking
from semantic_assets.cli.following import tell, tell_all, write_results
from semantic_assets.cli.options import (
    edge,
    json_option,
    print_json,
    root_option,
    scope_option,
    show_found,
    takes_datasets,
    verbose_option,
    yes_option,
)
from semantic_assets.errors import ConfigError
from semantic_assets.model.wording import are, counted

if TYPE_CHECKING:
    from semantic_assets.api.semantic_core import SemanticCore

_task_option = click.option("--task", "-t", help="The task; may be left out where there is one.")


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
@verbose_option
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
    verbose: bool,
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
    goes_on = f"generate status {name or (named[0] if named else 'NAME')} --wait"
    with _working(root, goes_on, verbose=verbose) as core:
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
        tell_all(jobs, as_json, wait=wait)


@generate.command("status")
@click.argument("name")
@_task_option
@click.option("--wait", is_flag=True, help="Send and take in until every document has its outcome.")
@root_option
@verbose_option
@json_option
@edge
def status(
    name: str, task: str | None, wait: bool, root: str | None, verbose: bool, as_json: bool
) -> None:
    """Show the progress of NAME (or P/D).

    Exits with 4 while documents are out, and with 1 where one FAILED: `results` says why.
    """
    with _working(root, f"generate status {name} --wait", verbose=verbose) as core:
        tell(core.generation(name, task=task), as_json, wait=wait, listed=True)


@generate.command("results")
@click.argument("name")
@click.argument("output", required=False, type=click.Path(path_type=Path, dir_okay=False))
@_task_option
@root_option
@edge
def results(name: str, output: Path | None, task: str | None, root: str | None) -> None:
    """Write the results of NAME (or P/D), by default as JSON Lines.

    OUTPUT is named .jsonl or .parquet. Exits with 4 while documents are out, as `results` does.
    """
    with _core(root, as_json=True) as core:
        write_results(core.generation(name, task=task), output)


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
        say(f"{counted(count, 'request')} {are(count)} pending again")


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

    It says which task files changed since, which tasks stopped, and why.
    """
    from semantic_assets.pipeline.generation.task_list import list_of_tasks

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
    """Submit FILE as `generate submit FILE --name NAME` does. This spends.

    `status NAME` asks for the answers, until it exits with 0; `results NAME` writes them.
    """
    with _working(root, f"generate status {name} --wait") as core:
        job = core.generate(file, task=task, name=name, consent=asking(yes))
        tell(job, as_json, asks=False, listed=True)


@contextmanager
def _working(root: str | None, goes_on: str, *, verbose: bool = False) -> Iterator["SemanticCore"]:
    """Open a core for what sends and waits."""
    from semantic_assets.api.semantic_core import SemanticCore
    from semantic_assets.cli.progress import working

    with (
        working(root, goes_on, to_stderr=True, verbose=verbose) as told,
        SemanticCore(root, progress=told) as core,
    ):
        yield core


def _core(root: str | None, as_json: bool) -> "SemanticCore":
    from semantic_assets.api.semantic_core import SemanticCore

    return SemanticCore(root, progress=lambda line: say(line, err=True) if not as_json else None)


COMMANDS = [generate, submit_contents]
