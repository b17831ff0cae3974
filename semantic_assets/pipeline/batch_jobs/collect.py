"""Collect an ended job: verify its answers, make them durable, then delete it remotely."""

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import pyarrow as pa

from semantic_assets.errors import (
    BrokenFile,
    Conflict,
    CorruptResult,
    PermanentError,
    RemoteMissing,
    SemanticAssetsError,
    TransientError,
)
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.wire import RemoteJob
from semantic_assets.lake.manifests import manifest_keys
from semantic_assets.ledger.leases import Lease
from semantic_assets.model.batch_job import (
    REMOTE_GONE,
    BatchJob,
    JobState,
    remote_word,
)
from semantic_assets.model.catalog import MAX_REALTIME_TEXTS
from semantic_assets.model.wording import DetailLine
from semantic_assets.pipeline.answers import downloads
from semantic_assets.pipeline.answers.canary import (
    Canaries,
    CanaryWaits,
    Decoded,
    Vectors,
    calls_of,
    embed_again,
    is_waiting,
    verify_answers,
)
from semantic_assets.pipeline.answers.whole_answers import require_whole
from semantic_assets.pipeline.batch_jobs.claim import claimed
from semantic_assets.pipeline.batch_jobs.landing import (
    is_bill_in_doubt,
    land_answers,
    land_failure,
    land_unreadable,
)
from semantic_assets.pipeline.batch_jobs.results import (
    Outcomes,
    finalize_job,
    has_landed,
)
from semantic_assets.pipeline.costs.budgets import possible_bill
from semantic_assets.pipeline.product_kinds.product_kind import kind_of_job
from semantic_assets.store import Store

