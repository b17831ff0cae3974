"""Commands for problems that need a person, from probe to resolve."""

import sys
from typing import TYPE_CHECKING

import click

from semantic_assets.cli.cells import ask, say, say_to_stderr
from semantic_assets.cli.options import (
    edge,
    json_option,
    print_json,
    root_option,
    show_found,
    takes_datasets,
)
from semantic_assets.model.wording import counted

if TYPE_CHECKING:
    from semantic_assets.gemini.client import Gemini
    from semantic_assets.pipeline.maintenance.findings import Finding
    from semantic_assets.store import Store


#: Places shown of each reason by `failures`.
_EXAMPLES = 3


@click.command()
@root_option
@json_option
@click.option("--generate", is_flag=True, help="Try tasks, one request each, instead.")
@click.option("--task", "-t", "tasks", multiple=True, help="With --generate: these tasks.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@edge
def probe(
    root: str | None, as_json: bool, generate: bool, tasks: tuple[str, ...], yes: bool
) -> None:
    """Test what only the service itself can settle: a few texts in small jobs, under a cent.

    With --generate: which spelling of a schema is accepted in files, by one job of one request for
    each; for the tasks in use, or a built-in one.
    """
    from semantic_assets.api.functions import opened

    if tasks and not generate:
        raise click.UsageError("--task goes with --generate")
    with opened(root, progress=say_to_stderr) as (store, gemini):
        if generate:
            findings = _probe_tasks(store, gemini, tasks, yes)
        else:
            findings = _probe_embedding(store, gemini, yes)
    show_found(findings, as_json)
    if not all(finding.holds for finding in findings if finding.is_needed):
        sys.exit(1)


def _probe_embedding(store: "Store", gemini: "Gemini", yes: bool) -> "list[Finding]":
    from semantic_assets.pipeline.maintenance.probe import probe as run
    from semantic_assets.pipeline.maintenance.probe_both import are_both_set_up

    if not yes and gemini.endpoint.backend != "emulator":
        whom = "both services of Google" if are_both_set_up(store.settings) else "Google"
        ask(f"This sends a few short texts to {whom} and costs under a cent. Go on?")
    return run(store, gemini)


def _probe_tasks(
    store: "Store", gemini: "Gemini", names: tuple[str, ...], yes: bool
) -> "list[Finding]":
    from semantic_assets.cli.cells import show
    from semantic_assets.cli.terminal_tables import dataclass_table
    from semantic_assets.pipeline.maintenance.probe_generation import (
        probe_generation,
        quote_probe,
        tasks_to_probe,
    )

    tasks = tasks_to_probe(store, names)
    if not yes and gemini.endpoint.backend != "emulator":
        show(dataclass_table(quote_probe(tasks)))
        ask("Send these requests to Google?")
    return probe_generation(store, gemini, tasks)


@click.command()
@takes_datasets()
@root_option
@json_option
@edge
def failures(root: str | None, datasets: tuple[str, ...], as_json: bool) -> None:
    """List what is not in search and why: files, parts of files, and chunks, by their reasons.

    Each reason comes with its remedy and the first examples; --json names all places.
    """
    from semantic_assets.api.core import dataset_keys
    from semantic_assets.api.functions import opened
    from semantic_assets.pipeline.reports.failure_groups import failure_groups

    with opened(root, reading=True) as (store, _):
        examples = None if as_json else _EXAMPLES
        show_found(failure_groups(store, dataset_keys(store, datasets), examples=examples), as_json)


@click.command()
@takes_datasets()
@root_option
@click.option("--errors-only", is_flag=True, required=True, help="Only what failed; needed.")
@edge
def retry(root: str | None, datasets: tuple[str, ...], errors_only: bool) -> None:
    """Give the FAILED texts another chance; the next refresh sends them."""
    from semantic_assets.api.core import dataset_keys
    from semantic_assets.api.functions import opened
    from semantic_assets.pipeline.pending.retry import retry as run

    with opened(root) as (store, _):
        say(f"{run(store, datasets=dataset_keys(store, datasets))} texts are pending again")


@click.command()
@takes_datasets()
@root_option
@click.option("--deep", is_flag=True, help="Read all paid files instead; costs nothing.")
@click.option("--record", is_flag=True, help="With --deep: record digests of files without one.")
@json_option
@edge
def verify(
    root: str | None, datasets: tuple[str, ...], deep: bool, record: bool, as_json: bool
) -> None:
    """Check vectors, norms, canaries and indexes; exits with 1 if one fails.

    With --deep, read every file that cannot be made again instead, and compare it with its digest.
    """
    if record and not deep:
        raise click.UsageError("--record goes with --deep")
    if deep:
        _verify_deep(root, record=record, as_json=as_json)
        return
    from semantic_assets.api.core import dataset_keys
    from semantic_assets.api.semantic_core import SemanticCore
    from semantic_assets.pipeline.reports.checks import check_all

    with SemanticCore(root) as core:
        checks = check_all(core.payer, core.gemini, datasets=dataset_keys(core.reader, datasets))
    show_found(checks, as_json)
    if any(check.passed is False for check in checks):
        sys.exit(1)


def _verify_deep(root: str | None, *, record: bool, as_json: bool) -> None:
    from semantic_assets.api.functions import opened
    from semantic_assets.cli.progress import progress_reporter
    from semantic_assets.pipeline.maintenance.durable_files import check_durable

    with (
        progress_reporter(to_stderr=True) as progress,
        opened(root, progress=progress, reading=not record) as (store, _),
    ):
        found = check_durable(store, record=record)
    if as_json:
        print_json(found)
    else:
        for one in found.broken:
            say(f"{one.path}: {one.found}: {one.remedy}")
        say(
            f"{found.files} durable files read, {len(found.broken)} broken, "
            f"{found.without_digest} without a digest, {found.recorded} digests recorded"
        )
    if found.broken:
        sys.exit(1)


@click.command()
@root_option
@click.option("--dry-run", is_flag=True, help="Only look.")
@click.option("--results", is_flag=True, help="Results that no chunk wants any more, instead.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@json_option
@edge
def cleanup(root: str | None, dry_run: bool, results: bool, yes: bool, as_json: bool) -> None:
    """Delete temporary files, and the manifests, remote jobs and remote files of final jobs.

    With --results, delete instead the paid results that no chunk of any dataset wants.
    """
    from semantic_assets.api.functions import opened
    from semantic_assets.pipeline.maintenance.cleanup import cleanup as run
    from semantic_assets.pipeline.maintenance.purge import purge, unwanted_results

    with opened(root) as (store, gemini):
        if not results:
            show_found([run(store, gemini, dry_run=dry_run)], as_json)
            return
        show_found(list(unwanted_results(store)), as_json)
        if not dry_run:
            _confirm("Delete these results?", yes)
            say(
                f"{counted(sum(len(gone.files) for gone in purge(store)), 'file')} deleted",
                err=True,
            )


@click.command()
@takes_datasets(required=True)
@root_option
@click.option("--purge", "with_results", is_flag=True, help="Also its results nobody else wants.")
@click.option("--dry-run", is_flag=True, help="Only look.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@json_option
@edge
def rm(
    datasets: tuple[str, ...],
    root: str | None,
    with_results: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Remove the tables and the index of datasets; source files and paid results stay.

    Only `refresh P/D` brings one back, and nothing is sent again.
    """
    from semantic_assets.api.core import dataset_keys
    from semantic_assets.api.functions import opened
    from semantic_assets.pipeline.discovery.dataset_removal import remove
    from semantic_assets.pipeline.maintenance.purge import purge, unwanted_results

    with opened(root, progress=say_to_stderr) as (store, _):
        keys = dataset_keys(store, datasets)
        found = [remove(store, key, dry_run=True) for key in keys]
        unwanted = unwanted_results(store, without=keys) if with_results else ()
        show_found([*found, *unwanted], as_json)
        if not dry_run:
            _confirm(f"Remove {', '.join(map(str, keys))}?", yes)
            for key in keys:
                remove(store, key, dry_run=False)
            if with_results:
                purge(store)


def _confirm(question: str, yes: bool) -> None:
    if not yes:
        ask(question, err=True)


@click.command()
@root_option
@edge
def recover(root: str | None) -> None:
    """Rebuild ledger rows from manifests and results, after a ledger was lost or restored."""
    from semantic_assets.pipeline.batch_jobs.recover import recover as run
    from semantic_assets.settings.settings import Settings
    from semantic_assets.store import open_store

    with open_store(Settings.load(root=root), progress=say, unchecked=True) as store:
        found = run(store)
    say(
        f"{counted(len(found.unconfirmed), 'job')} to be confirmed by a listing, "
        f"{len(found.collected)} known from their results"
    )


@click.command()
@click.argument("job")
@root_option
@click.option("--adopt", metavar="REMOTE", help="The job is this remote one (batches/...).")
@click.option("--restore", "decision", flag_value="restore", help="Have a damaged answer again.")
@click.option("--abandon", "decision", flag_value="give_up", help="Its texts are pending again.")
@click.option("--accept", "decision", flag_value="accept", help="Use the quarantined answer.")
@click.option(
    "--resubmit", "decision", flag_value="resubmit", help="Give it up, pay for its texts again."
)
@click.option("--fail", "decision", flag_value="fail", help="Give it up, its texts are FAILED.")
@edge
def resolve(job: str, root: str | None, adopt: str | None, decision: str | None) -> None:
    """Decide about an unconfirmed, quarantined or damaged JOB."""
    from semantic_assets.api.functions import opened
    from semantic_assets.pipeline.batch_jobs import resolve as verbs
    from semantic_assets.pipeline.batch_jobs.restore import restore

    if (adopt is None) == (decision is None):
        raise click.UsageError(
            "say one of --adopt, --restore, --abandon, --accept, --resubmit, --fail"
        )
    with opened(root, progress=say) as (store, gemini):
        if adopt is not None:
            found = verbs.adopt(store, gemini, job, remote_name=adopt)
        elif decision == "restore":
            found = restore(store, gemini, job)
        else:
            found = getattr(verbs, str(decision))(store, gemini, job)
    say(f"job {job} is {found.state if found is not None else 'given up'}")


COMMANDS = [probe, failures, retry, verify, cleanup, rm, recover, resolve]
