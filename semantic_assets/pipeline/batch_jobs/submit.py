"""Submit planned jobs to Google; the ledger records each step before its call."""

from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from semantic_assets.errors import (
    Conflict,
    GeminiUnavailable,
    InputTooLarge,
    ModelRefused,
    RateLimited,
    RequestRejected,
    ScopePaused,
    SemanticAssetsError,
    TransientError,
)
from semantic_assets.gemini.client import Gemini
from semantic_assets.lake import layout
from semantic_assets.lake.manifests import manifest_keys
from semantic_assets.ledger.job_rows import PlannedJob
from semantic_assets.model.batch_job import BatchJob, JobState
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.product import Product
from semantic_assets.model.statuses import Outcome
from semantic_assets.model.wording import DetailLine, counted
from semantic_assets.pipeline.batch_jobs.blocked import Blocked, Plan
from semantic_assets.pipeline.batch_jobs.claim import claimed
from semantic_assets.pipeline.batch_jobs.guards import remote_block
from semantic_assets.pipeline.batch_jobs.job_window import (
    learn_refusal,
    reason_of,
    refused_like_others,
)
from semantic_assets.pipeline.batch_jobs.plan import plan
from semantic_assets.pipeline.batch_jobs.realtime import merge_parts
from semantic_assets.pipeline.batch_jobs.results import finalize_job, write_job_failure
from semantic_assets.pipeline.costs.budgets import run_budget
from semantic_assets.pipeline.pending.pending import ShardDemand
from semantic_assets.pipeline.pending.remembered_demands import RememberedDemands
from semantic_assets.pipeline.product_kinds.product_kind import kind_of_job
from semantic_assets.store import Store

S = JobState
#: The create call is not sent when the ledger row before it is older than this: the process was
#: suspended, and others may have given the job up.
MAX_CREATE_DELAY_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """The outcome of one round of submitting."""

    submitted: tuple[BatchJob, ...]
    #: Jobs that did not get through, with the reason; their texts wait or are failed.
    refused: tuple[tuple[BatchJob, str], ...]
    settled: tuple[ShardDemand, ...]
    waiting_texts: int
    blocked_by: Blocked | None


def submit_pending(
    store: Store,
    gemini: Gemini,
    *,
    favour: ShardKey | None = None,
    min_texts: int = 1,
    only: Product | None = None,
    demands: RememberedDemands | None = None,
) -> Submission:
    """Plan and submit the jobs that fit the window; `only`: those of one space or task."""
    scope = gemini.endpoint
    store.ledger.scopes.register(scope.scope_id, backend=scope.backend, base_url=scope.identity)
    release_orphans(store)
    if pause := store.ledger.scopes.paused(scope.scope_id):
        return _report(Plan(blocked_by=Blocked(f"submission is paused: {pause.reason}")), [], [])
    if reason := remote_block(store, gemini):
        return _report(Plan(blocked_by=Blocked(reason, needs_person=True)), [], [])
    with run_budget(store):  # all jobs of one plan are of one run
        planned = plan(
            store,
            endpoint=scope,
            limits=gemini.batches.limits,
            favour=favour,
            min_texts=min_texts,
            only=only,
            demands=demands,
        )
    submitted: list[BatchJob] = []
    refused: list[tuple[BatchJob, str]] = []
    with store.ledger.leases.renewing(*(item.lease for item in planned.jobs)):
        stopped: str | None = None
        for item in planned.jobs:
            try:
                if stopped is not None:  # the next would be refused as well: save the upload
                    _release(store, item, S.UPLOADING, stopped)
                    raise TransientError(stopped)
                submitted.append(submit_job(store, gemini, item))
            except SemanticAssetsError as error:
                refused.append((item.job, reason_of(gemini, error)))
                if isinstance(error, TransientError):
                    stopped = reason_of(gemini, error)
    return _report(planned, submitted, refused)


def _report(
    planned: Plan, submitted: list[BatchJob], refused: list[tuple[BatchJob, str]]
) -> Submission:
    return Submission(
        submitted=tuple(submitted),
        refused=tuple(refused),
        settled=planned.settled,
        waiting_texts=planned.waiting_texts + sum(job.requests for job, _ in refused),
        blocked_by=planned.blocked_by,
    )


def submit_job(store: Store, gemini: Gemini, planned: PlannedJob) -> BatchJob:
    """Upload and create one job; in every case its row says what may exist remotely.

    Raises:
        TransientError, RequestRejected: the API's error; the row was moved accordingly.
        Conflict: the lease was lost; another process has moved the row.
    """
    job = planned.job
    try:
        input_file = _upload(store, gemini, planned)
    except SemanticAssetsError as error:
        # Uploading creates no job: the texts are free again, also when the lease was lost.
        kind_of_job(store, job).clear_uploads(store, gemini, job)
        if isinstance(error, InputTooLarge):  # released, they would be planned together again
            _reject(store, planned, str(error), of=S.UPLOADING)
        else:
            _release(store, planned, S.UPLOADING, str(error))
            learn_refusal(store, gemini, job, error)
        raise
    texts, tokens = counted(job.requests, "text"), counted(job.tokens_estimated, "token")
    store.report_progress(DetailLine(f"job {job.job_id}: uploaded {texts}, about {tokens}"))
    try:
        return _create(store, gemini, planned, input_file)
    except (RequestRejected, RateLimited, ScopePaused):  # nothing was created
        kind_of_job(store, job).clear_uploads(store, gemini, job)
        with suppress(SemanticAssetsError):  # `cleanup` finds it
            gemini.batches.delete_file(input_file)
        raise


