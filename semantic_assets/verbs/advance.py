"""advance: submit what fits, collect what ended, assemble what is settled; repeat.

Two at once are harmless. It never waits for Google: when nothing moves it returns.
"""

from dataclasses import dataclass, field

from semantic_assets.gemini.client import Gemini
from semantic_assets.model.jobs import ACTIVE_REMOTE, JobState
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.store import Store
from semantic_assets.verbs.assemble import EmbeddingsReport, assemble
from semantic_assets.verbs.collect import Collection, adopt_landed, collect_next
from semantic_assets.verbs.pending import ShardDemand
from semantic_assets.verbs.plan import HoldUp
from semantic_assets.verbs.poll import confirm, poll
from semantic_assets.verbs.submit import submit_pending

_OPEN = ACTIVE_REMOTE | {
    JobState.UPLOADING,
    JobState.CREATING,
    JobState.UNCONFIRMED,
    JobState.ENDED,
}


@dataclass(slots=True)
class AdvanceReport:
    """What one call did, and what is left."""

    submitted_jobs: int = 0
    submitted_texts: int = 0
    submitted_tokens: int = 0
    collected: list[Collection] = field(default_factory=list)
    assembled: list[EmbeddingsReport] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    waiting_texts: int = 0
    held_back: HoldUp | None = None
    open_jobs: int = 0

    @property
    def is_done(self) -> bool:
        """Nothing is out, and nothing waits to be sent."""
        return self.open_jobs == 0 and self.waiting_texts == 0 and self.held_back is None

    @property
    def moved(self) -> bool:
        return bool(self.submitted_jobs or self.collected or self.assembled)

    @property
    def settled_datasets(self) -> list[DatasetKey]:
        return sorted({report.shard.dataset for report in self.assembled})

    def absorb(self, other: "AdvanceReport") -> None:
        """Add up what was done; what is left is what the later one says."""
        self.submitted_jobs += other.submitted_jobs
        self.submitted_texts += other.submitted_texts
        self.submitted_tokens += other.submitted_tokens
        self.collected += other.collected
        self.assembled += other.assembled
        self.refused += other.refused
        self.waiting_texts, self.held_back = other.waiting_texts, other.held_back
        self.open_jobs = other.open_jobs


def advance(store: Store, gemini: Gemini, *, favour: ShardKey | None = None) -> AdvanceReport:
    """Do all that can be done now without waiting for Google."""
    adopt_landed(store)
    confirm(store, gemini)
    report = AdvanceReport()
    while True:
        step = _step(store, gemini, favour)
        report.absorb(step)
        if not step.moved:
            return report


def _step(store: Store, gemini: Gemini, favour: ShardKey | None) -> AdvanceReport:
    poll(store, gemini)
    report = AdvanceReport()
    collected = collect_next(store, gemini)
    if collected is not None:
        report.collected.append(collected)
    sent = submit_pending(store, gemini, favour=favour)
    report.submitted_jobs = len(sent.submitted)
    report.submitted_texts = sum(job.requests for job in sent.submitted)
    report.submitted_tokens = sum(job.tokens_estimated for job in sent.submitted)
    report.refused = [reason for _, reason in sent.refused]
    report.waiting_texts, report.held_back = sent.waiting_texts, sent.held_back
    report.assembled = _assemble(store, sent.settled)
    report.open_jobs = len(store.ledger.jobs.list(states=_OPEN, scope_id=gemini.scope_id))
    return report


def _assemble(store: Store, settled: tuple[ShardDemand, ...]) -> list[EmbeddingsReport]:
    return [assemble(store, found.shard) for found in settled]
