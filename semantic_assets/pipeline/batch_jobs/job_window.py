"""The window of enqueued tokens, and what refusals teach: a smaller one, a pause, or a stop."""

from semantic_assets.batching.packing import RATIO_MARGIN, UNCALIBRATED_RATIO, JobLimits, Window
from semantic_assets.errors import (
    ModelRefused,
    Quota,
    RateLimited,
    ScopePaused,
    SemanticAssetsError,
)
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import Endpoint
from semantic_assets.lake import layout
from semantic_assets.lake.manifests import manifest_keys
from semantic_assets.model.batch_job import BatchJob, JobState
from semantic_assets.model.catalog import MAX_ACTIVE_JOBS, NO_WINDOW
from semantic_assets.pipeline.batch_jobs.blocked import WINDOW_FULL
from semantic_assets.store import Store

S = JobState


def reason_of(gemini: Gemini, error: SemanticAssetsError) -> str:
    """Return why a job was not created; that the window is full is ordinary, whatever Google says."""
    if _is_window_full(gemini, error):
        return f"{WINDOW_FULL.reason}: its texts wait, and go when a job that is out has ended"
    return str(error)


def _is_window_full(gemini: Gemini, error: SemanticAssetsError) -> bool:
    is_quota = isinstance(error, RateLimited) and error.quota == Quota.ENQUEUED
    return is_quota and gemini.batches.limits.has_window


def learn_refusal(store: Store, gemini: Gemini, job: BatchJob, error: SemanticAssetsError) -> None:
    """Shrink the window after a 429 of enqueued tokens; pause the model or the scope for others."""
    scopes = store.ledger.scopes
    if isinstance(error, RateLimited):
        accepted = store.ledger.job_totals.accepted_tokens(gemini.scope_id, job.model)
        if _is_window_full(gemini, error):
            configured = store.settings.window_of(job.model, gemini.endpoint.backend)
            scopes.shrink_window(
                gemini.scope_id,
                job.model,
                to_tokens=accepted or job.tokens_estimated // 2,
                configured=configured,
            )
            if accepted:  # one of ours that ends makes room
                return
        reason = f"Google refuses by {error.quota} ({error})"
        scopes.pause_model(gemini.scope_id, job.model, reason, seconds=error.retry_seconds)
    elif isinstance(error, ModelRefused):
        scopes.pause_model(gemini.scope_id, job.model, f"Google refuses: {error}")
    elif isinstance(error, ScopePaused):
        scopes.pause(gemini.scope_id, str(error))


def refused_like_others(store: Store, job: BatchJob) -> bool:
    """Tell whether a rejected job shares no text with one that was rejected before it.

    Every create call answered 400: 319 jobs in 19 minutes were halved down to single texts, all
    FAILED. A refusal that is about a text does not hit jobs without it.
    """
    if store.ledger.scopes.is_refused(job.scope_id, job.model):
        return True
    keys = set(manifest_keys(store.lake, job.job_id) or [])
    return any(
        keys.isdisjoint(_texts_of(store, other))
        for other in store.ledger.jobs.rejected_since_accepted(job.scope_id, job.model)
    )


def _texts_of(store: Store, job: BatchJob) -> list[str]:
    path = layout.results(job.product_id, job.job_id)
    found: list[str] = store.lake.read(path, ["text_hash"])["text_hash"].to_pylist()
    return found


def window_now(store: Store, endpoint: Endpoint, model: str, limits: JobLimits) -> Window:
    """Return the window in estimated tokens: Google's limit divided by our recent error."""
    ledger, scope_id = store.ledger, endpoint.scope_id
    if not limits.has_window:
        used, jobs = ledger.job_totals.enqueued(scope_id, model)
        return Window(
            limit_tokens=NO_WINDOW,
            used_tokens=used,
            free_jobs=MAX_ACTIVE_JOBS - jobs,
            job_bytes=limits.bytes,
        )
    ratio = ledger.job_totals.token_ratio(model) or UNCALIBRATED_RATIO
    whole = store.settings.window_of(model, endpoint.backend)
    configured = int(whole / (ratio * RATIO_MARGIN))
    used, jobs = ledger.job_totals.enqueued(scope_id, model)
    return Window(
        limit_tokens=ledger.scopes.window(scope_id, model, configured),
        used_tokens=used,
        free_jobs=MAX_ACTIVE_JOBS - jobs,
        job_bytes=limits.bytes,
    )
