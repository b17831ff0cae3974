"""Discover, split, and send what fits the window; nothing is waited for or collected."""

from collections.abc import Callable
from dataclasses import dataclass

from semantic_assets.errors import TransientError
from semantic_assets.gemini.client import Gemini
from semantic_assets.model.batch_job import BatchJob
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.pipeline.batch_jobs.submit import Submission, submit_pending
from semantic_assets.pipeline.chunks.rebuilt import with_rebuilt
from semantic_assets.pipeline.costs.budgets import run_budget
from semantic_assets.pipeline.costs.estimate import Estimate, require_run_budget
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.flows.kept_apart import told
from semantic_assets.pipeline.flows.prepare import prepare_shards
from semantic_assets.pipeline.pending.services import services
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class FlushReport(HtmlTable):
    """The jobs that were sent, and the texts left."""

    job_ids: tuple[str, ...]
    #: Google's names of the same jobs.
    remote_names: tuple[str, ...]
    texts: int
    tokens_estimated: int
    #: Texts that stay: outside the window, or too few for `min_batch_size`.
    waiting_texts: int
    #: Why they stay; None where nothing does.
    blocked_by: str | None
    documents_chunked: int
    #: What stopped single datasets; what could be split of the others was sent.
    trouble: tuple[str, ...] = ()


def flush(
    store: Store,
    gemini: Gemini,
    *,
    min_batch_size: int = 1,
    max_cost_usd: float | None = None,
    consent: Callable[[Estimate], None] | None = None,
) -> FlushReport:
    """Send everything new that fits the window.

    Args:
        min_batch_size: a space or task with fewer pending texts sends nothing.
        max_cost_usd, consent: as for `refresh`.

    Raises:
        SpendRefused: the quote is over the cap, or was not consented to. Nothing was sent.
    """
    cut = prepare_shards(store, discover(store))
    with_rebuilt(store, lambda: require_run_budget(store, (), max_cost_usd, consent))
    with run_budget(store, max_cost_usd):
        sent = [_send_all(store, one, min_batch_size) for one in services(store, gemini)]
    jobs = [job for found, _, _ in sent for job in found]
    return FlushReport(
        job_ids=tuple(job.job_id for job in jobs),
        remote_names=tuple(job.remote_name for job in jobs if job.remote_name),
        texts=sum(job.requests for job in jobs),
        tokens_estimated=sum(job.tokens_estimated for job in jobs),
        waiting_texts=sum(waiting for _, waiting, _ in sent),
        blocked_by=next((why for _, _, why in sent if why), None),
        documents_chunked=sum(report.documents_chunked for report in cut.chunks),
        trouble=tuple(f"{name}: {error}" for name, error in told(cut.troubles).items()),
    )


def _send_all(
    store: Store, gemini: Gemini, min_batch_size: int
) -> tuple[list[BatchJob], int, str | None]:
    """Return (jobs, texts that wait, why they do)."""
    jobs: list[BatchJob] = []
    while True:
        try:
            sent = with_rebuilt(
                store, lambda: submit_pending(store, gemini, min_texts=min_batch_size)
            )
        except TransientError as error:
            return jobs, 0, str(error)
        jobs += sent.submitted
        if not sent.submitted or not sent.waiting_texts:
            return jobs, sent.waiting_texts, _why(sent)


def _why(sent: Submission) -> str | None:
    reasons = [reason for _, reason in sent.refused]
    if sent.blocked_by is not None:
        reasons.append(sent.blocked_by.reason)
    return reasons[0] if reasons else None
