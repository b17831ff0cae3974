"""drain: advance until nothing is open, or time is up. Stopped, it resumes."""

import time
from collections.abc import Callable

from semantic_assets.gemini.client import Gemini
from semantic_assets.model.batch_job import WITHHOLDING
from semantic_assets.model.count import Count
from semantic_assets.model.product import Product
from semantic_assets.pipeline.flows.advance import AdvanceReport, advance
from semantic_assets.store import Store

_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.5, 30.0


def drain(
    store: Store,
    gemini: Gemini,
    *,
    wait_minutes: float,
    sleep: Callable[[float], None] = time.sleep,
    only: Product | None = None,
) -> AdvanceReport:
    """All that was done, added up, and what is left; waits longer each time nothing moved.

    Args:
        only: send nothing but what one space or task wants.
    """
    deadline = time.monotonic() + wait_minutes * 60
    report, wait = AdvanceReport(), _FIRST_WAIT_SECONDS
    while True:
        step = advance(store, gemini, only=only)
        report.absorb(step)
        if step.collected or step.submitted_jobs:
            store.tell(_answered(store, report))
        if step.is_done or time.monotonic() >= deadline or _is_stuck(step):
            return report
        wait = _FIRST_WAIT_SECONDS if step.moved else min(wait * 1.5, _LONGEST_WAIT_SECONDS)
        sleep(min(wait, max(0.0, deadline - time.monotonic())))


def _answered(store: Store, report: AdvanceReport) -> Count:
    """Of the texts that are out, wait, or came in since this began."""
    done = sum(one.job.requests for one in report.collected)
    out = sum(job.requests for job in store.ledger.jobs.list(states=WITHHOLDING))
    return Count("texts answered", done, done + out + report.waiting_texts)


def _is_stuck(step: AdvanceReport) -> bool:
    """Nothing runs, and what waits waits for a person."""
    return step.open_jobs == 0 and step.held_back is not None and step.held_back.needs_person