def _upload(store: Store, gemini: Gemini, planned: PlannedJob) -> str:
    """Upload the request file of a job from its manifest, and the media it names first."""
    kind = kind_of_job(store, planned.job)
    name, check = f"{planned.job.display_name}.jsonl", planned.lease.require
    try:
        if not kind.uploads_media:
            lines = partial(kind.request_lines, store, gemini, planned)
            return gemini.batches.upload(lines, name=name, check=check)
        # Made once: each line uploads the file it names.
        made = list(kind.request_lines(store, gemini, planned))
        return gemini.batches.upload(lambda: made, name=name, check=check)
    except FileNotFoundError as error:
        # Suspended past its lease; another process released the job and its manifest.
        raise Conflict(f"job {planned.job.job_id} was released by another process") from error


def _create(store: Store, gemini: Gemini, planned: PlannedJob, input_file: str) -> BatchJob:
    job, kind = planned.job, kind_of_job(store, planned.job)
    moved = store.ledger.jobs.move(
        job.job_id, S.CREATING, of=[S.UPLOADING], fence=job.fence, input_file=input_file
    )
    if moved is None:
        raise Conflict(f"job {job.job_id} was taken over while it uploaded")
    if store.ledger.now() - moved.updated_at > MAX_CREATE_DELAY_SECONDS:
        _release(store, planned, S.CREATING, "suspended before the create call")
        raise Conflict(f"job {job.job_id}: suspended before the create call; released")
    try:
        name = kind.create_job(gemini, job, input_file)
    except RequestRejected as error:
        if refused_like_others(store, moved):
            # The same refusal of other texts: it is not about these. It costs them no attempt.
            _release(store, planned, S.CREATING, str(error))
            learn_refusal(store, gemini, moved, ModelRefused(str(error)))
            raise ModelRefused(str(error)) from error
        _reject(store, PlannedJob(moved, planned.lease), str(error), of=S.CREATING)
        raise
    except GeminiUnavailable as error:
        if error.sent:
            _leave_unconfirmed(store, planned, str(error))
        else:
            _release(store, planned, S.CREATING, str(error))
        raise
    except (RateLimited, ScopePaused) as error:
        _release(store, planned, S.CREATING, reason_of(gemini, error))
        learn_refusal(store, gemini, job, error)
        raise
    return _submitted(store, planned, name)


def _submitted(store: Store, planned: PlannedJob, name: str) -> BatchJob:
    now = store.ledger.now()
    moved = store.ledger.jobs.move(
        planned.job.job_id,
        S.SUBMITTED,
        of=[S.CREATING, S.UNCONFIRMED],
        fence=planned.job.fence,
        remote_name=name,
        submitted_at=now,
    )
    if moved is None:
        raise Conflict(f"job {planned.job.job_id} was taken over while it was created as {name}")
    store.ledger.scopes.resume(planned.job.scope_id, planned.job.model)
    store.report_progress(DetailLine(f"job {moved.job_id}: submitted as {name}"))
    return moved


def _release(store: Store, planned: PlannedJob, of: JobState, reason: str) -> None:
    """Release a job of which nothing was created remotely: its texts are pending again."""
    job = planned.job
    moved = store.ledger.jobs.move(
        job.job_id, S.RELEASED, of=[of], fence=job.fence, detail=reason, error_message=reason
    )
    if moved is not None:
        store.lake.delete(layout.manifest(job.job_id))


def _leave_unconfirmed(store: Store, planned: PlannedJob, reason: str) -> None:
    store.ledger.jobs.move(
        planned.job.job_id,
        S.UNCONFIRMED,
        of=[S.CREATING],
        fence=planned.job.fence,
        detail=reason,
        error_message=reason,
    )


def _reject(store: Store, planned: PlannedJob, reason: str, *, of: JobState) -> None:
    job = planned.job
    keys = manifest_keys(store.lake, job.job_id) or []
    write_job_failure(
        store,
        job,
        planned.lease,
        keys=keys,
        outcome=Outcome.TRANSIENT,
        message=f"rejected: {reason}",
        together=True,
    )
    finalize_job(store, job, planned.lease, to=S.REJECTED, of=[of], error_message=reason)


def release_orphans(store: Store) -> None:
    """Release or settle the jobs of dead processes.

    An upload created nothing remotely, a create call may have; real-time parts are merged.
    """
    for job in store.ledger.jobs.orphaned():
        with claimed(store, job, S.UPLOADING, S.CREATING, S.RUNNING) as held:
            if held is None:
                continue
            if held[0].is_realtime:
                merge_parts(store, *held, interrupted=True)
            elif held[0].state == S.UPLOADING:
                _release(store, PlannedJob(*held), S.UPLOADING, "its process died")
            elif held[0].state == S.CREATING:
                _leave_unconfirmed(store, PlannedJob(*held), "its process died")
