"""Learn the state of submitted jobs from a few listing pages, then ask for the oldest by name."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from semantic_assets.errors import RemoteMissing
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.wire import Listing, RemoteJob
from semantic_assets.lake import layout
from semantic_assets.lake.manifests import manifest_keys
from semantic_assets.model.batch_job import (
    ACTIVE_REMOTE,
    REMOTE_GONE,
    REOPENING,
    BatchJob,
    JobState,
    parse_display_name,
    state_of_remote,
)
from semantic_assets.pipeline.batch_jobs.claim import claimed
from semantic_assets.pipeline.batch_jobs.deadlines import BY_HAND, NOT_TERMINAL, abandon
from semantic_assets.store import Store

S = JobState
MAX_PAGES = 3
MAX_GETS = 20
#: A job is gone after two 404s this far apart; never because a listing does not show it.
GONE_AFTER_SECONDS = 600.0
#: An unconfirmed job is given up after this many complete listings without it, over this time.
ABANDON_LISTINGS, ABANDON_SECONDS = 3, 3_600.0
_ALL_PAGES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReport:
    """The outcome of a poll; `changed` holds the new rows of jobs whose state moved."""

    active: int
    changed: tuple[BatchJob, ...]


def poll(store: Store, gemini: Gemini) -> PollReport:
    """Move this scope's jobs to the states the remote reports; upload and download nothing."""
    active = remote_jobs(store, gemini)
    unconfirmed = store.ledger.jobs.list(states=[S.UNCONFIRMED], scope_id=gemini.scope_id)
    if not active and not unconfirmed:
        return PollReport(active=0, changed=())
    listed = gemini.list_jobs(max_pages=MAX_PAGES).jobs
    changed = _adopt(store, gemini, unconfirmed, listed)
    reopen(store, gemini, listed)
    by_name = {remote.name: remote for remote in listed}
    changed += [
        moved
        for job in active
        if job.remote_name in by_name and (moved := _observe(store, job, by_name[job.remote_name]))
    ]
    unlisted = [job for job in active if job.remote_name not in by_name]
    changed += _ask_for(store, gemini, unlisted[:MAX_GETS])
    return PollReport(active=len(active), changed=tuple(changed))


def remote_jobs(store: Store, gemini: Gemini) -> list[BatchJob]:
    """List the batch jobs of this scope that Google is working on."""
    found = store.ledger.jobs.list(states=ACTIVE_REMOTE, scope_id=gemini.scope_id)
    return [job for job in found if not job.is_realtime]


def _ask_for(store: Store, gemini: Gemini, jobs: Iterable[BatchJob]) -> list[BatchJob]:
    """Ask for each job by name; those that moved.

    Several that vanish at once are an outage: eleven minutes in which every call answered 404 had
    made jobs `gone`, and their texts were paid for twice.
    """
    moved, absent = [], []
    for job in jobs:
        try:
            moved.append(_observe(store, job, gemini.get(job.remote_name or "")))
        except RemoteMissing as error:
            absent.append((job, str(error)))
    if len(absent) > 1:
        store.report_progress(
            f"Google knows none of {len(absent)} jobs at once ({absent[0][1]}): taken for an outage"
        )
        for job, _ in absent:
            _present(store, job)
    else:
        moved += [_absent(store, job, reason) for job, reason in absent]
    return [job for job in moved if job is not None]


def _present(store: Store, job: BatchJob) -> None:
    """Forget that a job was absent: what was said then may have been the outage."""
    if job.absent_since is not None:
        store.ledger.jobs.move(job.job_id, job.state, of=[job.state], absent_since=None)


def _absent(store: Store, job: BatchJob, reason: str) -> BatchJob | None:
    since = job.absent_since
    if since is None:
        store.ledger.jobs.move(
            job.job_id, job.state, of=[job.state], absent_since=store.ledger.now()
        )
        return None
    if store.ledger.now() - since < GONE_AFTER_SECONDS:
        return None
    # Its texts become error rows when it is collected; until then they stay withheld.
    return store.ledger.jobs.move(
        job.job_id,
        S.ENDED,
        of=[job.state],
        remote_state=REMOTE_GONE,
        error_message=f"deleted by somebody else: {reason}",
        ended_at=store.ledger.now(),
    )


def _observe(store: Store, job: BatchJob, remote: RemoteJob) -> BatchJob | None:
    """Record the remote state of a job; return the moved row, or None: its state is unchanged."""
    to = state_of_remote(remote.state)
    if to == S.SUBMITTED and job.state == S.RUNNING:
        to = S.RUNNING
    if to == job.state and remote.state == job.remote_state and job.absent_since is None:
        return None
    moved = store.ledger.jobs.move(
        job.job_id,
        to,
        of=[job.state],
        detail=remote.state,
        remote_state=remote.state,
        result_file=remote.result_file,
        succeeded=remote.succeeded,
        failed=remote.failed,
        error_message=remote.error_message,
        absent_since=None,
        ended_at=store.ledger.now() if to == S.ENDED else None,
    )
    if moved is not None and moved.state != job.state:
        store.report_progress(f"job {job.job_id}: {moved.state} ({remote.state})")
        return moved
    return None


