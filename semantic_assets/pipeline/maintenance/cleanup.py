"""cleanup: what lingers and is of no use, here and at Google. Looks first, deletes on request."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from semantic_assets.errors import PermanentError
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.wire import RemoteJob
from semantic_assets.intake.names import FOLDER
from semantic_assets.lake import layout
from semantic_assets.model.batch_job import FINAL, REOPENING, JobState
from semantic_assets.store import Store

_ALL_PAGES = 10_000
#: A temporary file older than this belongs to no living writer: leases expire after 30 seconds.
TEMPORARY_SECONDS = 3_600.0
#: What a killed call left in an inbox on its way in.
_UNFINISHED = (".incoming/*", ".*.tmp", "files/.*.tmp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """What was found (and, unless dry, deleted)."""

    temporary_files: tuple[str, ...]
    manifests: tuple[str, ...]
    remote_jobs: tuple[str, ...]
    remote_files: tuple[str, ...]
    #: Result files at Google, which its API does not let anybody delete.
    undeletable: tuple[str, ...]
    deleted: bool

    @property
    def count(self) -> int:
        found = (self.temporary_files, self.manifests, self.remote_jobs, self.remote_files)
        return sum(len(names) for names in found)


def cleanup(store: Store, gemini: Gemini, *, dry_run: bool) -> Leftovers:
    """Temporary files, manifests of final jobs, and remote jobs and inputs of final jobs."""
    temporary = _temporary_files(store)
    manifests = _manifests(store)
    remote = _remote_jobs(store, gemini)
    files = _remote_files(store, gemini)
    if not dry_run:
        for path in temporary:
            path.unlink(missing_ok=True)
        for name in manifests:
            store.lake.delete(name)
        for job in remote:
            _forgiving(gemini.delete_job, job.name)
        for name in files:
            _forgiving(gemini.delete_file, name)
    return Leftovers(
        temporary_files=tuple(_shown(store, path) for path in temporary),
        manifests=tuple(manifests),
        remote_jobs=tuple(job.name for job in remote),
        remote_files=tuple(files),
        undeletable=tuple(job.result_file for job in remote if job.result_file),
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
    """Below the lake or below the sources."""
    roots = (store.settings.root, store.settings.sources)
    return str(next(path.relative_to(root) for root in roots if path.is_relative_to(root)))


def _manifests(store: Store) -> list[str]:
    """Of jobs that are final, and cannot turn up again; with their notes of uploads."""
    noted = [name.removesuffix(".uploads") for name in store.lake.notes("manifests", ".uploads")]
    notes = [(job_id, layout.uploads(job_id)) for job_id in noted]
    manifests = [path.removesuffix(".parquet") for path in store.lake.names("manifests")]
    return [
        name
        for job_id, name in [*((one, layout.manifest(one)) for one in manifests), *notes]
        if _is_over(store, job_id)
    ]


def _is_over(store: Store, job_id: str) -> bool:
    is_known = store.ledger.jobs.exists(job_id)
    return is_known and store.ledger.jobs.find(job_id).state in FINAL - REOPENING


def _remote_jobs(store: Store, gemini: Gemini) -> list[RemoteJob]:
    prefix = f"sa-{store.ledger.ledger_id}-"
    found = []
    for remote in gemini.list_jobs(max_pages=_ALL_PAGES).jobs:
        name = remote.display_name or ""
        job_id = name.removeprefix(prefix)
        if not name.startswith(prefix) or not store.ledger.jobs.exists(job_id):
            continue
        if store.ledger.jobs.find(job_id).state == JobState.COLLECTED:
            found.append(remote)
    return found


def _remote_files(store: Store, gemini: Gemini) -> list[str]:
    """Inputs and media of final jobs that the remote still lists, and uploads no job came of."""
    final = store.ledger.jobs.list(states=FINAL, scope_id=gemini.scope_id)
    open_inputs = {
        job.input_file
        for job in store.ledger.jobs.list(scope_id=gemini.scope_id)
        if job.state not in FINAL
    }
    ours = {job.display_name for job in final}
    return sorted(
        name
        for name, display_name in gemini.list_files()
        if _job_of(display_name) in ours and name not in open_inputs
    )


def _job_of(display_name: str) -> str:
    """`sa-<ledger>-<job>.jsonl` of an input, `sa-<ledger>-<job>-<key>` of a media file."""
    return "-".join(display_name.removesuffix(".jsonl").split("-")[:3])


def _forgiving(delete: Callable[[str], None], name: str) -> None:
    try:
        delete(name)
    except PermanentError:
        return  # gone already