S = JobState
#: Jobs that are collected together, so that their canaries share a call.
_AT_ONCE = 20
#: Texts of jobs on their way after which the others come later: their keys are in memory.
_HELD_TEXTS = 100_000
_WITH_OUTPUT = frozenset({"SUCCEEDED", "PARTIALLY_SUCCEEDED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One collected (or quarantined) job."""

    job: BatchJob
    outcomes: Outcomes | None
    quarantined: str | None


#: A job on its way: it asks for vectors, and ends collected, or with the reason why it waits.
Course = Generator[Canaries, Vectors, Collection | TransientError | None]


def collect_some(store: Store, gemini: Gemini) -> list[Collection]:
    """Collect ended jobs that no other process is collecting, as many as share one real-time call.

    Oldest first; empty: there is none, or all wait for another try.

    Raises:
        TransientError: no job could be collected; this is why the last one could not.
    """
    ended: list[Collection | TransientError] = []
    asking: list[tuple[Course, Canaries]] = []
    held = 0
    with ExitStack() as courses:
        for job in _due(store, gemini):
            course = _course(store, gemini, job)
            courses.callback(course.close)
            found, held = _resumed(course), held + job.requests
            if isinstance(found, Canaries):
                asking.append((course, found))
            elif found is not None:
                ended.append(found)
            texts = sum(len(asked.sample.texts) for _, asked in asking)
            is_enough = len(ended) + len(asking) >= _AT_ONCE or held >= _HELD_TEXTS
            if is_enough or texts >= MAX_REALTIME_TEXTS:
                break
        ended += _answered(store, gemini, asking)
    collected = [one for one in ended if isinstance(one, Collection)]
    if ended and not collected:
        raise next(one for one in reversed(ended) if isinstance(one, TransientError))
    return collected


def _due(store: Store, gemini: Gemini) -> Iterator[BatchJob]:
    """Yield the ended jobs that need not wait after a failure."""
    ended = store.ledger.jobs.list(states=[S.ENDED], scope_id=gemini.scope_id)
    paused = store.ledger.scopes.paused_jobs() if ended else set()
    for job in ended:
        if job.job_id in paused:
            continue
        if downloads.is_noted(store, job) and is_waiting(store, gemini, job.model):
            continue
        yield job


def _answered(
    store: Store, gemini: Gemini, asking: list[tuple[Course, Canaries]]
) -> Iterator[Collection | TransientError]:
    """Answer what jobs ask for, in as few calls as it fits in; yield how each job ends."""
    courses = {asked.sample.job_id: course for course, asked in asking}
    for call in calls_of([asked for _, asked in asking]):
        for asked, answer in zip(call, embed_again(store, gemini, call), strict=True):
            found = _resumed(courses[asked.sample.job_id], answer)
            if isinstance(found, Collection | TransientError):
                yield found


def _resumed(
    course: Course, answer: Vectors | TransientError | None = None
) -> Canaries | Collection | TransientError | None:
    """Return what a job asks for next, or how it ends; None: another process has it."""
    try:
        if isinstance(answer, TransientError):
            return course.throw(answer)
        return next(course) if answer is None else course.send(answer)
    except StopIteration as end:
        found: Collection | TransientError | None = end.value
        return found


def _course(store: Store, gemini: Gemini, job: BatchJob) -> Course:
    """Collect one job; return why it waits, where it does. Those behind it go on."""
    with claimed(store, job, S.ENDED) as held:
        if held is None:
            return None
        try:
            return (yield from _collect(store, gemini, *held))
        except Conflict:  # another process has it: losing a race is ordinary
            return None
        except CanaryWaits as error:  # with all others of its model
            return error
        except TransientError as error:
            trouble = error
        except (BrokenFile, pa.ArrowException, OSError) as error:
            trouble = TransientError(f"job {job.job_id}: {type(error).__name__}: {error}")
        store.ledger.scopes.pause_job(job.job_id, str(trouble))
        return trouble


def _collect(
    store: Store, gemini: Gemini, job: BatchJob, lease: Lease
) -> Generator[Canaries, Vectors, Collection | None]:
    keys = manifest_keys(store.lake, job.job_id)
    landed = has_landed(store, job)
    if keys is None and not landed:
        reason = (
            "its manifest is gone or cut off, its answer cannot be checked: restore manifests/ of "
            f"the lake from a backup, then `semantic-assets resolve {job.job_id}`"
        )
        return _quarantine(store, job, lease, reason)
    try:
        if not landed:
            yield from _land(store, gemini, job, lease, keys or [])
    except CorruptResult as error:
        return _quarantine(store, job, lease, str(error))
    except FileNotFoundError as error:
        # Suspended past its lease; another process collected the job and deleted its manifest.
        raise Conflict(f"job {job.job_id} was collected by another process") from error
    except RemoteMissing as error:
        if not land_unreadable(store, job, lease, keys or [], str(error)):
            store.ledger.scopes.pause_job(job.job_id, str(error))
            return None
    final = S.GONE if job.remote_state == REMOTE_GONE else S.COLLECTED
    possibly_billed = possible_bill(job) if is_bill_in_doubt(job) else None
    outcomes = finalize_job(
        store, job, lease, to=final, of=[S.ENDED], possibly_billed=possibly_billed
    )
    clear_remote(store, gemini, job)
    what, found = kind_of_job(store, job).noun, store.ledger.jobs.find(job.job_id)
    how = f", {found.outcome}: {found.trouble}" if found.trouble else ""
    line = f"job {job.job_id}: {outcomes.succeeded:,} of {outcomes.requests:,} {what} landed{how}"
    store.report_progress(line if outcomes.failed or how else DetailLine(line))
    return Collection(job=found, outcomes=outcomes, quarantined=None)


def _land(
    store: Store, gemini: Gemini, job: BatchJob, lease: Lease, keys: list[str]
) -> Generator[Canaries, Vectors, None]:
    """Land the job's output if it has one, whatever its end state; otherwise land its failure."""
    word = remote_word(job.remote_state or "")
    if job.result_file is None and word not in _WITH_OUTPUT:
        found = _told(gemini, job)
        if found is None or found.result_file is None:
            is_refused = found is not None and found.is_refused
            land_failure(store, job, lease, keys, word, is_refused=is_refused)
            return
    yield from land_answers(store, gemini, job, lease, keys, verify=partial(_verify, store, job))


def _verify(store: Store, job: BatchJob, decoded: Decoded) -> Generator[Canaries, Vectors, None]:
    require_whole(store, job, decoded.path)
    yield from verify_answers(store, job, decoded)


def _told(gemini: Gemini, job: BatchJob) -> RemoteJob | None:
    """Look once by name: a listing shows a job as ended before it shows its output."""
    if job.remote_state == REMOTE_GONE or job.remote_name is None:
        return None
    try:
        return gemini.batches.get(job.remote_name)
    except RemoteMissing:
        return None


def _quarantine(store: Store, job: BatchJob, lease: Lease, reason: str) -> Collection:
    moved = store.ledger.jobs.move(
        job.job_id,
        S.QUARANTINED,
        of=[S.ENDED],
        fence=lease.fence,
        detail=reason,
        error_message=reason,
    )
    store.report_progress(f"job {job.job_id}: quarantined, nothing of it was used: {reason}")
    return Collection(job=moved or job, outcomes=None, quarantined=reason)


def clear_remote(store: Store, gemini: Gemini, job: BatchJob) -> None:
    """Delete the remote job, its input and media, and its answers where the service lets us."""
    kind_of_job(store, job).clear_uploads(store, gemini, job)
    for name, delete in (
        (job.input_file, gemini.batches.delete_file),
        (job.display_name, lambda name: gemini.batches.delete_answers(job.result_file, of=name)),
        (job.remote_name, gemini.batches.delete_job),
    ):
        if name is None:
            continue
        try:
            delete(name)
        except PermanentError:
            continue  # gone already
        except SemanticAssetsError as error:
            store.report_progress(f"job {job.job_id}: {name} could not be deleted ({error})")
