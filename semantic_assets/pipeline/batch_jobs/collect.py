"""Collect an ended job: verify its answers, make them durable, then delete it remotely."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa

from semantic_assets.batching.codec import Block, answer_blocks
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
from semantic_assets.lake.manifests import manifest_keys
from semantic_assets.ledger.leases import Lease
from semantic_assets.model.batch_job import (
    REMOTE_GONE,
    BatchJob,
    JobState,
    remote_word,
)
from semantic_assets.model.statuses import Outcome
from semantic_assets.pipeline.batch_jobs.canary import verify_answers
from semantic_assets.pipeline.batch_jobs.claim import claimed
from semantic_assets.pipeline.batch_jobs.deadlines import ABANDON_AFTER_SECONDS
from semantic_assets.pipeline.batch_jobs.results import (
    Outcomes,
    finalize_job,
    has_landed,
    write_job_failure,
    write_results,
)
from semantic_assets.pipeline.batch_jobs.whole_answers import require_whole
from semantic_assets.pipeline.costs.budgets import possible_bill
from semantic_assets.pipeline.product_kinds.product_kind import kind_of_job
from semantic_assets.store import Store

S = JobState
#: An answer that is not whole is fetched once more before it is believed.
_DOWNLOADS = 2
_WITH_OUTPUT = frozenset({"SUCCEEDED", "PARTIALLY_SUCCEEDED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One collected (or quarantined) job."""

    job: BatchJob
    outcomes: Outcomes | None
    quarantined: str | None


def collect_next(store: Store, gemini: Gemini) -> Collection | None:
    """Collect the oldest ended job that no other process is collecting; None: there is none.

    Raises:
        TransientError: no job could be collected; this is why the last one could not.
    """
    trouble: TransientError | None = None
    for job in store.ledger.jobs.list(states=[S.ENDED], scope_id=gemini.scope_id):
        if store.ledger.scopes.paused_job(job.job_id):
            continue
        with claimed(store, job, S.ENDED) as held:
            if held is None:
                continue
            try:
                collected = _collect(store, gemini, *held)
            except Conflict:  # another process has it: losing a race is ordinary
                continue
            except TransientError as error:
                store.ledger.scopes.pause_job(job.job_id, str(error))
                trouble = error
                continue
            except (
                BrokenFile,
                pa.ArrowException,
                OSError,
            ) as error:  # of this job; those behind it go on
                trouble = TransientError(f"job {job.job_id}: {type(error).__name__}: {error}")
                continue
            if collected is not None:
                return collected
    if trouble is not None:
        raise trouble
    return None


def _collect(store: Store, gemini: Gemini, job: BatchJob, lease: Lease) -> Collection | None:
    keys = manifest_keys(store.lake, job.job_id)
    landed = has_landed(store, job)
    if keys is None and not landed:
        reason = (
            "its manifest is gone or cut off, its answer cannot be checked: restore manifests/ of "
            f"the lake from a backup, then `semantic-assets resolve {job.job_id}`"
        )
        return _quarantine(store, job, lease, reason)
    may_be_billed = (
        job.remote_state == REMOTE_GONE or remote_word(job.remote_state or "") == "EXPIRED"
    )
    try:
        if not landed:
            _land(store, gemini, job, lease, keys or [])
    except CorruptResult as error:
        return _quarantine(store, job, lease, str(error))
    except FileNotFoundError as error:
        # Suspended past its lease; another process collected the job and deleted its manifest.
        raise Conflict(f"job {job.job_id} was collected by another process") from error
    except RemoteMissing as error:
        if not _land_unreadable(store, job, lease, keys or [], str(error)):
            store.ledger.scopes.pause_job(job.job_id, str(error))
            return None
        may_be_billed = True
    final = S.GONE if job.remote_state == REMOTE_GONE else S.COLLECTED
    possibly_billed = possible_bill(job) if may_be_billed else None
    outcomes = finalize_job(
        store, job, lease, to=final, of=[S.ENDED], possibly_billed=possibly_billed
    )
    clear_remote(store, gemini, job)
    what = kind_of_job(store, job).noun
    store.report_progress(
        f"job {job.job_id}: {outcomes.succeeded} of {outcomes.requests} {what} landed"
    )
    return Collection(job=store.ledger.jobs.find(job.job_id), outcomes=outcomes, quarantined=None)


