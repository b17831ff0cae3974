"""Learn the state of submitted jobs from a few listing pages, then ask for the oldest by name."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from semantic_assets.errors import RemoteMissing, TransientError
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.wire import Listing, RemoteJob
from semantic_assets.model.batch_job import (
    ACTIVE_REMOTE,
    REMOTE_GONE,
    BatchJob,
    JobState,
    parse_display_name,
    remote_word,
    state_of_remote,
)
from semantic_assets.model.wording import DetailLine
from semantic_assets.pipeline.batch_jobs.deadlines import abandon, too_old
from semantic_assets.pipeline.batch_jobs.other_jobs import note_others
from semantic_assets.pipeline.batch_jobs.reopen import reopen
from semantic_assets.store import Store

S = JobState
#: How a job ends that may have answered nothing: who waits for it wants to know.
_WITHOUT_ANSWERS = frozenset({"FAILED", "CANCELLED", "EXPIRED"})
MAX_PAGES = 3
MAX_GETS = 20
#: So many failed gets in one pass are an outage; fewer may be trouble of those jobs.
_MAX_TROUBLES = 3
#: A job is gone after two 404s this far apart; never because a listing does not show it.
GONE_AFTER_SECONDS = 600.0
#: An unconfirmed job is given up after this many complete listings without it, over this time.
ABANDON_LISTINGS, ABANDON_SECONDS = 3, 3_600.0


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
    try:
        listed = gemini.batches.list_jobs(max_pages=MAX_PAGES).jobs
    except TransientError as error:
        if not active:
            raise
        # A 429 may be on the listing alone.
        store.report_progress(f"the listing failed ({error}): asking for each job")
        return PollReport(
            active=len(active),
            changed=tuple(_ask_for(store, gemini, active[:MAX_GETS], is_listed=False)),
        )
    note_others(store, gemini, listed)
    changed = _adopt(store, gemini, unconfirmed, listed)
    reopen(store, gemini, listed)
    by_name = {remote.name: remote for remote in listed}
    ended, unlisted = [], []
    for job in active:
        remote = by_name.get(job.remote_name or "")
        if remote is None:
            unlisted.append(job)
        elif not _is_believed(remote):
            ended.append(job)
        elif moved := _observe(store, job, remote):
            changed.append(moved)
    changed += _ask_for(store, gemini, [*ended, *unlisted[:MAX_GETS]])
    return PollReport(active=len(active), changed=tuple(changed))


def _is_believed(listed: RemoteJob) -> bool:
    """Tell whether a listing is believed: not that a job has ended, which `get` must say.

    One showed SUCCEEDED without an output; the texts of a job shown as FAILED while it runs would be
    sent again.
    """
    return state_of_remote(listed.state) != S.ENDED


def remote_jobs(store: Store, gemini: Gemini) -> list[BatchJob]:
    """List the batch jobs of this scope that Google is working on."""
    found = store.ledger.jobs.list(states=ACTIVE_REMOTE, scope_id=gemini.scope_id)
    return [job for job in found if not job.is_realtime]


def _ask_for(
    store: Store, gemini: Gemini, jobs: Iterable[BatchJob], *, is_listed: bool = True
) -> list[BatchJob]:
    """Ask for each job by name; those that moved. One that fails does not stop those behind it.

    Several that vanish at once, or without a listing, are an outage: eleven minutes in which every
    call answered 404 had made jobs `gone`, and their texts were paid for twice.
    """
    moved, absent, troubles = [], [], list[TransientError]()
    for job in jobs:
        try:
            moved.append(_observe(store, job, gemini.batches.get(job.remote_name or "")))
        except RemoteMissing as error:
            absent.append((job, str(error)))
        except TransientError as error:
            troubles.append(error)
            if len(troubles) == _MAX_TROUBLES:
                break
    if troubles and not moved and not absent:
        raise troubles[0]
    if len(absent) > 1 or (absent and not is_listed):
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
        word = remote_word(remote.state)
        line = f"job {job.job_id}: {moved.state} ({word})"
        is_ordinary = word not in _WITHOUT_ANSWERS
        store.report_progress(DetailLine(line) if is_ordinary else line)
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
    complete listings over an hour, on a scope where listings have shown our names; on another one
    they count from the age on at which the service itself has ended the job.
    """
    unconfirmed = store.ledger.jobs.list(states=[S.UNCONFIRMED], scope_id=gemini.scope_id)
    if not unconfirmed:
        return
    known = [*unconfirmed, *remote_jobs(store, gemini)]
    listing = gemini.batches.look_for(job.display_name for job in known)
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
            gemini.batches.get(job.remote_name or "")
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
    if moved is None or not enough:
        return
    limits = gemini.batches.deadlines
    if store.ledger.scopes.shows_names(gemini.scope_id):
        reason = f"assumed never created, {job.absent_listings + 1} complete listings without it"
        abandon(store, moved, reason, billed=False)
    elif now - job.created_at >= limits.abandon:
        abandon(store, moved, too_old(limits), billed=True)
