"""Advance all jobs: submit, collect, assemble settled shards, split documents that waited; repeat.

Two calls at once are harmless. `advance` never waits for Google: it returns when nothing moves.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from semantic_assets.errors import TransientError
from semantic_assets.gemini.client import Gemini
from semantic_assets.model.batch_job import ACTIVE_REMOTE, JobState
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.product import Product
from semantic_assets.model.task import GenerationTask
from semantic_assets.pipeline.answers.downloads import sweep
from semantic_assets.pipeline.batch_jobs.blocked import WINDOW_FULL, Blocked
from semantic_assets.pipeline.batch_jobs.collect import Collection, collect_some
from semantic_assets.pipeline.batch_jobs.deadlines import enforce_deadlines
from semantic_assets.pipeline.batch_jobs.poll import confirm, poll
from semantic_assets.pipeline.batch_jobs.results import adopt_landed
from semantic_assets.pipeline.batch_jobs.submit import Submission, submit_pending
from semantic_assets.pipeline.chunks.rebuilt import with_rebuilt
from semantic_assets.pipeline.costs.budgets import run_budget
from semantic_assets.pipeline.embeddings.assemble import EmbeddingsReport, assemble
from semantic_assets.pipeline.flows.apply_outputs import feed, feed_after, feed_landed
from semantic_assets.pipeline.flows.kept_apart import Troubles, kept_apart, told
from semantic_assets.pipeline.generation.outputs import OutputsReport
from semantic_assets.pipeline.pending.pending import ShardDemand
from semantic_assets.pipeline.pending.remembered_demands import RememberedDemands, remembering
from semantic_assets.pipeline.pending.services import services
from semantic_assets.pipeline.reports.how_far import Tally
from semantic_assets.store import Store

_OPEN = ACTIVE_REMOTE | {
    JobState.UPLOADING,
    JobState.CREATING,
    JobState.UNCONFIRMED,
    JobState.ENDED,
}


@dataclass(slots=True)
class AdvanceReport:
    """The work one call did, and the work left."""

    submitted_jobs: int = 0
    submitted_texts: int = 0
    submitted_tokens: int = 0
    collected: list[Collection] = field(default_factory=list)
    assembled: list[EmbeddingsReport] = field(default_factory=list)
    #: Shards whose documents were split again with answers that came in.
    fed: list[OutputsReport] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    waiting_texts: int = 0
    blocked_by: Blocked | None = None
    #: Errors of parts that failed this time; the next call tries them again.
    trouble: list[str] = field(default_factory=list)
    open_jobs: int = 0
    #: Jobs of another key or backend, which must be set to collect them.
    foreign_jobs: int = 0

    @property
    def is_done(self) -> bool:
        """Whether no job is open, and no text waits to be sent."""
        return self.open_jobs == 0 and self.waiting_texts == 0 and self.blocked_by is None

    @property
    def moved(self) -> bool:
        return bool(self.submitted_jobs or self.collected or self.assembled or self.fed)

    @property
    def failed(self) -> int:
        """Return the chunks and answers that FAILED for good in the shards written here."""
        chunks = {(one.shard, one.space_id): one.failed for one in self.assembled}
        answers = {(one.shard, one.task): one.failed for one in self.fed}
        failing = failing_shards(self.collected)
        found = (*chunks.items(), *answers.items())
        return sum(failed for (shard, _), failed in found if str(shard) in failing)

    def note(self, troubles: Troubles) -> None:
        """Add what stopped single datasets."""
        self.trouble += [f"{name}: {error}" for name, error in told(troubles).items()]

    def join(self, other: "AdvanceReport") -> None:
        """Add the work that one step did through another service, and what is left there."""
        waiting, blocked = self.waiting_texts, self.blocked_by
        self.absorb(other)
        self.waiting_texts += waiting
        if blocked is not None and not (self.blocked_by and self.blocked_by.needs_person):
            self.blocked_by = blocked

    def absorb(self, other: "AdvanceReport") -> None:
        """Add the work another call did; take over its counts of the work left."""
        self.submitted_jobs += other.submitted_jobs
        self.submitted_texts += other.submitted_texts
        self.submitted_tokens += other.submitted_tokens
        self.collected += other.collected
        self.assembled += other.assembled
        self.fed += other.fed
        self.refused += other.refused
        self.trouble += [line for line in other.trouble if line not in self.trouble]
        self.waiting_texts, self.blocked_by = other.waiting_texts, other.blocked_by
        self.open_jobs, self.foreign_jobs = other.open_jobs, other.foreign_jobs


def failing_shards(collected: Iterable[Collection]) -> set[str]:
    """Return the shards of jobs that left texts unanswered: what FAILED in others did so before."""
    return {
        shard
        for one in collected
        if one.outcomes is not None and one.outcomes.failed
        for shard in one.job.shards
    }


def advance(
    store: Store,
    gemini: Gemini,
    *,
    favour: ShardKey | None = None,
    submits: bool = True,
    only: Product | None = None,
    demands: RememberedDemands | None = None,
    told: Callable[[AdvanceReport], None] = lambda _: None,
) -> AdvanceReport:
    """Advance every job as far as possible without waiting for Google.

    Args:
        submits: False: only collect ended jobs; nothing is planned or sent.
        only: send the texts of this space or task only.
        demands: remembered by a caller that advances again and again.
        told: called after each step, with what it did.

    Trouble with one part (no network, a canary that cannot be run) is reported and does not stop
    the others.

    Raises:
        ConfigError: nothing may be written to the lake.
    """
    store.lake.require_writing()
    adopt_landed(store)
    sweep(store)
    report = AdvanceReport()
    clients = services(store, gemini)
    for client in clients:
        with _tolerating(report):
            confirm(store, client)
        with _tolerating(report):
            enforce_deadlines(store, client)
    with run_budget(store), remembering(store, demands) as held:
        send = partial(submit_pending, store, favour=favour, only=only, demands=held)
        while True:
            step = _step(store, clients, send if submits else None)
            if not step.moved:
                apart = Troubles()
                step.fed += feed_landed(store, apart)
                step.note(apart)
            report.absorb(step)
            told(step)
            if not step.moved:
                return report


def _step(
    store: Store, clients: Sequence[Gemini], send: Callable[[Gemini], Submission] | None
) -> AdvanceReport:
    """Take one step through each service."""
    report = AdvanceReport()
    for client in clients:
        report.join(_step_at(store, client, send and partial(send, client)))
    scopes = [job.scope_id for job in store.ledger.jobs.list(states=_OPEN)]
    report.open_jobs = sum(scopes.count(client.scope_id) for client in clients)
    report.foreign_jobs = len(scopes) - report.open_jobs
    return report


def _step_at(store: Store, gemini: Gemini, send: Callable[[], Submission] | None) -> AdvanceReport:
    report = AdvanceReport()
    with _tolerating(report):
        poll(store, gemini)
    with _tolerating(report):
        report.collected = collect_some(store, gemini)
        apart = Troubles()
        for collected in report.collected:
            report.fed += feed_after(store, collected, apart)
        report.note(apart)
    with _tolerating(report):
        if send is not None:
            _submit(store, send, report)
    return report


def _submit(store: Store, send: Callable[[], Submission], report: AdvanceReport) -> None:
    sent = with_rebuilt(store, send)
    report.submitted_jobs = len(sent.submitted)
    report.submitted_texts = sum(job.requests for job in sent.submitted)
    report.submitted_tokens = sum(job.tokens_estimated for job in sent.submitted)
    report.refused = [reason for _, reason in sent.refused]
    report.waiting_texts, report.blocked_by = sent.waiting_texts, sent.blocked_by
    apart = Troubles()
    for found in sent.settled:
        with kept_apart(store, found.shard.dataset, apart):
            if isinstance(found.product, GenerationTask):
                report.fed.append(_fed(store, found, found.product))
            else:
                report.assembled.append(
                    assemble(store, found.shard, space=found.product, demand=found)
                )

    report.note(apart)


def _fed(store: Store, found: ShardDemand, task: GenerationTask) -> OutputsReport:
    demands: list[ShardDemand | None] = [found]
    return with_rebuilt(
        store, lambda: feed(store, found.shard, task, demands.pop() if demands else None)
    )


@contextmanager
def _tolerating(report: AdvanceReport) -> Iterator[None]:
    try:
        yield
    except TransientError as error:
        report.trouble.append(str(error))
        report.blocked_by = Blocked(str(error))


_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.5, 30.0


def advance_until_done(
    store: Store,
    gemini: Gemini,
    *,
    wait_minutes: float,
    sleep: Callable[[float], None] = time.sleep,
    only: Product | None = None,
    tally: Tally | None = None,
) -> AdvanceReport:
    """Advance until nothing is left, only a person can help, or time is up; return the total.

    It waits longer each time nothing moved, and tells at each step how far all of it is.

    Args:
        only: send the texts of this space or task only.
        tally: of the work this is part of; None: it begins here.
    """
    deadline = time.monotonic() + wait_minutes * 60
    report, wait = AdvanceReport(), _FIRST_WAIT_SECONDS
    tally = tally or with_rebuilt(store, lambda: Tally(store, only=only))
    told = partial(tell_how_far, store, tally)
    told()
    with remembering(store) as demands:
        while True:
            step = advance(store, gemini, only=only, demands=demands, told=told)
            report.absorb(step)
            if step.is_done or time.monotonic() >= deadline or _is_stuck(step):
                return report
            wait = _FIRST_WAIT_SECONDS if step.moved else min(wait * 1.5, _LONGEST_WAIT_SECONDS)
            sleep(min(wait, max(0.0, deadline - time.monotonic())))


def tell_how_far(store: Store, tally: Tally, step: AdvanceReport | None = None) -> None:
    """Report how far the work is after a step, unless there was none to do."""
    why = None if step is None else _why(step)
    is_changed = step is not None and bool(step.fed)
    found = with_rebuilt(store, lambda: tally.look(why, is_changed=is_changed))
    if found.wanted:
        store.report_progress(found.line)


def _why(step: AdvanceReport) -> str | None:
    """Return why texts wait: a full window is ordinary, and no more than a few words."""
    if step.blocked_by is not None:
        full = step.blocked_by == WINDOW_FULL
        return "room in the window" if full else step.blocked_by.reason
    return step.refused[0] if step.refused else None


def _is_stuck(step: AdvanceReport) -> bool:
    """Say whether no job is open and the waiting texts need a person."""
    return step.open_jobs == 0 and step.blocked_by is not None and step.blocked_by.needs_person