def _land(store: Store, gemini: Gemini, job: BatchJob, lease: Lease, keys: list[str]) -> None:
    """Land the job's output if it has one, whatever its end state; otherwise land its failure."""
    word = remote_word(job.remote_state or "")
    if job.result_file is None and word not in _WITH_OUTPUT and not _has_output(gemini, job):
        _land_failure(store, job, lease, keys, word)
        return
    land_answers(
        store,
        gemini,
        job,
        lease,
        keys,
        verify=partial(_verify, store, gemini, job),
    )


def _verify(store: Store, gemini: Gemini, job: BatchJob, results: Path) -> None:
    require_whole(store, job, results)
    verify_answers(store, gemini, job, results)


def _has_output(gemini: Gemini, job: BatchJob) -> bool:
    """Look once by name: a listing shows a job as ended before it shows its output."""
    if job.remote_state == REMOTE_GONE or job.remote_name is None:
        return False
    try:
        return gemini.get(job.remote_name).result_file is not None
    except RemoteMissing:
        return False


def land_answers(
    store: Store,
    gemini: Gemini,
    job: BatchJob,
    lease: Lease,
    keys: list[str],
    *,
    verify: Callable[[Path], None],
) -> None:
    """Download, decode and verify the job's answers, and put the results file in place.

    Raises:
        CorruptResult: the file does not answer the job's texts.
        RemoteMissing: the file cannot be read (yet).
    """
    result_file = job.result_file or gemini.get(job.remote_name or "").result_file
    if result_file is None:
        raise RemoteMissing(f"{job.remote_state}, and no result file is named")
    product = store.product(job.product_id)
    with tempfile.TemporaryDirectory(prefix="semantic-assets-") as folder:
        path = Path(folder) / "answers.jsonl"
        for left in reversed(range(_DOWNLOADS)):
            gemini.download(result_file, path)
            answers = answer_blocks(product, _lines(path), expected=keys)
            blocks = _whole(answers, len(keys)) if left else answers
            with suppress(_CutOff):
                write_results(store, job, lease, keys=keys, blocks=blocks, verify=verify)
                return


class _CutOff(Exception):
    """There are fewer answers than texts, or an answer is broken."""


def _whole(blocks: Iterator[Block], requests: int) -> Iterator[Block]:
    """Pass the blocks on, and check that none is missing.

    Raises:
        _CutOff: answers are missing; the client accepts a body that ends early without a length.
    """
    decoded = 0
    try:
        for block in blocks:
            decoded += len(block.keys)
            yield block
    except CorruptResult as error:
        raise _CutOff from error
    if decoded < requests:
        raise _CutOff


def _land_failure(store: Store, job: BatchJob, lease: Lease, keys: list[str], word: str) -> None:
    """Write error rows for a job without an output. Only FAILED says anything against its texts."""
    write_job_failure(
        store,
        job,
        lease,
        keys=keys,
        outcome=Outcome.EXPIRED if word == "EXPIRED" else Outcome.TRANSIENT,
        message=f"{word}: {job.error_message or 'the job ended without an output'}",
        together=word == "FAILED",
    )


def _land_unreadable(
    store: Store, job: BatchJob, lease: Lease, keys: list[str], reason: str
) -> bool:
    """Give up a result that cannot be read, 50 hours after the job ended. False: wait."""
    now = store.ledger.now()
    if now - (job.ended_at or now) < ABANDON_AFTER_SECONDS:
        # SUCCEEDED may be seen before the file can be read (tidyverse/ellmer PR #926).
        store.report_progress(f"job {job.job_id}: its result cannot be read yet ({reason})")
        return False
    message = f"its result could not be read for 50 hours: {reason}"
    write_job_failure(
        store, job, lease, keys=keys, outcome=Outcome.EXPIRED, message=message, together=False
    )
    return True


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=1 << 20) as file:
        yield from file


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
    """Delete the remote job, its input and its media; result files cannot be (ids are too long)."""
    kind_of_job(store, job).clear_uploads(store, gemini, job)
    for name, delete in (
        (job.input_file, gemini.delete_file),
        (job.remote_name, gemini.delete_job),
    ):
        if name is None:
            continue
        try:
            delete(name)
        except PermanentError:
            continue  # gone already
        except SemanticAssetsError as error:
            store.report_progress(f"job {job.job_id}: {name} could not be deleted ({error})")
