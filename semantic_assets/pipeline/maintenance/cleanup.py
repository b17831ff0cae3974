"""Find useless leftovers here and at Google; delete them on request."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from semantic_assets.errors import PermanentError
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.wire import RemoteJob
from semantic_assets.intake.names import FOLDER
from semantic_assets.lake import layout
from semantic_assets.model.batch_job import (
    FINAL,
    REOPENING,
    JobState,
    parse_display_name,
    state_of_remote,
)
from semantic_assets.model.wording import counted
from semantic_assets.pipeline.answers import downloads
from semantic_assets.pipeline.costs.paid_jobs import is_of_probe
from semantic_assets.pipeline.pending.services import services
from semantic_assets.store import Store

_ALL_PAGES = 10_000
#: A temporary file older than this belongs to no living writer: leases expire after 30 seconds.
TEMPORARY_SECONDS = 3_600.0
#: Patterns of unfinished files that a killed call left in an inbox.
_UNFINISHED = (".incoming/*", ".*.tmp", "files/.*.tmp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """The leftovers that were found (and, unless dry, deleted)."""

    temporary_files: tuple[str, ...]
    manifests: tuple[str, ...]
    remote_jobs: tuple[str, ...]
    remote_files: tuple[str, ...]
    #: Result files at Google, which its API cannot delete.
    undeletable: tuple[str, ...]
    deleted: bool

    @property
    def count(self) -> int:
        found = (self.temporary_files, self.manifests, self.remote_jobs, self.remote_files)
        return sum(len(names) for names in found)


def cleanup(store: Store, gemini: Gemini, *, dry_run: bool) -> Leftovers:
    """Find, and unless dry delete, temporary files and the leftovers of final jobs.

    These are their manifests, remote jobs, inputs and media.
    """
    temporary = _temporary_files(store) + downloads.leftovers(store)
    manifests = _manifests(store)
    listed = [
        (one, one.batches.list_jobs(max_pages=_ALL_PAGES).jobs) for one in services(store, gemini)
    ]
    remote = [(one, job) for one, jobs in listed for job in _remote_jobs(store, jobs)]
    files = [(one, name) for one, jobs in listed for name in _remote_files(store, one, jobs)]
    if not dry_run:
        for path in temporary:
            path.unlink(missing_ok=True)
        for name in manifests:
            store.lake.delete(name)
        for client, job in remote:
            _forgiving(client.batches.delete_job, job.name)
        for client, name in files:
            _forgiving(client.batches.delete_file, name)
    return Leftovers(
        temporary_files=tuple(_shown(store, path) for path in temporary),
        manifests=tuple(manifests),
        remote_jobs=tuple(job.name for _, job in remote),
        remote_files=tuple(name for _, name in files),
        undeletable=tuple(job.result_file for _, job in remote if job.result_file),
        deleted=not dry_run,
    )


def _temporary_files(store: Store) -> list[Path]:
    oldest = store.ledger.now() - TEMPORARY_SECONDS
    inboxes = [] if store.settings.sources_url else store.settings.sources.glob(f"*/*/{FOLDER}")
    found = [
        *store.lake.root.rglob(".*.tmp"),
        *(path for inbox in inboxes for name in _UNFINISHED for path in inbox.glob(name)),
    ]
    return sorted(path for path in found if path.stat().st_mtime < oldest)


def _shown(store: Store, path: Path) -> str:
    """Return a path relative to the lake or to the sources."""
    roots = (store.settings.root, store.settings.sources)
    return str(next(path.relative_to(root) for root in roots if path.is_relative_to(root)))


def _manifests(store: Store) -> list[str]:
    """List the manifests and upload notes of final jobs that cannot turn up again."""
    noted = [name.removesuffix(".uploads") for name in store.lake.notes("manifests", ".uploads")]
    notes = [(job_id, layout.uploads(job_id)) for job_id in noted]
    left_out = [name.removesuffix(".unsent") for name in store.lake.notes("manifests", ".unsent")]
    notes += [(job_id, layout.unsent(job_id)) for job_id in left_out]
    manifests = [path.removesuffix(".parquet") for path in store.lake.names("manifests")]
    return [
        name
        for job_id, name in [*((one, layout.manifest(one)) for one in manifests), *notes]
        if _is_over(store, job_id)
    ]


def _is_over(store: Store, job_id: str) -> bool:
    is_known = store.ledger.jobs.exists(job_id)
    return is_known and store.ledger.jobs.find(job_id).state in FINAL - REOPENING


def _remote_jobs(store: Store, listed: Sequence[RemoteJob]) -> list[RemoteJob]:
    found = []
    for remote in listed:
        ledger_id, job_id = parse_display_name(remote.display_name) or ("", "")
        if ledger_id == store.ledger.ledger_id and _is_left_over(store, remote, job_id):
            found.append(remote)
    return found


def _is_left_over(store: Store, remote: RemoteJob, job_id: str) -> bool:
    """Say whether a job was collected, or has ended after its probe was killed."""
    if store.ledger.jobs.exists(job_id):
        return store.ledger.jobs.find(job_id).state == JobState.COLLECTED
    return _ended(remote) and is_of_probe(store, job_id)


def _ended(remote: RemoteJob) -> bool:
    return state_of_remote(remote.state) == JobState.ENDED


def _remote_files(store: Store, gemini: Gemini, listed: Sequence[RemoteJob]) -> list[str]:
    """List the files of final jobs that the remote still holds, and uploads without a job."""
    going = {str(job.display_name) for job in listed if not _ended(job)}
    final = store.ledger.jobs.list(states=FINAL, scope_id=gemini.scope_id)
    open_inputs = {
        job.input_file
        for job in store.ledger.jobs.list(scope_id=gemini.scope_id)
        if job.state not in FINAL
    }
    ours = {job.display_name for job in final}
    return sorted(
        name
        for name, display_name in gemini.batches.list_files()
        if (_job_of(display_name) in ours or _is_of_killed_probe(store, display_name, going))
        and name not in open_inputs
    )


def _is_of_killed_probe(store: Store, display_name: str, going: set[str]) -> bool:
    """Say whether a file is of a probe that was killed: its job has ended, or is not there.

    A probe that has uploaded and not created its job looks the same: it fails, and costs nothing.
    """
    ledger_id, job_id = parse_display_name(_job_of(display_name)) or ("", "")
    is_ours = ledger_id == store.ledger.ledger_id and _job_of(display_name) not in going
    return is_ours and is_of_probe(store, job_id)


def staged_files(store: Store, gemini: Gemini) -> str:
    """Say how many files lie at Google for jobs, and how many of them are of jobs that are over."""
    listed = gemini.batches.list_jobs(max_pages=_ALL_PAGES).jobs
    left, all_of_them = len(_remote_files(store, gemini, listed)), len(gemini.batches.list_files())
    told = f"{counted(all_of_them - left, 'file')} of jobs that are out"
    return f"{told}, {left} of jobs that are over: `semantic-assets cleanup`" if left else told


def _job_of(display_name: str) -> str:
    """Return `sa-<ledger>-<job>` from an input's `....jsonl` or a media file's `...-<key>`."""
    return "-".join(display_name.removesuffix(".jsonl").split("-")[:3])


def _forgiving(delete: Callable[[str], None], name: str) -> None:
    try:
        delete(name)
    except PermanentError:
        return  # gone already
