"""What a job costs, its canary included, and whether it may be paid for today."""

from semantic_assets.batching.canary_size import canary_rows
from semantic_assets.batching.packing import (
    MAX_REQUESTS,
    RATIO_MARGIN,
    UNCALIBRATED_RATIO,
    Window,
)
from semantic_assets.errors import SpendRefused
from semantic_assets.ledger.spending import POSSIBLY_BILLED
from semantic_assets.model.batch_job import BatchJob
from semantic_assets.model.catalog import batch_usd, realtime_usd
from semantic_assets.store import Store

_DAY_SECONDS = 86_400
_SETTING = "SEMANTIC_ASSETS_MAX_COST_USD_PER_DAY"


def job_usd(model: str, requests: int, tokens: int, output_tokens: int | None = None) -> float:
    """The batch at half price, and the rows that are embedded again at full price.

    Args:
        output_tokens: expected of a generation job, of which nothing is asked again; None: vectors.
    """
    if output_tokens is not None:
        return batch_usd(model, tokens, output_tokens)
    canary_tokens = tokens * canary_rows(requests) // max(1, requests)
    return batch_usd(model, tokens) + realtime_usd(model, canary_tokens)


def jobs_usd(store: Store, model: str, requests: int, tokens: int) -> float:
    """As many jobs as the window makes of them: each has rows embedded again.

    On tier 1 that is 9 % of a large corpus, because its jobs are small; taken for one job it
    would be quoted at 0.3 %.
    """
    limit = int(store.settings.window_of(model) / (UNCALIBRATED_RATIO * RATIO_MARGIN))
    job_tokens = Window(limit_tokens=limit, used_tokens=0, free_jobs=1).job_tokens
    jobs = max(1, -(-tokens // job_tokens), -(-requests // MAX_REQUESTS))
    rows = min(requests, jobs * canary_rows(-(-requests // jobs)))
    return batch_usd(model, tokens) + realtime_usd(model, tokens * rows // max(1, requests))


def require_budget(store: Store, usd: float) -> None:
    """Raises:
    SpendRefused: on the real backend without a standing consent, or over the day's cap.
    """
    cap = store.settings.max_cost_usd_per_day
    if cap is None and store.settings.backend == "emulator":
        return
    if cap is None:
        raise SpendRefused(f"the next job costs about ${usd:.4f}: set {_SETTING} to allow it")
    today = store.ledger.spending.totals(since=since_midnight(store))
    spent = today.spent_usd + today.committed_usd
    if spent + usd > cap:
        raise SpendRefused(
            f"${spent:.4f} of ${cap:.2f} for today is spent or committed, the next job costs about "
            f"${usd:.4f}: wait until midnight UTC or raise {_SETTING}"
        )


def since_midnight(store: Store) -> float:
    """When the day began, in UTC."""
    now = store.ledger.now()
    return now - now % _DAY_SECONDS


def book_possibly_billed(store: Store, job: BatchJob) -> None:
    """The job may have been paid for, and gave nothing."""
    usd = batch_usd(job.model, job.tokens_estimated, job.output_tokens_estimated or 0)
    store.ledger.spending.book(
        job.job_id, POSSIBLY_BILLED, model=job.model, tokens=job.tokens_estimated, usd=usd
    )
