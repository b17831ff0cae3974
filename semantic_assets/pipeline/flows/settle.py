"""Wait until shards are settled: each is assembled as soon as its texts have their outcomes.

Whoever waits does what it waits for: it sends, collects and assembles, one process at a time. So it
waits for Google alone, and never for another process to be given its turn.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from semantic_assets.errors import SemanticAssetsError
from semantic_assets.gemini.client import Gemini
from semantic_assets.ledger import lease_names
from semantic_assets.model.batch_job import JobState
from semantic_assets.model.keys import ShardKey
from semantic_assets.pipeline.embeddings.assemble import EmbeddingsReport, assemble
from semantic_assets.pipeline.flows.advance import AdvanceReport, advance
from semantic_assets.pipeline.pending.products import settled_shards
from semantic_assets.store import Store

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 30.0
#: Passes in a row that leave nothing to wait for: another process may have been between two steps.
_IDLE_PASSES = 3


def advance_alone(store: Store, gemini: Gemini) -> AdvanceReport | None:
    """Advance all jobs as `advance` does, unless another process does so now."""
    with store.ledger.leases.trying(lease_names.ADVANCE) as lease:
        return None if lease is None else advance(store, gemini)


@dataclass(slots=True)
class Settling:
    """Shards on their way to settled, and how long they are waited for."""

    store: Store
    gemini: Gemini
    shards: Sequence[ShardKey]
    wait_seconds: float
    #: Asked before each pause: whether somebody else goes on with what is left.
    is_left: Callable[[], bool] = lambda: False
    sleep: Callable[[float], None] = time.sleep
    #: Those that are not settled, each with its counts of before.
    pending: dict[ShardKey, EmbeddingsReport] = field(default_factory=dict)
    #: Those that could not be assembled; the others are.
    failed: dict[ShardKey, SemanticAssetsError] = field(default_factory=dict)
    #: Why waiting ended before all were settled.
    reason: str = ""
    waited_seconds: float = 0.0

    @property
    def was_left(self) -> bool:
        """Whether it ended because somebody else goes on."""
        return bool(self.pending) and not self.reason

    def reports(self) -> Iterator[EmbeddingsReport]:
        """Yield the report of each shard when it is settled."""
        began = time.monotonic()
        for shard in self.shards:
            yield from self._assembled(shard)
        pause, idle = _FIRST_PAUSE_SECONDS, 0
        while self.pending:
            step = advance_alone(self.store, self.gemini)
            settled = {*settled_shards(self.store)} & self.pending.keys()
            for shard in sorted(settled):
                yield from self._assembled(shard)
            self.waited_seconds = time.monotonic() - began
            idle = idle + 1 if step is not None and step.is_done and not step.moved else 0
            if not self.pending or self._is_over(step, idle):
                return
            moved = bool(settled) or (step is not None and step.moved)
            pause = _FIRST_PAUSE_SECONDS if moved else min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
            self.sleep(min(pause, max(0.0, self.wait_seconds - self.waited_seconds)))

    def _assembled(self, shard: ShardKey) -> Iterator[EmbeddingsReport]:
        self.pending.pop(shard, None)
        try:
            report = assemble(self.store, shard)
        except SemanticAssetsError as error:
            self.failed[shard] = error
            return
        if report.is_settled:
            yield report
        else:
            self.pending[shard] = report

    def _is_over(self, step: AdvanceReport | None, idle: int) -> bool:
        blocked = step.blocked_by if step is not None else None
        if step is not None and not step.open_jobs and blocked and blocked.needs_person:
            self.reason = blocked.reason
        elif idle >= _IDLE_PASSES:
            self.reason = self._what_is_left(step)
        elif self.waited_seconds >= self.wait_seconds:
            self.reason = blocked.reason if blocked else "the batch jobs have not ended"
        else:
            return self.is_left()
        return True

    def _what_is_left(self, step: AdvanceReport | None) -> str:
        if step is not None and step.foreign_jobs:
            return f"{step.foreign_jobs} batch jobs were sent with another key or backend"
        states = [JobState.QUARANTINED, JobState.DAMAGED]
        for job in self.store.ledger.jobs.list(states=states)[:1]:
            return f"job {job.job_id} is {job.state}: {job.error_message}"
        return "another process works on them"