def _adopt(
    store: Store, gemini: Gemini, unconfirmed: Iterable[BatchJob], listed: Iterable[RemoteJob]
) -> list[BatchJob]:
    """Move unconfirmed jobs whose display name is listed to submitted: they were created."""
    by_display = {remote.display_name: remote for remote in listed if remote.display_name}
    parsed = map(parse_display_name, by_display)
    if any(found and found[0] == store.ledger.ledger_id for found in parsed):
        store.ledger.scopes.names_seen(gemini.scope_id)
    adopted = []
    for job in unconfirmed:
        remote = by_display.get(job.display_name)
        if remote is None:
            continue
        moved = store.ledger.jobs.move(
            job.job_id,
            S.SUBMITTED,
            of=[S.UNCONFIRMED],
            detail=f"found in a listing as {remote.name}",
            remote_name=remote.name,
            submitted_at=store.ledger.now(),
        )
        if moved is not None:
            store.report_progress(
                f"job {job.job_id}: was created after all, adopted as {remote.name}"
            )
            adopted.append(moved)
    return adopted


def confirm(store: Store, gemini: Gemini) -> None:
    """List all remote jobs, to adopt unconfirmed ones or count one more listing without them.

    Giving a job up is an assumption (the remote may still list it later), so it takes three
    complete listings over an hour, on a scope where listings have shown our names.
    """
    unconfirmed = store.ledger.jobs.list(states=[S.UNCONFIRMED], scope_id=gemini.scope_id)
    if not unconfirmed:
        return
    listing = gemini.list_jobs(max_pages=_ALL_PAGES)
    adopted = {job.job_id for job in _adopt(store, gemini, unconfirmed, listing.jobs)}
    if not listing.complete or _leaves_out(store, gemini, listing):
        return
    for job in unconfirmed:
        if job.job_id not in adopted:
            _count_absence(store, gemini, job)


def _leaves_out(store: Store, gemini: Gemini, listing: Listing) -> bool:
    """Tell whether a listing lacks a job that `get` shows: its silence then means nothing.

    `{}` while five of our jobs were running counted as complete, and a job was given up.
    """
    names = {remote.name for remote in listing.jobs}
    unlisted = [job for job in remote_jobs(store, gemini) if job.remote_name not in names]
    for job in unlisted[:MAX_GETS]:
        with suppress(RemoteMissing):
            gemini.get(job.remote_name or "")
            store.report_progress(f"the listing leaves out {job.remote_name}: it is not believed")
            return True
    return False


def _count_absence(store: Store, gemini: Gemini, job: BatchJob) -> None:
    now = store.ledger.now()
    since = job.absent_since if job.absent_since is not None else now
    # Several listings within a minute count as one.
    spacing = ABANDON_SECONDS / ABANDON_LISTINGS
    if job.absent_listings and now < since + job.absent_listings * spacing:
        return
    moved = store.ledger.jobs.move(
        job.job_id,
        S.UNCONFIRMED,
        of=[S.UNCONFIRMED],
        absent_listings=job.absent_listings + 1,
        absent_since=since,
    )
    enough = job.absent_listings + 1 > ABANDON_LISTINGS and now - since >= ABANDON_SECONDS
    if moved is not None and enough and store.ledger.scopes.shows_names(gemini.scope_id):
        reason = f"assumed never created, {job.absent_listings + 1} complete listings without it"
        abandon(store, moved, reason, billed=False)


def reopen(store: Store, gemini: Gemini, listed: Iterable[RemoteJob]) -> list[BatchJob]:
    """Take back abandoned and gone jobs that a listing shows.

    Their error rows are deleted first: they are no longer true, and would be taken for the
    answers. Texts sent again meanwhile are paid twice; that is booked and reported.
    """
    by_display = {remote.display_name: remote for remote in listed}
    found = []
    for job in store.ledger.jobs.list(states=REOPENING, scope_id=gemini.scope_id):
        remote = by_display.get(job.display_name)
        if remote is None or not (_is_ours(store, job) and _may_return(job, remote)):
            continue
        if manifest_keys(store.lake, job.job_id) is None:
            continue
        moved = take_back(store, job, remote.name, f"turned up after all as {remote.name}")
        if moved is not None:
            store.report_progress(
                f"job {job.job_id}: turned up after all as {remote.name}, re-opened"
            )
            found.append(moved)
    return found


def _is_ours(store: Store, job: BatchJob) -> bool:
    """Return False for a job of the lake that this one was a copy of."""
    parsed = parse_display_name(job.display_name)
    return parsed is not None and parsed[0] == store.ledger.ledger_id


def _may_return(job: BatchJob, remote: RemoteJob) -> bool:
    """Tell whether a job that was given up is taken back when a listing shows it.

    One that a person gave up is not. One that was too old is when it has ended: taken back while
    it runs, it is too old again, for ever.
    """
    if job.error_message == BY_HAND:
        return False
    return job.error_message != NOT_TERMINAL or state_of_remote(remote.state) == S.ENDED


def take_back(store: Store, job: BatchJob, remote_name: str, why: str) -> BatchJob | None:
    """Move a given-up job back to submitted; None: it has moved on.

    The error rows are deleted while the ledger holds the job's row: a process that slept here once
    deleted the answers that another had just landed.
    """
    with claimed(store, job, *REOPENING) as held:
        if held is None:
            return None
        with store.ledger.jobs.held(held[0], held[1].fence):
            store.lake.delete(layout.results(job.product_id, job.job_id))
        return store.ledger.jobs.move(
            job.job_id,
            JobState.SUBMITTED,
            of=[job.state],
            fence=held[1].fence,
            detail=why,
            error_message=None,
            remote_name=remote_name,
            absent_since=None,
            submitted_at=store.ledger.now(),
        )
