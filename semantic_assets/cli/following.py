"""How far a submitted job or a dataset is, and the results of jobs."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from semantic_assets.cli.cells import say, say_json
from semantic_assets.cli.options import FAILED, WAITING, print_json, show_found
from semantic_assets.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.table import Table

    from semantic_assets.api.generation_job import GenerationJob
    from semantic_assets.api.semantic_core import SemanticCore
    from semantic_assets.index.ranking import Vectors
    from semantic_assets.pipeline.batch_jobs.job_status import JobStatus
    from semantic_assets.pipeline.generation_jobs.generate import GenerationStatus
    from semantic_assets.pipeline.reports.dataset_overview import DatasetOverview

_OUTPUTS = (".jsonl", ".parquet")
#: The state of a job whose answers were not trusted: only a person moves it.
_QUARANTINED = "quarantined"
_PLACEHOLDERS = "the emulator wrote these answers in place of a model: they are placeholders, made of the prompt"


def show_standing(core: "SemanticCore", name: str, as_json: bool, *, asks: bool) -> None:
    """Show how far a name is, and exit with 4 while it is not done."""
    if core.has_generation(name):
        tell(core.generation(name), as_json, asks=asks)
        return
    found = core.batch_manager.get_job_status(name, asks=asks)
    if as_json:
        print_json(found)
    else:
        show_found([found], as_json)
    end_while_out(found)


def tell(
    job: "GenerationJob",
    as_json: bool,
    *,
    wait: bool = False,
    asks: bool = True,
    listed: bool = False,
) -> None:
    """Show how far a job is; exit with 4 while a later call goes on, with 1 where none does.

    Args:
        listed: print JSON as a list of one.
    """
    found = job.wait() if wait else job.status(asks=asks)
    if as_json:
        print_json([found] if listed else found)
    else:
        show_found([found], as_json)
        if found.is_placeholder and found.ready:
            say(_PLACEHOLDERS, err=True)
    if not found.is_done:
        say(_why_not(job, found), err=True)
        sys.exit(FAILED if found.needs_person else WAITING)


def tell_all(jobs: "Sequence[GenerationJob]", as_json: bool, *, wait: bool) -> None:
    """Show how far jobs that were just sent are; exit as for one of them."""
    if len(jobs) == 1:
        tell(jobs[0], as_json, wait=wait, asks=False, listed=True)
        return
    found = [(job, job.wait() if wait else job.status(asks=False)) for job in jobs]
    show_found([one for _, one in found], as_json)
    _end_while_any_is_out(found)


def _end_while_any_is_out(found: "Sequence[tuple[GenerationJob, GenerationStatus]]") -> None:
    out = [(job, one) for job, one in found if not one.is_done]
    for job, one in out:
        say(_why_not(job, one), err=True)
    if out:
        sys.exit(FAILED if any(one.needs_person for _, one in out) else WAITING)


def _why_not(job: "GenerationJob", found: "GenerationStatus") -> str:
    """Say in one line what is left, and what goes on with it."""
    left = f"pending: {found.pending} of {found.documents} documents"
    if found.trouble is not None:
        return f"{left}; {found.trouble}"
    if found.needs_person and found.blocked_by is None:
        return f"{left} wait to be sent: `semantic-assets refresh` quotes and sends them"
    if found.blocked_by is not None:
        return f"{left}; {found.blocked_by}"
    return (
        f"{left} are out: `semantic-assets status {job.name}` asks for them and takes in what has "
        f"ended, `semantic-assets generate status {job.name} --wait` waits for all"
    )


def end_while_out(found: "JobStatus") -> None:
    """End with exit code 4 while a batch job is out, with 1 where only a person moves it."""
    if found.state == _QUARANTINED:
        sys.exit(FAILED)
    if not found.is_final:
        say(f"pending: job {found.job_id} is {found.state} ({found.remote_state})", err=True)
        sys.exit(WAITING)


def write_results_of(core: "SemanticCore", name: str, output: Path | None) -> None:
    """Write what a name has so far, and exit with 4 while more is to come."""
    if core.has_generation(name):
        write_results(core.generation(name), output)
        return
    manager = core.batch_manager
    end_while_out(manager.get_job_status(name, asks=True))
    if manager.is_generation(name):
        _write_rows(list(manager.retrieve_answers(name)), output)
    else:
        _write_vectors(manager.retrieve_results(name), output)


def write_results(job: "GenerationJob", output: Path | None) -> None:
    """Write the rows of a job; while documents are out, say so and exit with 4."""
    _require_form(output)
    found = job.status()
    rows = list(job.results())
    if rows or found.is_done:
        _write_rows(rows, output)
    if not found.is_done:
        say(_why_not(job, found), err=True)
        sys.exit(FAILED if found.needs_person else WAITING)


def _require_form(output: Path | None) -> None:
    if output is not None and output.suffix not in _OUTPUTS:
        raise ConfigError(f"{output}: name it .jsonl or .parquet")


def _write_rows(rows: list[dict[str, object]], output: Path | None) -> None:
    _require_form(output)
    if any(row["is_placeholder"] for row in rows):
        say(_PLACEHOLDERS, err=True)
    if output is None:
        for row in rows:
            say_json(row)
        return
    from semantic_assets.api.generation_job import write_jsonl, write_parquet

    write = write_parquet if output.suffix == ".parquet" else write_jsonl
    say(f"{write(iter(rows), output)} rows in {output}", err=True)


def _write_vectors(vectors: "Mapping[str, Vectors]", output: Path | None) -> None:
    from semantic_assets.pipeline.batch_jobs.job_status import json_lines, write_parquet

    if output is None:
        for line in json_lines(vectors):
            say(line.decode().rstrip("\n"))
    else:
        write_parquet(vectors, output)
        say(f"{len(vectors)} vectors in {output}", err=True)


def is_job(names: tuple[str, ...], root: str | None) -> bool:
    """Tell whether what was typed after `status` is a job, and no dataset or project."""
    from semantic_assets.api.semantic_core import SemanticCore
    from semantic_assets.pipeline.reports.dataset_overview import is_of_datasets

    if len(names) > 1:
        return False
    (name,) = names
    with SemanticCore(root) as core:
        is_named = "/" not in name and core.has_generation(name)
        return is_named or not is_of_datasets(core.reader, name)


def show_datasets(names: tuple[str, ...], root: str | None, as_json: bool, *, asks: bool) -> None:
    """Show datasets and what tasks make of them.

    Of one dataset that is named its tasks are asked, and it exits with 4 while answers are out.
    """
    from semantic_assets.api.core import dataset_keys
    from semantic_assets.api.semantic_core import SemanticCore
    from semantic_assets.cli.cells import show
    from semantic_assets.pipeline.reports.dataset_overview import overviews_of

    with SemanticCore(root) as core:
        keys = dataset_keys(core.reader, names)
        datasets = overviews_of(core.reader, keys)
        jobs = [
            core.generation(str(key), task=pinned.task.name)
            for key in keys
            for pinned in core.reader.ledger.tasks.of(key)
        ]
        is_one = len(names) == 1 and "/" in names[0]
        found = [(job, job.status(asks=asks and is_one)) for job in jobs]
    standings = [one for _, one in found]
    if as_json:
        print_json([*datasets, *standings])
    else:
        show(_table(datasets))
        if standings:
            show_found(standings, as_json)
    if is_one:
        _end_while_any_is_out(found)


def _table(datasets: "list[DatasetOverview]") -> "Table":
    from semantic_assets.cli.cells import add_row, table

    made = table("dataset", "documents", "in search", "to chunk", "to embed", "to index")
    for one in datasets:
        left = one.documents_to_chunk, one.chunks_to_embed, one.vectors_to_index
        add_row(
            made, one.dataset, *(f"{count:,}" for count in (one.documents, one.passages, *left))
        )
    return made
